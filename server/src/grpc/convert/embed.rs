//! Embed tokens and what they say.

use amber_proto::v1;
use secrecy::ExposeSecret;

use super::dashboard_catalog::theme;
use super::number::small;
use super::time::{asked_duration, duration, timestamp};
use crate::domain::{EmbedClaims, Locks, Origin};
use crate::embed;
use crate::grpc::of_embed;
use crate::usecase::{AskedLocks, Error, IssueToken, IssuedToken};

pub(in crate::grpc) fn asked_token(asked: v1::IssueEmbedTokenRequest) -> Result<IssueToken, Error> {
    let v1::IssueEmbedTokenRequest {
        dashboard_id,
        allowed_origins,
        user_id,
        ttl,
        leader_ids,
        locked,
        max_session,
        request_id,
    } = asked;
    let read = |span| {
        asked_duration(span).ok_or_else(|| Error::field("ttl", "ttl must be a valid duration of 1 to 300 seconds"))
    };
    let rule = "max_session must be a valid duration of 60 to 600 seconds";
    let session = |span| asked_duration(span).ok_or_else(|| Error::field("max_session", rule));
    Ok(IssueToken {
        dashboard_id,
        origins: allowed_origins,
        user_id: Some(user_id),
        ttl: ttl.map(read).transpose()?,
        leader_ids,
        locked: locked.map(asked_locks).transpose()?.unwrap_or_default(),
        max_session: max_session.map(session).transpose()?,
        request_id,
    })
}

fn asked_locks(asked: v1::EmbedLocks) -> Result<AskedLocks, Error> {
    let theme = match v1::DashboardTheme::try_from(asked.theme) {
        Ok(v1::DashboardTheme::Unspecified) => "",
        Ok(v1::DashboardTheme::Auto) => "auto",
        Ok(v1::DashboardTheme::Light) => "light",
        Ok(v1::DashboardTheme::Dark) => "dark",
        Err(_) => return Err(Error::field("locked.theme", "locked.theme must be one of the contract")),
    };
    Ok(AskedLocks { locale: asked.locale, theme: theme.to_owned(), days: asked.days.into() })
}

pub(in crate::grpc) fn issued_token(token: IssuedToken) -> v1::IssueEmbedTokenResponse {
    let IssuedToken { issued: embed::Issued { token, claims, life }, embed_url } = token;
    v1::IssueEmbedTokenResponse {
        token: token.expose_secret().to_owned(),
        token_id: claims.token_id.0,
        expire_time: Some(timestamp(claims.expires_at)),
        expires_in: Some(duration(life)),
        embed_url,
        allowed_origins: origins(&claims.origins),
        key_id: claims.key_id,
    }
}

pub(in crate::grpc) fn opened_session(opened: embed::Opened) -> v1::RedeemEmbedTokenResponse {
    v1::RedeemEmbedTokenResponse {
        session: opened.text.expose_secret().to_owned(),
        expire_time: Some(timestamp(opened.session.expires_at)),
        expires_in: Some(duration(opened.life)),
        claims: Some(claims(opened.session.claims)),
    }
}

pub(in crate::grpc) fn renewed_session(opened: &embed::Opened) -> v1::RenewEmbedSessionResponse {
    v1::RenewEmbedSessionResponse {
        session: opened.text.expose_secret().to_owned(),
        expire_time: Some(timestamp(opened.session.expires_at)),
        expires_in: Some(duration(opened.life)),
    }
}

/// A token that cannot be used is an answer as well.
pub(in crate::grpc) fn checked_token(outcome: Result<EmbedClaims, embed::Error>) -> v1::ValidateEmbedTokenResponse {
    match outcome {
        Ok(found) => v1::ValidateEmbedTokenResponse {
            valid: true,
            reason: v1::ErrorReason::Unspecified.into(),
            claims: Some(claims(found)),
        },
        Err(error) => v1::ValidateEmbedTokenResponse { valid: false, reason: of_embed(&error).into(), claims: None },
    }
}

fn claims(claims: EmbedClaims) -> v1::EmbedTokenClaims {
    v1::EmbedTokenClaims {
        token_id: claims.token_id.0,
        subject: claims.subject,
        client_id: claims.client_id.0,
        dashboard_id: claims.dashboard_id.to_string(),
        allowed_origins: origins(&claims.origins),
        leader_ids: claims.leaders.iter().map(ToString::to_string).collect(),
        issue_time: Some(timestamp(claims.issued_at)),
        expire_time: Some(timestamp(claims.expires_at)),
        key_id: claims.key_id,
        locked: locks(claims.locks),
    }
}

fn locks(locks: Locks) -> Option<v1::EmbedLocks> {
    let theme = locks.theme.map_or(v1::DashboardTheme::Unspecified, theme);
    let locale = locks.locale.map(|locale| locale.as_str().to_owned()).unwrap_or_default();
    let days = locks.days.map(small).unwrap_or_default();
    (locks != Locks::default()).then(|| v1::EmbedLocks { locale, theme: theme.into(), days })
}

fn origins(origins: &[Origin]) -> Vec<String> {
    origins.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use secrecy::SecretString;

    use super::*;
    use crate::domain::{ClientId, DashboardId, TokenId};

    fn some_claims() -> EmbedClaims {
        EmbedClaims {
            token_id: TokenId("jti".into()),
            issuer: "amber".into(),
            subject: "viewer".into(),
            client_id: ClientId("key:web".into()),
            key_id: "k1".into(),
            locks: Locks::default(),
            max_session: Duration::from_mins(10),
            dashboard_id: DashboardId::parse("sales").unwrap(),
            origins: vec![Origin::parse("https://partner.example").unwrap()],
            leaders: Vec::new(),
            issued_at: Timestamp::from_second(1_000).unwrap(),
            expires_at: Timestamp::from_second(1_060).unwrap(),
        }
    }

    #[test]
    fn a_negative_life_is_refused_and_none_is_the_default() {
        let of = |ttl| asked_token(v1::IssueEmbedTokenRequest { ttl, ..Default::default() });
        assert_eq!(of(None).unwrap().ttl, None);
        let minute = prost_types::Duration { seconds: 60, nanos: 0 };
        assert_eq!(of(Some(minute)).unwrap().ttl, Some(Duration::from_mins(1)));
        let negative = prost_types::Duration { seconds: -60, nanos: 0 };
        assert!(matches!(of(Some(negative)), Err(Error::Invalid(bad)) if bad[0].field == "ttl"));
    }

    #[test]
    fn an_unusable_token_is_an_answer_with_its_reason() {
        let answer = checked_token(Err(embed::Error::TokenReplayed));
        assert_eq!((answer.valid, answer.reason()), (false, v1::ErrorReason::TokenReplayed));
        assert!(answer.claims.is_none());
        let answer = checked_token(Ok(some_claims()));
        assert_eq!((answer.valid, answer.reason()), (true, v1::ErrorReason::Unspecified));
        assert_eq!(answer.claims.unwrap().allowed_origins, ["https://partner.example"]);
    }

    #[test]
    fn an_issued_token_tells_how_long_it_lives() {
        let issued =
            embed::Issued { token: SecretString::from("jws"), claims: some_claims(), life: Duration::from_mins(1) };
        let answer = issued_token(IssuedToken { issued, embed_url: "https://amber.example/embed".into() });
        assert_eq!(answer.expires_in.unwrap().seconds, 60);
        assert_eq!(answer.expire_time.unwrap().seconds, 1_060);
        assert_eq!((answer.token.as_str(), answer.token_id.as_str(), answer.key_id.as_str()), ("jws", "jti", "k1"));
    }
}

//! Admin tokens and roles.

use std::time::Duration;

use amber_proto::v1;
use secrecy::ExposeSecret;

use super::api_key::scope;
use super::time::{asked_duration, duration, timestamp};
use crate::auth::IssuedAdminToken;
use crate::domain::{ClientId, Principal, Role};
use crate::usecase::Error;

/// Reads a role; none means an admin.
pub(in crate::grpc) fn asked_role(number: i32) -> Result<Role, Error> {
    match v1::Role::try_from(number) {
        Ok(v1::Role::Unspecified | v1::Role::Admin) => Ok(Role::Admin),
        Ok(v1::Role::Reviewer) => Ok(Role::Reviewer),
        Ok(v1::Role::Viewer) => Ok(Role::Viewer),
        Err(_) => Err(Error::field("role", "role must be a role of the contract")),
    }
}

/// Reads how long a token shall live; none means as long as it can.
pub(in crate::grpc) fn asked_lifetime(span: Option<prost_types::Duration>) -> Result<Option<Duration>, Error> {
    let rule = || Error::field("lifetime", "lifetime must not be negative");
    span.map(|span| asked_duration(span).ok_or_else(rule)).transpose()
}

pub(in crate::grpc) fn admin_token(issued: &IssuedAdminToken, held: Role) -> v1::IssueAdminTokenResponse {
    v1::IssueAdminTokenResponse {
        token: issued.token.expose_secret().to_owned(),
        expires_in: Some(duration(issued.expires_in)),
        role: role(held).into(),
    }
}

pub(in crate::grpc) fn who_am_i(caller: Principal) -> v1::WhoAmIResponse {
    let client_id = ClientId::of(&caller).map(|client| client.0).unwrap_or_default();
    let told = v1::WhoAmIResponse { client_id, ..v1::WhoAmIResponse::default() };
    match caller {
        Principal::Anonymous => v1::WhoAmIResponse { kind: v1::CallerKind::Anonymous.into(), ..told },
        Principal::Scraper => v1::WhoAmIResponse { kind: v1::CallerKind::Scraper.into(), ..told },
        Principal::User { id, role: held, expires_at } => v1::WhoAmIResponse {
            kind: v1::CallerKind::User.into(),
            id,
            role: role(held).into(),
            expire_time: expires_at.map(timestamp),
            ..told
        },
        Principal::Key { id, scopes } => v1::WhoAmIResponse {
            kind: v1::CallerKind::ApiKey.into(),
            id,
            scopes: scopes.into_iter().map(|held| scope(held).into()).collect(),
            ..told
        },
    }
}

fn role(role: Role) -> v1::Role {
    match role {
        Role::Viewer => v1::Role::Viewer,
        Role::Reviewer => v1::Role::Reviewer,
        Role::Admin => v1::Role::Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_the_same_on_both_sides() {
        for held in [Role::Viewer, Role::Reviewer, Role::Admin] {
            assert_eq!(asked_role(role(held).into()).unwrap(), held);
        }
    }

    #[test]
    fn no_role_means_an_admin_and_an_unknown_one_is_refused() {
        assert_eq!(asked_role(0).unwrap(), Role::Admin);
        assert!(matches!(asked_role(99), Err(Error::Invalid(bad)) if bad[0].field == "role"));
    }
}

//! `Debug` for the messages that carry a secret: everything but the secret is shown.

use std::fmt::{Debug, Formatter, Result};

use crate::v1::{
    CreateApiKeyResponse, IssueAdminTokenRequest, IssueAdminTokenResponse, IssueEmbedTokenResponse,
    RedeemEmbedTokenRequest, RedeemEmbedTokenResponse, RenewEmbedSessionRequest, RenewEmbedSessionResponse,
    ValidateEmbedTokenRequest,
};

/// Stands where a secret would; tells only whether there was one.
struct Secret<'a>(&'a str);

impl Debug for Secret<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.0.is_empty() { "<empty>" } else { "<redacted>" })
    }
}

impl Debug for IssueAdminTokenRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { admin_id, secret, role: _, lifetime } = self;
        f.debug_struct("IssueAdminTokenRequest")
            .field("admin_id", admin_id)
            .field("secret", &Secret(secret))
            .field("role", &self.role())
            .field("lifetime", lifetime)
            .finish()
    }
}

impl Debug for IssueAdminTokenResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token, expires_in, role: _ } = self;
        f.debug_struct("IssueAdminTokenResponse")
            .field("token", &Secret(token))
            .field("expires_in", expires_in)
            .field("role", &self.role())
            .finish()
    }
}

impl Debug for IssueEmbedTokenResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token, token_id, expire_time, expires_in, embed_url, allowed_origins, key_id } = self;
        f.debug_struct("IssueEmbedTokenResponse")
            .field("token", &Secret(token))
            .field("token_id", token_id)
            .field("expire_time", expire_time)
            .field("expires_in", expires_in)
            .field("embed_url", embed_url)
            .field("allowed_origins", allowed_origins)
            .field("key_id", key_id)
            .finish()
    }
}

impl Debug for ValidateEmbedTokenRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token, origin, consume } = self;
        f.debug_struct("ValidateEmbedTokenRequest")
            .field("token", &Secret(token))
            .field("origin", origin)
            .field("consume", consume)
            .finish()
    }
}

impl Debug for RedeemEmbedTokenRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token, dashboard_id, origin } = self;
        f.debug_struct("RedeemEmbedTokenRequest")
            .field("token", &Secret(token))
            .field("dashboard_id", dashboard_id)
            .field("origin", origin)
            .finish()
    }
}

impl Debug for RedeemEmbedTokenResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { session, expire_time, expires_in, claims } = self;
        f.debug_struct("RedeemEmbedTokenResponse")
            .field("session", &Secret(session))
            .field("expire_time", expire_time)
            .field("expires_in", expires_in)
            .field("claims", claims)
            .finish()
    }
}

impl Debug for RenewEmbedSessionRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { session, token } = self;
        f.debug_struct("RenewEmbedSessionRequest")
            .field("session", &Secret(session))
            .field("token", &Secret(token))
            .finish()
    }
}

impl Debug for RenewEmbedSessionResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { session, expire_time, expires_in } = self;
        f.debug_struct("RenewEmbedSessionResponse")
            .field("session", &Secret(session))
            .field("expire_time", expire_time)
            .field("expires_in", expires_in)
            .finish()
    }
}

impl Debug for CreateApiKeyResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { api_key, key } = self;
        f.debug_struct("CreateApiKeyResponse").field("api_key", api_key).field("key", &Secret(key)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t-value";

    #[test]
    fn no_debug_form_of_a_message_shows_its_secret() {
        let forms = [
            format!("{:?}", IssueAdminTokenRequest { secret: SECRET.into(), ..Default::default() }),
            format!("{:?}", IssueAdminTokenResponse { token: SECRET.into(), ..Default::default() }),
            format!("{:?}", IssueEmbedTokenResponse { token: SECRET.into(), ..Default::default() }),
            format!("{:?}", ValidateEmbedTokenRequest { token: SECRET.into(), ..Default::default() }),
            format!("{:?}", RedeemEmbedTokenRequest { token: SECRET.into(), ..Default::default() }),
            format!("{:?}", RedeemEmbedTokenResponse { session: SECRET.into(), ..Default::default() }),
            format!("{:?}", RenewEmbedSessionRequest { session: SECRET.into(), token: SECRET.into() }),
            format!("{:?}", RenewEmbedSessionResponse { session: SECRET.into(), ..Default::default() }),
            format!("{:?}", CreateApiKeyResponse { key: SECRET.into(), ..Default::default() }),
        ];
        for form in forms {
            assert!(form.contains("<redacted>"), "{form}");
            assert!(!form.contains(SECRET), "{form}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_visible() {
        let answer = IssueEmbedTokenResponse { token_id: "jti-1".into(), ..Default::default() };
        let form = format!("{answer:?}");
        assert!(form.contains("jti-1"), "{form}");
        assert!(form.contains("token: <empty>"), "{form}");
    }
}

//! API keys in the contract's words.

use amber_proto::v1;
use secrecy::ExposeSecret;

use super::time::timestamp;
use crate::auth::IssuedKey;
use crate::domain::{ApiClient, Scope};
use crate::usecase::{ApiKeyPage, AskedKey, Error};

pub(in crate::grpc) fn asked_key(asked: v1::CreateApiKeyRequest) -> Result<AskedKey, Error> {
    let v1::CreateApiKeyRequest { name, scopes, origins } = asked;
    let read = |number: &i32| match v1::ApiKeyScope::try_from(*number) {
        Ok(v1::ApiKeyScope::EmbedIssue) => Ok(Scope::EmbedIssue),
        Ok(v1::ApiKeyScope::EmbedRevoke) => Ok(Scope::EmbedRevoke),
        Ok(v1::ApiKeyScope::DashboardRead) => Ok(Scope::DashboardRead),
        Ok(v1::ApiKeyScope::Unspecified) | Err(_) => {
            Err(Error::field("scopes", "scopes must be scopes of the contract, none of them unspecified"))
        }
    };
    let scopes = scopes.iter().map(read).collect::<Result<_, _>>()?;
    Ok(AskedKey { name, scopes, origins })
}

pub(in crate::grpc) fn issued_key(issued: IssuedKey) -> v1::CreateApiKeyResponse {
    let key = issued.text.expose_secret().to_owned();
    v1::CreateApiKeyResponse { api_key: Some(api_key(issued.client)), key }
}

pub(in crate::grpc) fn api_key_page(page: ApiKeyPage) -> v1::ListApiKeysResponse {
    let api_keys = page.clients.into_iter().map(api_key).collect();
    v1::ListApiKeysResponse { api_keys, next_page_token: page.next }
}

pub(in crate::grpc) fn api_key(client: ApiClient) -> v1::ApiKey {
    v1::ApiKey {
        id: client.id.0,
        name: client.name,
        scopes: client.scopes.into_iter().map(|held| scope(held).into()).collect(),
        origins: client.origins.iter().map(ToString::to_string).collect(),
        create_time: Some(timestamp(client.created_at)),
        last_use_time: client.last_used_at.map(timestamp),
        revoke_time: client.revoked_at.map(timestamp),
    }
}

pub(super) fn scope(scope: Scope) -> v1::ApiKeyScope {
    match scope {
        Scope::EmbedIssue => v1::ApiKeyScope::EmbedIssue,
        Scope::EmbedRevoke => v1::ApiKeyScope::EmbedRevoke,
        Scope::DashboardRead => v1::ApiKeyScope::DashboardRead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_keeps_its_name_and_reads_as_itself() {
        for known in Scope::ALL {
            let name = scope(known).as_str_name().to_lowercase();
            assert_eq!(name, format!("api_key_scope_{}", known.as_str().replace('.', "_")));
            let asked = v1::CreateApiKeyRequest { scopes: vec![scope(known).into()], ..Default::default() };
            assert_eq!(asked_key(asked).unwrap().scopes, [known]);
        }
    }

    #[test]
    fn a_scope_that_is_none_is_refused() {
        for number in [0, 4, -1] {
            let asked = v1::CreateApiKeyRequest { scopes: vec![1, number], ..Default::default() };
            assert!(matches!(asked_key(asked), Err(Error::Invalid(bad)) if bad[0].field == "scopes"), "{number}");
        }
    }
}

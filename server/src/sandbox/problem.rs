//! X's problem bodies: those of a whole request, and the partial ones that stand beside data.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::UserState;
use super::world::Item;

/// What the types of problems begin with; X still names them by its old host.
pub(super) const TYPES: &str = "https://api.twitter.com/2/problems/";

/// The type of a problem.
pub(super) fn kind(name: &str) -> String {
    format!("{TYPES}{name}")
}

/// A problem that says no more than its status: 401, 404 and 429.
pub(super) fn plain(status: StatusCode) -> Value {
    let title = status.canonical_reason().unwrap_or("Error");
    json!({"type": "about:blank", "title": title, "detail": title, "status": status.as_u16()})
}

/// What is wrong with one user of a lookup; nothing when they can be shown.
pub(super) fn of_user(state: Option<UserState>, parameter: &str, value: &str) -> Option<Value> {
    let (title, detail) = match state {
        Some(UserState::Active | UserState::Protected) => return None,
        Some(UserState::Suspended) => ("Forbidden", format!("User has been suspended: [{value}].")),
        Some(UserState::Deactivated) | None => {
            ("Not Found Error", format!("Could not find user with {parameter}: [{value}]."))
        }
    };
    Some(partial("resource-not-found", "user", parameter, value, title, &detail))
}

/// The timeline of a protected user.
pub(super) fn protected(user: &str) -> Value {
    let detail = format!("Sorry, you are not authorized to see the user with id: [{user}].");
    let mut body = partial("not-authorized-for-resource", "user", "id", user, "Authorization Error", &detail);
    body["section"] = json!("data");
    body
}

/// A post of a lookup or of a reference that cannot be shown; nothing when it can.
pub(super) fn of_post(found: Option<Item<'_>>, parameter: &str, value: &str, section: &str) -> Option<Value> {
    match found.map(|item| item.author.state) {
        Some(UserState::Active) => None,
        Some(UserState::Protected | UserState::Suspended) => {
            let detail = format!("Sorry, you are not authorized to see the Tweet with {parameter}: [{value}].");
            let title = "Authorization Error";
            let mut body = partial("not-authorized-for-resource", "tweet", parameter, value, title, &detail);
            body["section"] = json!(section);
            Some(body)
        }
        Some(UserState::Deactivated) | None => {
            let detail = format!("Could not find tweet with {parameter}: [{value}].");
            Some(partial("resource-not-found", "tweet", parameter, value, "Not Found Error", &detail))
        }
    }
}

fn partial(name: &str, resource: &str, parameter: &str, value: &str, title: &str, detail: &str) -> Value {
    json!({
        "value": value,
        "resource_id": value,
        "resource_type": resource,
        "parameter": parameter,
        "title": title,
        "detail": detail,
        "type": kind(name),
    })
}

//! The four endpoints.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Map, Value, json};

use super::body::{Body, insert_some};
use super::fields::{FIELD_PARAMETERS, Wanted};
use super::limits::Endpoint;
use super::query::{Invalid, Params};
use super::snowflake::number;
use super::timeline::{self, Ask, Shrink};
use super::world::{Account, is_username};
use super::{Inner, PostId, UserId, UserState, gate, problem, render};

type Answer = Result<Response, Invalid>;

/// The API, with its gate in front of each endpoint.
pub(super) fn router(inner: &Arc<Inner>) -> Router {
    let gated = |endpoint| from_fn_with_state((Arc::clone(inner), endpoint), gate::pass);
    Router::new()
        .route("/2/users", get(users).route_layer(gated(Endpoint::Users)))
        .route("/2/users/by", get(users_by).route_layer(gated(Endpoint::UsersBy)))
        .route("/2/users/{id}/tweets", get(user_timeline).route_layer(gated(Endpoint::Timeline)))
        .route("/2/tweets", get(posts).route_layer(gated(Endpoint::Posts)))
        .fallback(async || problem::plain(StatusCode::NOT_FOUND))
        .with_state(Arc::clone(inner))
}

async fn users_by(State(inner): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Answer {
    let known = ["usernames", "user.fields", "expansions", "tweet.fields"];
    let params = Params::read(query.as_deref().unwrap_or_default(), &known)?;
    let wanted = Wanted::of_users(&params)?;
    let owned = |name: &str| is_username(name).then(|| name.to_owned());
    let names = params.required("usernames", "^[A-Za-z0-9_]{1,15}$", owned)?;
    inner.with_world(|world, now_ms| {
        let asked = names.iter().map(|name| (name.clone(), world.named(name)));
        Ok(looked_up("usernames", asked, &wanted, now_ms))
    })
}

async fn users(State(inner): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Answer {
    let known = ["ids", "user.fields", "expansions", "tweet.fields"];
    let params = Params::read(query.as_deref().unwrap_or_default(), &known)?;
    let wanted = Wanted::of_users(&params)?;
    let ids = params.required("ids", "^[0-9]{1,19}$", |text| number(text).map(UserId))?;
    inner.with_world(|world, now_ms| {
        let asked = ids.iter().map(|id| (id.to_string(), world.user(*id)));
        Ok(looked_up("ids", asked, &wanted, now_ms))
    })
}

/// Who was found, and why the others were not.
fn looked_up<'a>(
    parameter: &str,
    asked: impl Iterator<Item = (String, Option<&'a Account>)>,
    wanted: &Wanted,
    now_ms: i64,
) -> Response {
    let (mut data, mut errors) = (Vec::new(), Vec::new());
    for (value, user) in asked {
        match (user, problem::of_user(user.map(|user| user.state), parameter, &value)) {
            (Some(user), None) => data.push(render::user(user, wanted, now_ms)),
            (_, error) => errors.extend(error),
        }
    }
    let mut body = Map::new();
    insert_some(&mut body, "data", data);
    insert_some(&mut body, "errors", errors);
    found(body)
}

async fn user_timeline(
    State(inner): State<Arc<Inner>>,
    Path(id): Path<String>,
    shrink: Option<Extension<Shrink>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let known: Vec<&str> = timeline::PARAMETERS.into_iter().chain(FIELD_PARAMETERS).collect();
    let params = Params::read(query.as_deref().unwrap_or_default(), &known)?;
    let Some(user) = number(&id).map(UserId) else {
        return Err(Invalid::value("id", &id, "does not match ^[0-9]{1,19}$"));
    };
    let (ask, wanted) = (Ask::read(&params, user)?, Wanted::of_posts(&params)?);
    inner.with_world(|world, now_ms| {
        let account = world.user(user);
        if let Some(error) = problem::of_user(account.map(|account| account.state), "id", &id) {
            return Ok(found(Map::from_iter([("errors".to_owned(), json!([error]))])));
        }
        let Some(account) = account.filter(|account| account.state != UserState::Protected) else {
            return Ok(found(Map::from_iter([("errors".to_owned(), json!([problem::protected(&id)]))])));
        };
        let (reach, cap) = (inner.options.reach, inner.options.page_cap);
        let page = timeline::page(account, now_ms, &ask, reach, cap, shrink.map(|Extension(shrink)| shrink));
        let mut body = Body::of_posts(world, &wanted, now_ms, &page.items, Vec::new());
        let mut meta = json!({"result_count": page.items.len()});
        if let (Some(newest), Some(oldest)) = (page.items.first(), page.items.last()) {
            meta["newest_id"] = json!(newest.id.to_string());
            meta["oldest_id"] = json!(oldest.id.to_string());
        }
        if let Some(next) = page.next {
            meta["next_token"] = json!(timeline::token(user, next));
        }
        body.insert("meta".to_owned(), meta);
        Ok(found(body))
    })
}

async fn posts(State(inner): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Answer {
    let known: Vec<&str> = ["ids"].into_iter().chain(FIELD_PARAMETERS).collect();
    let params = Params::read(query.as_deref().unwrap_or_default(), &known)?;
    let wanted = Wanted::of_posts(&params)?;
    let ids = params.required("ids", "^[0-9]{1,19}$", |text| number(text).map(PostId))?;
    inner.with_world(|world, now_ms| {
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        for id in ids {
            let post = world.post(id, now_ms);
            match (post, problem::of_post(post, "ids", &id.to_string(), "data")) {
                (Some(item), None) => items.push(item),
                (_, error) => errors.extend(error),
            }
        }
        Ok(found(Body::of_posts(world, &wanted, now_ms, &items, errors)))
    })
}

fn found(body: Map<String, Value>) -> Response {
    problem::answer(StatusCode::OK, &Value::Object(body)).into_response()
}

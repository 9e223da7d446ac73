//! The four endpoints: from a path and a query to what is true.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::body::{Body, insert_some};
use super::fields::{FIELD_PARAMETERS, Wanted};
use super::query::{Invalid, Params};
use super::snowflake::number;
use super::timeline::{self, Ask, Rules};
use super::token::{Mint, Place};
use super::vocabulary::{self, Spelling};
use super::world::{Account, World, is_username};
use super::{PostId, Tokens, UserId, UserState, problem, render};

/// The endpoints of the double.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Endpoint {
    UsersBy,
    Users,
    Timeline,
    Posts,
}

/// What an endpoint says.
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// What an endpoint knows beside the request.
pub(super) struct Scene<'a> {
    pub(super) world: &'a mut World,
    pub(super) now_ms: i64,
    /// How often the path was asked for, this time included.
    pub(super) turn: u64,
    pub(super) rules: Rules<'a>,
}

type Answer = Result<Map<String, Value>, Invalid>;

impl Endpoint {
    /// The endpoint at `path`, or the status that says that there is none.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, StatusCode> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let endpoint = match parts[..] {
            ["2", "users", "by"] => Self::UsersBy,
            ["2", "users"] => Self::Users,
            ["2", "users", _, "tweets"] => Self::Timeline,
            ["2", "tweets"] => Self::Posts,
            _ => return Err(StatusCode::NOT_FOUND),
        };
        if method == Method::GET { Ok(endpoint) } else { Err(StatusCode::METHOD_NOT_ALLOWED) }
    }

    /// The true answer to a request.
    pub(super) fn answer(self, path: &str, query: &str, scene: &mut Scene<'_>) -> Said {
        let mut known: Vec<&str> = match self {
            Self::UsersBy => vec!["usernames", "user.fields", "expansions", "tweet.fields"],
            Self::Users => vec!["ids", "user.fields", "expansions", "tweet.fields"],
            Self::Timeline => timeline::PARAMETERS.to_vec(),
            Self::Posts => vec!["ids"],
        };
        if matches!(self, Self::Timeline | Self::Posts) {
            known.extend(FIELD_PARAMETERS);
        }
        let told = Params::read(query, &known).and_then(|params| {
            let body = match self {
                Self::UsersBy => users_by(&params, scene),
                Self::Users => users(&params, scene),
                Self::Timeline => user_timeline(path.split('/').nth(3).unwrap_or_default(), &params, scene),
                Self::Posts => posts(&params, scene),
            };
            Ok((Value::Object(body?), params.spelling))
        });
        let (mut body, spelling) = match told {
            Ok(told) => told,
            Err(invalid) => return Said { status: StatusCode::BAD_REQUEST, body: invalid.body() },
        };
        if spelling == Spelling::Post {
            vocabulary::rename_all(&mut body);
        }
        Said { status: StatusCode::OK, body }
    }
}

fn users_by(params: &Params, scene: &Scene<'_>) -> Answer {
    let wanted = Wanted::of_users(params)?;
    let owned = |name: &str| is_username(name).then(|| name.to_owned());
    let names = params.required("usernames", "^[A-Za-z0-9_]{1,15}$", owned)?;
    let asked = names.iter().map(|name| (name.clone(), scene.world.named(name)));
    Ok(looked_up("usernames", asked, &wanted, scene.now_ms))
}

fn users(params: &Params, scene: &Scene<'_>) -> Answer {
    let wanted = Wanted::of_users(params)?;
    let ids = params.required("ids", "^[0-9]{1,19}$", |text| number(text).map(UserId))?;
    let asked = ids.iter().map(|id| (id.to_string(), scene.world.user(*id)));
    Ok(looked_up("ids", asked, &wanted, scene.now_ms))
}

/// Who was found, and why the others were not.
fn looked_up<'a>(
    parameter: &str,
    asked: impl Iterator<Item = (String, Option<&'a Account>)>,
    wanted: &Wanted,
    now_ms: i64,
) -> Map<String, Value> {
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
    body
}

fn user_timeline(id: &str, params: &Params, scene: &mut Scene<'_>) -> Answer {
    let Some(user) = number(id).map(UserId) else {
        return Err(Invalid::value("id", id, "does not match ^[0-9]{1,19}$"));
    };
    let torture = scene.rules.torture;
    let mint = Mint::new(user, torture.token_life, scene.turn, scene.now_ms);
    let (ask, wanted) = (Ask::read(params, &mint)?, Wanted::of_posts(params)?);
    let failed = |error: Value| Ok(Map::from_iter([("errors".to_owned(), json!([error]))]));
    let account = scene.world.user(user);
    if let Some(error) = problem::of_user(account.map(|account| account.state), "id", id) {
        return failed(error);
    }
    if account.is_none_or(|account| account.state == UserState::Protected) {
        return failed(problem::protected(id));
    }
    scene.world.delete_by_chance(user, torture, scene.turn, scene.now_ms);
    let world = &*scene.world;
    let Some(account) = world.user(user) else { return failed(problem::protected(id)) };
    let page = timeline::page(account, scene.now_ms, &ask, &scene.rules);
    let mut body = Body::of_posts(world, &wanted, scene.now_ms, &page.items, Vec::new());
    let mut meta = json!({"result_count": page.items.len()});
    if let (Some(newest), Some(oldest)) = (page.items.first(), page.items.last()) {
        meta["newest_id"] = json!(newest.id.to_string());
        meta["oldest_id"] = json!(oldest.id.to_string());
    }
    if let Some((position, count)) = page.next {
        let place = match torture.tokens {
            Tokens::Position => Place::Before(position),
            Tokens::Offset => Place::Behind(count),
        };
        meta["next_token"] = json!(mint.write(place));
    }
    body.insert("meta".to_owned(), meta);
    Ok(body)
}

fn posts(params: &Params, scene: &Scene<'_>) -> Answer {
    let wanted = Wanted::of_posts(params)?;
    let ids = params.required("ids", "^[0-9]{1,19}$", |text| number(text).map(PostId))?;
    let (mut items, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        let post = scene.world.post(id, scene.now_ms);
        match (post, problem::of_post(post, "ids", &id.to_string(), "data")) {
            (Some(item), None) => items.push(item),
            (_, error) => errors.extend(error),
        }
    }
    Ok(Body::of_posts(scene.world, &wanted, scene.now_ms, &items, errors))
}

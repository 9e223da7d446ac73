//! The body of an answer with posts: `data`, the `includes` that its expansions ask for, and partial `errors`.

use serde_json::{Map, Value, json};

use super::fields::Wanted;
use super::world::{Account, Item, World};
use super::{PostId, UserState, problem, render, wording};

/// Gathers one answer. Nothing is included twice, and nothing empty is sent.
pub(super) struct Body<'a> {
    world: &'a World,
    wanted: &'a Wanted,
    now_ms: i64,
    users: Vec<&'a Account>,
    media: Vec<(String, Value)>,
    included: Vec<Item<'a>>,
    errors: Vec<Value>,
}

impl<'a> Body<'a> {
    /// The answer whose data are `items`, beside which `errors` already stand.
    pub(super) fn of_posts(
        world: &'a World,
        wanted: &'a Wanted,
        now_ms: i64,
        items: &[Item<'a>],
        errors: Vec<Value>,
    ) -> Map<String, Value> {
        let (users, media, included) = (Vec::new(), Vec::new(), Vec::new());
        let mut body = Self { world, wanted, now_ms, users, media, included, errors };
        for item in items {
            body.expand(*item);
        }
        body.finish(items)
    }

    fn expand(&mut self, item: Item<'a>) {
        if self.wanted.expands("author_id") {
            self.include_user(item.author);
        }
        if self.wanted.expands("attachments.media_keys") {
            self.include_media(item);
        }
        if self.wanted.expands("entities.mentions.username") {
            for name in wording::mentioned(&item.post.draft.text) {
                if let Some(user) = self.world.named(name) {
                    self.include_user(user);
                }
            }
        }
        if self.wanted.expands("edit_history_tweet_ids") {
            for id in item.author.versions(item.post.root, self.now_ms) {
                self.included.extend(self.world.post(id, self.now_ms));
            }
        }
        if let Some((_, id)) = item.post.draft.reference {
            self.expand_reference(id);
        }
    }

    fn expand_reference(&mut self, id: PostId) {
        let expansion = "referenced_tweets.id";
        let with_author = self.wanted.expands("referenced_tweets.id.author_id");
        let with_media = self.wanted.expands("referenced_tweets.id.attachments.media_keys");
        if !(self.wanted.expands(expansion) || with_author || with_media) {
            return;
        }
        let found = self.world.post(id, self.now_ms);
        if let Some(error) = problem::of_post(found, expansion, &id.to_string(), "includes") {
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
            return;
        }
        let Some(item) = found else { return };
        self.included.push(item);
        if with_author {
            self.include_user(item.author);
        }
        if with_media {
            self.include_media(item);
        }
    }

    fn include_user(&mut self, user: &'a Account) {
        let is_shown = matches!(user.state, UserState::Active | UserState::Protected);
        if is_shown && self.users.iter().all(|seen| seen.id != user.id) {
            self.users.push(user);
        }
    }

    fn include_media(&mut self, item: Item<'a>) {
        for (key, media) in wording::attached(item) {
            if self.media.iter().all(|(seen, _)| *seen != key) {
                let json = render::media(&key, media, self.wanted);
                self.media.push((key, json));
            }
        }
    }

    fn finish(mut self, items: &[Item<'_>]) -> Map<String, Value> {
        let post = |item: &Item<'_>| render::post(self.world, *item, self.wanted, self.now_ms);
        let data: Vec<Value> = items.iter().map(post).collect();
        self.included.sort_by_key(|item| std::cmp::Reverse(item.id));
        self.included.dedup_by_key(|item| item.id);
        let mut includes = Map::new();
        insert_some(
            &mut includes,
            "users",
            self.users.iter().map(|u| render::user(u, self.wanted, self.now_ms)).collect(),
        );
        insert_some(&mut includes, "media", self.media.into_iter().map(|(_, json)| json).collect());
        insert_some(&mut includes, "tweets", self.included.iter().map(post).collect());
        let mut body = Map::new();
        insert_some(&mut body, "data", data);
        insert_some(&mut body, "errors", self.errors);
        if !includes.is_empty() {
            body.insert("includes".to_owned(), json!(includes));
        }
        body
    }
}

/// Inserts a list unless it is empty: X leaves empty lists out.
pub(super) fn insert_some(map: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        map.insert(key.to_owned(), Value::Array(list));
    }
}

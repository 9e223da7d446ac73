//! The people of the sandbox and their posts: all of its state that is not about requests.

use std::collections::{BTreeMap, HashMap};

use super::draft::{Draft, Reference};
use super::script::Script;
use super::{Error, PostId, UserId, UserState, wording};

/// Posts kept per user; the oldest go first. More than the 3,200 that X shows, so that the difference can be seen.
pub(super) const CAPACITY: usize = 4_000;

/// A published text. Visible from the time that its id carries.
pub(super) struct Post {
    /// The first version of the post; its own id unless it is an edit.
    pub(super) root: PostId,
    pub(super) draft: Draft,
}

/// A user and their posts.
pub(super) struct Account {
    pub(super) id: UserId,
    pub(super) username: String,
    pub(super) name: String,
    pub(super) about: &'static str,
    pub(super) state: UserState,
    posts: BTreeMap<PostId, Post>,
    /// All versions, oldest first, of the posts that were edited, by root.
    chains: HashMap<PostId, Vec<PostId>>,
    script: Option<Script>,
}

/// A post together with its author.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) id: PostId,
    pub(super) post: &'a Post,
    pub(super) author: &'a Account,
}

/// Everybody, and what they wrote.
#[derive(Default)]
pub(super) struct World {
    accounts: Vec<Account>,
}

impl World {
    /// Adds a user; those with a script post by themselves as time passes.
    pub(super) fn add(
        &mut self,
        name: &str,
        username: &str,
        about: &'static str,
        script: Option<Script>,
    ) -> Result<UserId, Error> {
        if !is_username(username) {
            return Err(Error::InvalidUsername(username.to_owned()));
        }
        if self.named(username).is_some() {
            return Err(Error::UsernameTaken(username.to_owned()));
        }
        let id = UserId(1_490_000_017 + 7_919 * i64::try_from(self.accounts.len()).expect("few users"));
        self.accounts.push(Account {
            id,
            username: username.to_owned(),
            name: name.to_owned(),
            about,
            state: UserState::Active,
            posts: BTreeMap::new(),
            chains: HashMap::new(),
            script,
        });
        Ok(id)
    }

    /// Gives a user another name.
    pub(super) fn rename(&mut self, username: &str, new: &str) -> Result<(), Error> {
        if !is_username(new) {
            return Err(Error::InvalidUsername(new.to_owned()));
        }
        if self.named(new).is_some() {
            return Err(Error::UsernameTaken(new.to_owned()));
        }
        let user = self.named_mut(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        new.clone_into(&mut user.username);
        Ok(())
    }

    /// Writes what the scripts ask for up to `now_ms`.
    pub(super) fn advance(&mut self, now_ms: i64) {
        for index in 0..self.accounts.len() {
            let Some(mut script) = self.accounts[index].script.take() else { continue };
            for scene in script.until(now_ms) {
                script.play(self, index, scene);
            }
            self.accounts[index].script = Some(script);
        }
    }

    /// Publishes `draft` at `ms`, which may lie in the future: then it shows from that time on.
    pub(super) fn publish(&mut self, author: usize, draft: Draft, ms: i64) -> PostId {
        let draft = self.with_repeated_text(draft);
        let account = &mut self.accounts[author];
        let id = account.free_id(ms);
        account.insert(id, Post { root: id, draft });
        id
    }

    /// Publishes a new version of the post `id` at `ms` and answers its id.
    pub(super) fn edit(&mut self, id: PostId, text: &str, ms: i64) -> Option<PostId> {
        let account = self.accounts.iter_mut().find(|account| account.posts.contains_key(&id))?;
        let old = &account.posts[&id];
        let (root, mut draft) = (old.root, old.draft.clone());
        draft.text = text.into();
        let newer = account.free_id(ms);
        account.chains.entry(root).or_insert_with(|| vec![root]).push(newer);
        account.insert(newer, Post { root, draft });
        Some(newer)
    }

    /// Removes a post with all of its versions; false when there is none.
    pub(super) fn delete(&mut self, id: PostId) -> bool {
        let Some(account) = self.accounts.iter_mut().find(|account| account.posts.contains_key(&id)) else {
            return false;
        };
        let root = account.posts[&id].root;
        account.chains.remove(&root);
        account.posts.retain(|_, post| post.root != root);
        true
    }

    /// The user called `username`; case does not matter.
    pub(super) fn named(&self, username: &str) -> Option<&Account> {
        self.index_of(username).map(|index| &self.accounts[index])
    }

    pub(super) fn named_mut(&mut self, username: &str) -> Option<&mut Account> {
        self.index_of(username).map(|index| &mut self.accounts[index])
    }

    pub(super) fn index_of(&self, username: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.username.eq_ignore_ascii_case(username))
    }

    pub(super) fn user(&self, id: UserId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Any version of any post that exists at `now_ms`.
    pub(super) fn post(&self, id: PostId, now_ms: i64) -> Option<Item<'_>> {
        if id.ms() > now_ms {
            return None;
        }
        self.accounts.iter().find_map(|author| author.posts.get(&id).map(|post| Item { id, post, author }))
    }

    fn with_repeated_text(&self, mut draft: Draft) -> Draft {
        if let Some((Reference::Retweeted, id)) = draft.reference
            && let Some(original) = self.post(id, i64::MAX)
        {
            draft.text = wording::repeated(&original.author.username, &original.post.draft.text).into();
        }
        draft
    }
}

impl Account {
    /// The timeline at `now_ms`: the newest version of each post, newest first.
    pub(super) fn timeline(&self, now_ms: i64) -> impl Iterator<Item = Item<'_>> {
        let until_now = self.posts.range(..=PostId::last_of(now_ms)).rev();
        until_now
            .filter(move |(id, post)| self.versions(post.root, now_ms).last() == Some(**id))
            .map(|(id, post)| Item { id: *id, post, author: self })
    }

    /// The versions of a post that exist at `now_ms`, root first.
    pub(super) fn versions(&self, root: PostId, now_ms: i64) -> impl Iterator<Item = PostId> {
        let edits = self.chains.get(&root).map_or(&[][..], |chain| &chain[1..]);
        std::iter::once(root).chain(edits.iter().copied().filter(move |id| id.ms() <= now_ms))
    }

    fn number(&self) -> i64 {
        self.id.0 % 1_021
    }

    fn free_id(&self, ms: i64) -> PostId {
        let first = PostId::made_by(self.number(), ms);
        match self.posts.range(first..=PostId::last_of(ms)).next_back() {
            Some((taken, _)) => taken.successor(),
            None => first,
        }
    }

    fn insert(&mut self, id: PostId, post: Post) {
        self.posts.insert(id, post);
        while self.posts.len() > CAPACITY
            && let Some((oldest, _)) = self.posts.pop_first()
        {
            self.chains.retain(|_, chain| chain.last() != Some(&oldest));
        }
    }
}

/// X's `^[A-Za-z0-9_]{1,15}$`.
pub(super) fn is_username(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

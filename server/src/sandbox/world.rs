//! The people of the sandbox and their posts: all of its state that is not about requests.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::draft::{Draft, Reference};
use super::script::Script;
use super::{Error, PostId, Torture, Truth, UserId, UserState, wording};

/// Posts kept per user unless the options say otherwise.
pub(super) const KEPT: usize = 4_000;
/// The id of the first user, and the distance to the next one.
const FIRST_USER: i64 = 1_490_000_017;
const NEXT_USER: i64 = 7_919;
/// Machines that make ids: fewer than 2^10, and a prime, so that the users take turns.
const MACHINES: i64 = 1_021;

/// A published text.
pub(super) struct Post {
    /// The first version of the post; its own id unless it is an edit.
    pub(super) root: PostId,
    pub(super) draft: Draft,
    /// Milliseconds since 1970 at which it begins to be seen.
    seen_ms: i64,
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
    /// What was seen once and is no more.
    deleted: Vec<Truth>,
    /// When the last of the posts begins to be seen.
    complete_ms: i64,
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
pub(super) struct World {
    accounts: Vec<Account>,
    /// Places of the accounts, by name in small letters.
    names: HashMap<String, usize>,
    /// Places of those who post by themselves.
    scripted: Vec<usize>,
    /// Who writes the ids of each machine.
    machines: HashMap<i64, Vec<usize>>,
    /// Posts kept per user.
    kept: usize,
    torture: Torture,
}

impl Default for World {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            names: HashMap::new(),
            scripted: Vec::new(),
            machines: HashMap::new(),
            kept: KEPT,
            torture: Torture::default(),
        }
    }
}

impl World {
    /// Keeps so many posts per user from now on; the oldest go first.
    pub(super) fn keep(&mut self, posts: usize) {
        self.kept = posts.max(1);
    }

    /// Publishes the posts to come as late as `torture` says.
    pub(super) fn set_torture(&mut self, torture: &Torture) {
        self.torture = Torture { seed: torture.seed, lateness: torture.lateness, ..Torture::default() };
    }

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
        let index = self.accounts.len();
        let id = UserId(FIRST_USER + NEXT_USER * i64::try_from(index).expect("few users"));
        self.machines.entry(machine_of(id)).or_default().push(index);
        self.names.insert(username.to_ascii_lowercase(), index);
        self.scripted.extend(script.is_some().then_some(index));
        self.accounts.push(Account {
            id,
            username: username.to_owned(),
            name: name.to_owned(),
            about,
            state: UserState::Active,
            posts: BTreeMap::new(),
            chains: HashMap::new(),
            deleted: Vec::new(),
            complete_ms: i64::MIN,
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
        let old = username.to_ascii_lowercase();
        let index = self.names.remove(&old).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        self.names.insert(new.to_ascii_lowercase(), index);
        new.clone_into(&mut self.accounts[index].username);
        Ok(())
    }

    /// Writes what the scripts ask for up to `now_ms`.
    pub(super) fn advance(&mut self, now_ms: i64) {
        for place in 0..self.scripted.len() {
            let index = self.scripted[place];
            let Some(mut script) = self.accounts[index].script.take() else { continue };
            for scene in script.until(now_ms) {
                script.play(self, index, scene);
            }
            self.accounts[index].script = Some(script);
        }
    }

    /// Publishes `draft` at `ms`, which may lie in the future: then it shows from that time on, or later by chance.
    pub(super) fn publish(&mut self, author: usize, draft: Draft, ms: i64) -> PostId {
        let delay_ms = self.torture.delay_ms(self.accounts[author].free_id(ms));
        self.publish_late(author, draft, ms, delay_ms)
    }

    /// Publishes `draft` at `ms`, to be seen `delay_ms` later.
    pub(super) fn publish_late(&mut self, author: usize, draft: Draft, ms: i64, delay_ms: i64) -> PostId {
        let draft = self.with_repeated_text(draft);
        let account = &mut self.accounts[author];
        let id = account.free_id(ms);
        account.insert(id, Post { root: id, draft, seen_ms: ms.saturating_add(delay_ms) }, self.kept);
        id
    }

    /// Publishes a new version of the post `id` at `ms` and answers its id.
    pub(super) fn edit(&mut self, id: PostId, text: &str, ms: i64) -> Option<PostId> {
        let index = self.author_of(id)?;
        let account = &mut self.accounts[index];
        let old = &account.posts[&id];
        let (root, mut draft, seen_ms) = (old.root, old.draft.clone(), old.seen_ms.max(ms));
        draft.text = text.into();
        let newer = account.free_id(ms);
        account.chains.entry(root).or_insert_with(|| vec![root]).push(newer);
        account.insert(newer, Post { root, draft, seen_ms }, self.kept);
        Some(newer)
    }

    /// Removes a post with all of its versions at `now_ms`; false when there is none.
    pub(super) fn delete(&mut self, id: PostId, now_ms: i64) -> bool {
        let Some(index) = self.author_of(id) else { return false };
        self.accounts[index].delete(id, now_ms);
        true
    }

    /// Removes a post of `user` when `torture` says so for the `turn`-th request.
    pub(super) fn delete_by_chance(&mut self, user: UserId, torture: &Torture, turn: u64, now_ms: i64) {
        let Some(account) = index_of(user).and_then(|index| self.accounts.get_mut(index)) else { return };
        let Some(place) = torture.deletion(user, turn, account.posts.len()) else { return };
        let unlucky = account.timeline(now_ms).nth(place).map(|item| item.id);
        if let Some(id) = unlucky {
            account.delete(id, now_ms);
        }
    }

    /// The user called `username`; case does not matter.
    pub(super) fn named(&self, username: &str) -> Option<&Account> {
        self.index_of(username).map(|index| &self.accounts[index])
    }

    pub(super) fn named_mut(&mut self, username: &str) -> Option<&mut Account> {
        self.index_of(username).map(|index| &mut self.accounts[index])
    }

    pub(super) fn index_of(&self, username: &str) -> Option<usize> {
        self.names.get(&username.to_ascii_lowercase()).copied()
    }

    pub(super) fn user(&self, id: UserId) -> Option<&Account> {
        self.accounts.get(index_of(id)?).filter(|account| account.id == id)
    }

    /// Any version of any post that can be seen at `now_ms`.
    pub(super) fn post(&self, id: PostId, now_ms: i64) -> Option<Item<'_>> {
        let author = &self.accounts[self.author_of(id)?];
        let post = &author.posts[&id];
        (post.seen_ms <= now_ms).then_some(Item { id, post, author })
    }

    /// Who wrote `id`; told by the machine that made it.
    fn author_of(&self, id: PostId) -> Option<usize> {
        let candidates = self.machines.get(&id.machine())?;
        candidates.iter().copied().find(|index| self.accounts[*index].posts.contains_key(&id))
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
        self.timeline_up_to(PostId::MAX, now_ms)
    }

    /// The same without what is newer than `top`.
    pub(super) fn timeline_up_to(&self, top: PostId, now_ms: i64) -> impl Iterator<Item = Item<'_>> {
        let until_now = self.posts.range(..=PostId::last_of(now_ms).min(top)).rev();
        let until_now = until_now.filter(move |(_, post)| post.seen_ms <= now_ms);
        let is_newest = move |id: PostId, post: &Post| {
            self.chains.is_empty() || self.versions(post.root, now_ms).last() == Some(id)
        };
        until_now.filter(move |(id, post)| is_newest(**id, post)).map(|(id, post)| Item { id: *id, post, author: self })
    }

    /// Posts that are kept, in all of their versions, seen or not.
    pub(super) fn kept(&self) -> usize {
        self.posts.len()
    }

    /// How many posts the timeline has at `now_ms`, whatever can be reached of it.
    pub(super) fn count(&self, now_ms: i64) -> usize {
        if self.complete_ms <= now_ms && self.chains.is_empty() {
            return self.posts.len();
        }
        self.timeline(now_ms).count()
    }

    /// The versions of a post that can be seen at `now_ms`, root first.
    pub(super) fn versions(&self, root: PostId, now_ms: i64) -> impl Iterator<Item = PostId> {
        let edits = self.chains.get(&root).map_or(&[][..], |chain| &chain[1..]);
        let is_seen = move |id: &PostId| self.posts.get(id).is_some_and(|post| post.seen_ms <= now_ms);
        std::iter::once(root).chain(edits.iter().copied().filter(is_seen))
    }

    /// Since when `post` can be seen in any version, in milliseconds since 1970.
    pub(super) fn seen_from_ms(&self, post: &Post) -> i64 {
        self.posts.get(&post.root).unwrap_or(post).seen_ms
    }

    /// The posts that were deleted after they could be seen.
    pub(super) fn deleted(&self) -> impl Iterator<Item = &Truth> {
        self.deleted.iter()
    }

    fn delete(&mut self, id: PostId, now_ms: i64) {
        let root = self.posts[&id].root;
        let newest = self.versions(root, now_ms).last().unwrap_or(root);
        if let Some(post) = self.posts.get(&newest).filter(|post| post.seen_ms <= now_ms) {
            let deleted_at = Timestamp::from_millisecond(now_ms).ok();
            let truth = Truth { deleted_at, ..Truth::of(Item { id: newest, post, author: self }, now_ms) };
            self.deleted.push(truth);
        }
        for version in self.chains.remove(&root).unwrap_or_else(|| vec![root]) {
            self.posts.remove(&version);
        }
    }

    /// The next id of this user in the millisecond `ms`, or in the next one that is not used up.
    fn free_id(&self, ms: i64) -> PostId {
        let first = PostId::made_by(machine_of(self.id), ms);
        let last = first.last_of_machine();
        match self.posts.range(first..=last).next_back() {
            Some((taken, _)) if *taken == last => self.free_id(ms + 1),
            Some((taken, _)) => taken.successor(),
            None => first,
        }
    }

    fn insert(&mut self, id: PostId, post: Post, kept: usize) {
        self.complete_ms = self.complete_ms.max(post.seen_ms);
        self.posts.insert(id, post);
        while self.posts.len() > kept
            && let Some((oldest, _)) = self.posts.pop_first()
        {
            self.chains.retain(|_, chain| chain.last() != Some(&oldest));
        }
    }
}

/// Where the user `id` stands, should there be one.
fn index_of(id: UserId) -> Option<usize> {
    usize::try_from((id.0 - FIRST_USER) / NEXT_USER).ok()
}

fn machine_of(user: UserId) -> i64 {
    user.0 % MACHINES
}

/// X's `^[A-Za-z0-9_]{1,15}$`.
pub(super) fn is_username(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

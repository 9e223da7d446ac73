//! The tables one after the other, each in pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::report::{Counts, Notes, Report, Watcher};
use super::{Error, checkpoints, leader, post, review};
use crate::domain::{Clock, ExternalId, Leader, LeaderId, LeaderState, PostId, StreamKey};
use crate::sentiment::Analyzer;
use crate::store::legacy::{Legacy, Row, Table};
use crate::store::{Imported, ImportedLeader, ImportedPost, Imports, Leaders, Store};

/// How many rows are read, and stored in one transaction.
const PAGE: u32 = 500;

/// What an import is made of.
pub struct Parts {
    /// What is read.
    pub legacy: Legacy,
    /// Where it is stored.
    pub store: Store,
    /// Tells the tone of posts.
    pub analyzer: Arc<Analyzer>,
    /// Tells the time of what has none.
    pub clock: Arc<dyn Clock>,
}

/// An import that is under way.
pub struct Import<'a> {
    parts: Parts,
    dry_run: bool,
    watcher: &'a mut dyn Watcher,
    notes: Notes,
    /// Leaders that Amber has under other ids, because somebody added them there.
    elsewhere: BTreeMap<LeaderId, LeaderId>,
    planned: Planned,
}

/// What a dry run would have stored: names, not rows.
#[derive(Default)]
struct Planned {
    leaders: BTreeMap<LeaderId, Leader>,
    posts: BTreeSet<PostId>,
    numbers: BTreeMap<ExternalId, PostId>,
}

impl<'a> Import<'a> {
    /// Prepares an import; a dry run reads and checks everything, and stores nothing.
    pub fn new(parts: Parts, dry_run: bool, watcher: &'a mut dyn Watcher) -> Self {
        let (notes, elsewhere, planned) = (Notes::default(), BTreeMap::new(), Planned::default());
        Self { parts, dry_run, watcher, notes, elsewhere, planned }
    }

    /// Reads every table, and the checkpoint file when there is one.
    ///
    /// # Errors
    /// When one of the databases or the file fails. Begin again then: what is stored is not stored twice.
    pub async fn run(mut self, checkpoint_file: Option<&Path>) -> Result<Report, Error> {
        let lines = checkpoint_file.map(checkpoints::read).transpose()?;
        let mut counts = Vec::new();
        for table in Table::ALL {
            counts.push((table.name(), self.table(table).await?));
        }
        if let Some(lines) = lines {
            let planned = self.planned.leaders.values().filter_map(Leader::x_handle);
            let planned = planned.map(|handle| StreamKey::of_timeline(&handle)).collect();
            let store = &self.parts.store;
            counts.push(checkpoints::keep(&lines, store, self.dry_run.then_some(&planned), self.watcher).await?);
        }
        Ok(Report { counts, notes: self.notes })
    }

    async fn table(&mut self, table: Table) -> Result<Counts, Error> {
        let of = self.parts.legacy.count(table).await?;
        let mut counts = Counts::default();
        let mut after: Option<String> = None;
        loop {
            let rows = self.parts.legacy.page(table, after.as_deref(), PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id.clone());
            counts.read += u64::try_from(rows.len()).unwrap_or_default();
            let outcomes = match table {
                Table::Leaders => self.leaders(&rows).await?,
                Table::Posts => self.posts(&rows).await?,
                Table::ReviewItems => self.review_items(&rows).await?,
            };
            for (row, outcome) in rows.iter().zip(outcomes) {
                match outcome {
                    Ok(outcome) => counts.add(outcome),
                    Err(reason) => {
                        counts.refused += 1;
                        self.watcher.refused(table.name(), &row.id, &reason);
                    }
                }
            }
            self.watcher.progress(table.name(), counts.read, of);
        }
        counts.there = self.parts.legacy.count(table).await?;
        Ok(counts)
    }

    async fn leaders(&mut self, rows: &[Row]) -> Result<Vec<Result<Imported, String>>, Error> {
        let now = self.parts.clock.now();
        let read: Vec<_> = rows.iter().map(|row| leader::read(row, now, &mut self.notes)).collect();
        let leaders: Vec<_> = read.iter().flatten().cloned().collect();
        let known = self.parts.store.known_leaders(&leaders).await?;
        let mut new = Vec::new();
        for (leader, known) in leaders.into_iter().zip(known) {
            match known {
                Some(known) if known.id != leader.id => drop(self.elsewhere.insert(leader.id, known.id)),
                Some(_) => {}
                None => new.push(leader),
            }
        }
        let stored: BTreeSet<_> = if self.dry_run {
            self.planned.leaders.extend(new.iter().map(|leader| (leader.id, as_stored(leader))));
            new.iter().map(|leader| leader.id).collect()
        } else {
            let outcomes = self.parts.store.import_leaders(&new).await?;
            let stored = new.iter().zip(outcomes).filter(|(_, outcome)| *outcome == Imported::Stored);
            stored.map(|(leader, _)| leader.id).collect()
        };
        let outcome = |leader: ImportedLeader| {
            if stored.contains(&leader.id) { Imported::Stored } else { Imported::Known }
        };
        Ok(read.into_iter().map(|read| read.map(outcome)).collect())
    }

    async fn posts(&mut self, rows: &[Row]) -> Result<Vec<Result<Imported, String>>, Error> {
        let leaders = self.leaders_of(rows).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let leader = post::leader_id(row).and_then(|id| leaders.get(self.elsewhere.get(&id).unwrap_or(&id)));
            read.push(post::read(row, leader, &self.parts.analyzer, &mut self.notes));
        }
        let posts: Vec<_> = read.iter().flatten().cloned().collect();
        let mut outcomes = self.parts.store.import_posts(&posts, self.dry_run).await?.into_iter();
        let mut outcome = |post: ImportedPost| match outcomes.next().expect("every post has an outcome") {
            Imported::Stored if self.dry_run => self.plan(post.id, post.number),
            outcome => outcome,
        };
        Ok(read.into_iter().map(|read| read.map(&mut outcome)).collect())
    }

    /// What would become of a post that Amber does not have: the old database may hold it twice.
    fn plan(&mut self, id: PostId, number: Option<ExternalId>) -> Imported {
        if number.is_some_and(|number| self.planned.numbers.contains_key(&number)) {
            return Imported::Known;
        }
        self.planned.posts.insert(id);
        self.planned.numbers.extend(number.map(|number| (number, id)));
        Imported::Stored
    }

    /// The leaders of these posts, by their ids in Amber.
    async fn leaders_of(&self, rows: &[Row]) -> Result<BTreeMap<LeaderId, Leader>, Error> {
        let ids: BTreeSet<_> = rows.iter().filter_map(post::leader_id).collect();
        let ids: Vec<_> = ids.iter().map(|id| *self.elsewhere.get(id).unwrap_or(id)).collect();
        let known = self.parts.store.get_many(&ids).await?;
        let mut leaders: BTreeMap<_, _> = known.into_iter().map(|leader| (leader.id, leader)).collect();
        let planned = ids.iter().filter_map(|id| Some((*id, self.planned.leaders.get(id)?.clone())));
        leaders.extend(planned);
        Ok(leaders)
    }

    async fn review_items(&mut self, rows: &[Row]) -> Result<Vec<Result<Imported, String>>, Error> {
        let ids: BTreeSet<_> = rows.iter().filter_map(|row| row.text("post_id")).collect();
        let posts = self.parts.legacy.find(Table::Posts, &ids.into_iter().collect::<Vec<_>>()).await?;
        let numbers: Vec<_> = posts.iter().filter_map(post::number).collect();
        let known = self.parts.store.known_posts(&posts.iter().map(post::id).collect::<Vec<_>>(), &numbers).await?;
        let posts: BTreeMap<_, _> = posts.iter().map(|post| (post.id.as_str(), post)).collect();
        let find = |row: &Row| {
            let id = row.text("post_id").ok_or("it has no post_id")?;
            let post = *posts.get(id).ok_or("its post is not in the old database")?;
            let (id, number) = (post::id(post), post::number(post));
            let planned = || self.planned.posts.contains(&id).then_some(id);
            let twin = || self.planned.numbers.get(&number?).copied();
            let found = known.find(id, number).or_else(planned).or_else(twin).ok_or("its post was not stored")?;
            Ok::<_, &str>((found, post::first_seen_at(post)))
        };
        let read: Vec<_> = rows
            .iter()
            .map(|row| {
                let (post, first_seen_at) = find(row).map_err(str::to_owned)?;
                review::read(row, post, first_seen_at.unwrap_or(Timestamp::UNIX_EPOCH))
            })
            .collect();
        let items: Vec<_> = read.iter().flatten().cloned().collect();
        let mut outcomes = self.parts.store.import_review_items(&items, self.dry_run).await?.into_iter();
        let mut outcome = || outcomes.next().expect("every item has an outcome");
        Ok(read.into_iter().map(|read| read.map(|_| outcome())).collect())
    }
}

/// A leader as it will be stored.
fn as_stored(imported: &ImportedLeader) -> Leader {
    let leader = imported.leader.clone();
    Leader {
        id: imported.id,
        name: leader.name,
        handles: leader.handles,
        tracking_topics: leader.tracking_topics,
        created_at: imported.created_at,
        x_user_id: None,
        avatar_url: None,
        state: LeaderState::Unresolved,
        x_post_count: None,
    }
}

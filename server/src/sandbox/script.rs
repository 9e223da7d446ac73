//! Who posts what and when: slots on a fixed grid of time, so that two sandboxes of one seed agree on what they share.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::dice::Dice;
use super::draft::{Draft, Reference};
use super::people::Part;
use super::phrases::{ENGLISH, HINDI, Phrases, WORDLESS};
use super::world::{KEPT, World};
use super::{PostId, people};

/// How far the history reaches back.
const HISTORY_MS: i64 = 14 * 24 * 3_600_000;
/// How long after a post its correction follows.
const CORRECTION_MS: i64 = 180_000;

/// The writing habits of one user.
pub(super) struct Script {
    part: &'static Part,
    /// Tells the chances of this user from those of others.
    voice: u64,
    history: Grid,
    past: Option<RangeInclusive<i64>>,
    live: Option<Grid>,
    /// First live slot not yet written.
    next: i64,
}

/// Equal slots of time, counted since 1970, with one post somewhere in each.
#[derive(Clone, Copy)]
struct Grid {
    slot_ms: i64,
}

/// A post to be written.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    at_ms: i64,
    chance: u64,
}

impl Script {
    /// Habits of `part`: `history` posts in the 14 days before `start_ms`, then one per `posting`.
    pub(super) fn new(
        part: &'static Part,
        seed: u64,
        history: usize,
        posting: Option<Duration>,
        start_ms: i64,
    ) -> Self {
        let letters: Vec<u64> = part.leader.handle.bytes().map(u64::from).collect();
        let voice = Dice::new(&letters).next() ^ seed;
        let count = i64::try_from(history.min(KEPT)).expect("at most the capacity");
        let grid = Grid { slot_ms: HISTORY_MS / (count + 1) };
        let newest = grid.slot(start_ms) - 1;
        let live = posting.map(|every| Grid { slot_ms: i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1) });
        let gone = (count > 0).then(|| newest - count + 1..=newest);
        Self { part, voice, history: grid, past: gone, live, next: live.map_or(0, |live| live.slot(start_ms) + 1) }
    }

    /// What is to be written up to `now_ms`; each scene is handed out once.
    pub(super) fn until(&mut self, now_ms: i64) -> Vec<Scene> {
        let mut scenes = Vec::new();
        if let Some(past) = self.past.take() {
            scenes.extend(past.map(|slot| self.scene(self.history, slot)));
        }
        if let Some(live) = self.live {
            let last = live.slot(now_ms);
            let first = self.next.max(last.saturating_sub(KEPT.try_into().expect("a small number")));
            scenes.extend((first..=last).map(|slot| self.scene(live, slot)));
            self.next = self.next.max(last + 1);
        }
        scenes
    }

    fn scene(&self, grid: Grid, slot: i64) -> Scene {
        let mut dice = Dice::new(&[self.voice, grid.slot_ms.unsigned_abs(), slot.unsigned_abs()]);
        Scene { at_ms: slot * grid.slot_ms + dice.below(grid.slot_ms), chance: dice.next() }
    }

    /// Writes one scene into the world.
    pub(super) fn play(&self, world: &mut World, author: usize, scene: Scene) {
        let mut dice = Dice::new(&[scene.chance]);
        if let Some(repeat) = self.repeat(world, &mut dice, scene.at_ms) {
            world.publish(author, repeat, scene.at_ms);
            return;
        }
        let draft = self.own_words(&mut dice);
        let correction = dice.once_in(25).then(|| format!("{} (corrected)", draft.text));
        let id = world.publish(author, draft, scene.at_ms);
        if let Some(text) = correction {
            world.edit(id, &text, scene.at_ms + CORRECTION_MS).expect("the post was published in the line above");
        }
    }

    /// A retweet or a quote of the wire's newest report, now and then.
    fn repeat(&self, world: &World, dice: &mut Dice, at_ms: i64) -> Option<Draft> {
        let throw = dice.below(20);
        let wire = people::WIRE.leader.handle;
        if throw > 2 || self.part.leader.handle == wire {
            return None;
        }
        let report: PostId = world.named(wire)?.timeline(at_ms).next()?.id;
        if throw == 0 {
            return Some(Draft::new("Worth reading to the end, also for #Critics.").about(Reference::Quoted, report));
        }
        Some(Draft::new("").about(Reference::Retweeted, report))
    }

    fn own_words(&self, dice: &mut Dice) -> Draft {
        if dice.once_in(30) {
            return Draft::new(dice.pick(WORDLESS));
        }
        let is_hindi = dice.below(10) < self.part.hindi_in_ten;
        let phrases = if is_hindi { &HINDI } else { &ENGLISH };
        let sentences = phrases.by_mood[self.mood(dice)];
        let is_wire = self.part.leader.handle == people::WIRE.leader.handle;
        let count = if is_wire || dice.once_in(14) { 5 } else { 1 };
        let mut text = (0..count).map(|_| sentence(dice, sentences, phrases)).collect::<Vec<_>>().join(" ");
        let own = if is_hindi { phrases.tags } else { self.part.leader.topics };
        text = format!("{text} #{}", dice.pick(own));
        if dice.once_in(3) {
            text = format!("{text} #{}", dice.pick(phrases.tags));
        }
        let draft = Draft::new(text);
        match dice.below(15) {
            0 | 1 => draft.photo(Some("People & papers on a long table")),
            2 => draft.photo(None),
            3 => draft.video(Duration::from_millis(dice.below(90_000).unsigned_abs() + 5_000)),
            _ => draft,
        }
    }

    /// 0 positive, 1 neutral, 2 negative.
    fn mood(&self, dice: &mut Dice) -> usize {
        let [positive, neutral, negative] = self.part.mood;
        match dice.below(positive + neutral + negative) {
            throw if throw < positive => 0,
            throw if throw < positive + neutral => 1,
            _ => 2,
        }
    }
}

impl Grid {
    fn slot(self, ms: i64) -> i64 {
        ms.div_euclid(self.slot_ms)
    }
}

fn sentence(dice: &mut Dice, sentences: &[&str], phrases: &Phrases) -> String {
    dice.pick(sentences).replace("{}", dice.pick(phrases.places))
}

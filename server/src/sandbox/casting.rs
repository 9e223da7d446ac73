//! Brings the invented people to their places when a sandbox starts.

use std::time::Duration;

use super::draft::{Draft, Reference};
use super::people::{CAST, ODDITIES, Part, WIRE};
use super::phrases::MIXED;
use super::script::Script;
use super::world::World;
use super::{Options, PostId, UserState};

const HOUR_MS: i64 = 3_600_000;

/// The world of the demo at `now_ms`.
pub(super) fn demo(options: &Options, now_ms: i64) -> World {
    let mut world = World::default();
    // The wire comes first: the leaders repeat what it has written before them.
    for part in std::iter::once(&WIRE).chain(&CAST) {
        enter(&mut world, part, options, now_ms);
    }
    add_mixed_feelings(&mut world, now_ms);
    add_oddities(&mut world, now_ms);
    world.advance(now_ms);
    world
}

fn enter(world: &mut World, part: &'static Part, options: &Options, now_ms: i64) {
    let script = Script::new(part, options.seed, options.history, options.posting, now_ms);
    let leader = part.leader;
    world.add(leader.name, leader.handle, part.about, Some(script)).expect("the cast has valid names, each once");
    if part.is_protected {
        let account = world.named_mut(leader.handle).expect("the account was added in the line above");
        account.state = UserState::Protected;
    }
}

/// Posts that a reviewer has to look at, so that the queue of a demo is not empty.
fn add_mixed_feelings(world: &mut World, now_ms: i64) {
    let readable = CAST.iter().filter(|part| !part.is_protected);
    for ((hours, text), part) in (1..).zip(MIXED).zip(readable) {
        let author = world.index_of(part.leader.handle).expect("the cast was added before");
        world.publish(author, Draft::new(*text), now_ms - hours * HOUR_MS);
    }
}

/// One post of every kind that real timelines hold now and then and that readers get wrong.
fn add_oddities(world: &mut World, now_ms: i64) {
    let (name, handle) = ODDITIES;
    world.add(name, handle, "Everything odd at once.", None).expect("the oddities have a valid name of their own");
    let author = world.index_of(handle).expect("the account was added in the line above");
    let never = PostId::first_of(now_ms - 400 * HOUR_MS);
    let families = "👩‍👩‍👧‍👦 before a tag: #After & a <b>tag</b> that is none, 5 > 4 #Tag2, not#this #123";
    let odd = [
        Draft::new(families),
        Draft::new("#OnlyTags #Here"),
        Draft::new("Quotes what is gone.").about(Reference::Quoted, never),
        Draft::new("RT @nobody: cut and never to be completed…").about(Reference::Retweeted, never),
        Draft::new("@wire_sbx and @nobody_here_now: agreed.").about(Reference::RepliedTo, never),
        Draft::new("This post is withheld in your country.").withheld_in(&["IN", "DE"]),
        Draft::new("Two pictures & a film.").photo(None).photo(Some("A <b> & \"c\"")).video(Duration::from_secs(61)),
        Draft::new(format!("{} #AtTheEnd", "बहुत लंबा लेख & कुछ <चिह्न> #जलसंरक्षण। ".repeat(12))),
        Draft::new("\u{200f}e\u{301} and \u{130}: combining marks\n\n\ttabs, and lines\u{2028}of all kinds"),
    ];
    for (hours, draft) in (1..).zip(odd) {
        world.publish(author, draft, now_ms - hours * HOUR_MS);
    }
    let first = world.publish(author, Draft::new("Edited twise."), now_ms - 12 * HOUR_MS);
    for (minutes, text) in [(3, "Edited twice, once."), (9, "Edited twice.")] {
        world.edit(first, text, first.ms() + minutes * 60_000).expect("the post was published above");
    }
}

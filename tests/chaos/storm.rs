//! One storm from beginning to end.

use std::sync::Arc;

use amber_tests::Backend;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::calm;
use crate::cast::Cast;
use crate::dice::Dice;
use crate::fleet::{self, Door, Ground, Seat};
use crate::form::Form;
use crate::hammer;
use crate::history::History;
use crate::tally::Tally;
use crate::verdict;

/// Lets a storm go over an empty database, waits until it is calm, and judges what is left.
pub(crate) async fn endure(backend: Backend, form: &Form) {
    let Some(ground) = Ground::lay(backend).await else { return };
    let what = format!("chaos on {backend:?}, seed {}", form.seed);
    let (ground, tally) = (Arc::new(ground), Arc::new(Tally::new()));
    let dice = |player| Dice::new(form.seed, player);
    let cast = Arc::new(Cast::gather(form.leaders, &mut dice(0), Arc::clone(&tally)).await);

    let mut seats = ground.seats(&cast.x);
    for seat in &mut seats {
        seat.start().await;
    }
    let first = seats[0].program.as_ref().unwrap().url().to_owned();
    let token = fleet::admin_token(&first).await;
    fleet::follow(&first, &token, &cast.handles).await;

    let mut background = JoinSet::new();
    let (shown, title) = (Arc::clone(&tally), what.clone());
    background.spawn(async move { shown.show(&title).await });
    let mut seats = storm(seats, &cast, &ground, &token, form, &tally).await;

    let calm = calm::wait(&seats, &token, form.patience).await;
    let last_words = hammer::last_words(&seats);
    for seat in &mut seats {
        seat.kill().await;
    }
    drop(background);
    let history = History::read(&ground.url(), cast.x.refusals()).await;
    let mut findings = verdict::findings(&history, &cast.truth());
    findings.extend(calm.err());
    eprintln!("{what}: {tally}; {history}");
    assert!(findings.is_empty(), "{what}: {}\n\n{last_words}", findings.join("\n"));
}

/// Everything at once, until every process has had its blows.
async fn storm(
    seats: Vec<Seat>,
    cast: &Arc<Cast>,
    ground: &Arc<Ground>,
    token: &str,
    form: &Form,
    tally: &Arc<Tally>,
) -> Vec<Seat> {
    let dice = |player| Dice::new(form.seed, player);
    let mut crowd = JoinSet::new();
    let (people, moods) = ((Arc::clone(cast), dice(1)), (Arc::clone(cast), dice(2)));
    crowd.spawn(async move { people.0.write(people.1).await });
    crowd.spawn(async move { moods.0.misbehave(moods.1).await });
    let doors: Vec<Door> = seats.iter().map(|seat| Arc::clone(&seat.door)).collect();
    crowd.spawn(fleet::ask_for_runs(doors, token.to_owned(), dice(3), Arc::clone(tally)));

    let (stop, mut weather) = (CancellationToken::new(), JoinSet::new());
    let lines: Vec<_> = seats.iter().filter_map(|seat| seat.line.clone()).collect();
    if !lines.is_empty() {
        weather.spawn(hammer::cut(lines, dice(4), Arc::clone(tally), stop.clone()));
        weather.spawn(hammer::crash(Arc::clone(ground), dice(5), Arc::clone(tally), stop.clone()));
    }

    let (share, mut struck) = (form.blows.div_ceil(seats.len()), JoinSet::new());
    for (player, seat) in (10..).zip(seats) {
        struck.spawn(hammer::strike(seat, share, dice(player), Arc::clone(tally)));
    }
    let seats = struck.join_all().await;
    stop.cancel();
    weather.join_all().await;
    crowd.shutdown().await;
    seats
}

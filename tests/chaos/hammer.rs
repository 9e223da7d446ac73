//! Kills and freezes processes, cuts their connections and crashes the database.

use std::sync::Arc;
use std::time::Duration;

use amber_tests::{Flaky, Program};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::fleet::{Ground, LEASE, Seat};
use crate::tally::Tally;

/// A process that is given time works for so many milliseconds between two blows.
const RESPITE: std::ops::Range<usize> = 100..1_200;

/// Deals `blows` to the process of one seat, and leaves it running.
pub(crate) async fn strike(mut seat: Seat, blows: usize, mut dice: Dice, tally: Arc<Tally>) -> Seat {
    for _ in 0..blows {
        sleep(dice.millis(RESPITE)).await;
        if dice.below(100) < 60 {
            seat.kill().await;
            tally.kills.add(1);
            sleep(dice.millis(0..300)).await;
            seat.start().await;
            continue;
        }
        let program = seat.program.as_ref().expect("a seat has its program between two blows");
        program.freeze();
        tally.freezes.add(1);
        // Most freezes outlast the lease; the others end while it is still held.
        let shortest = if dice.below(4) == 0 { Duration::from_millis(100) } else { LEASE };
        sleep(shortest + dice.millis(100..1_500)).await;
        program.thaw();
    }
    seat
}

/// Cuts and stalls the connections of one process at a time, until `stop`; then all of them are whole.
pub(crate) async fn cut(lines: Vec<Arc<Flaky>>, mut dice: Dice, tally: Arc<Tally>, stop: CancellationToken) {
    while stop.run_until_cancelled(sleep(dice.millis(800..4_000))).await.is_some() {
        let line = dice.one_of(&lines).clone();
        if dice.below(3) == 0 {
            line.stall().await;
        } else {
            line.cut().await;
        }
        tally.cuts.add(1);
        sleep(dice.millis(50..1_500)).await;
        line.heal().await;
    }
}

/// Crashes the database under everybody, until `stop`; then it runs.
pub(crate) async fn crash(ground: Arc<Ground>, mut dice: Dice, tally: Arc<Tally>, stop: CancellationToken) {
    while stop.run_until_cancelled(sleep(dice.millis(5_000..12_000))).await.is_some() {
        let (before, after) = (Arc::clone(&ground), Arc::clone(&ground));
        spawn_blocking(move || before.crash()).await.expect("the database can be stopped");
        tally.crashes.add(1);
        sleep(dice.millis(0..900)).await;
        spawn_blocking(move || after.start_again()).await.expect("the database starts again");
    }
}

/// The last words of all processes, for whoever has to find out.
pub(crate) fn last_words(seats: &[Seat]) -> String {
    let words = seats.iter().filter_map(|seat| seat.program.as_ref()).flat_map(Program::last_words);
    words.collect::<Vec<_>>().join("\n")
}

//! Writes panics into the log, without the values that their words may hold.

use std::panic::{self, PanicHookInfo};

use tracing::error;

/// From now on each panic of this process leaves a line in the log, in the place of the words that go to standard error.
pub(super) fn log_panics() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    // A text that is part of the program holds no values; one that was made may hold anything.
    let said = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("its words are left out");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    error!(place, "A panic at {place}: {said}.");
}

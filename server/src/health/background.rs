//! Which tasks of the background are down.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Background;

/// What became of the tasks of the background. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Tasks(Arc<Mutex<TaskCheck>>);

/// What became of the tasks of the background since the process began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskCheck {
    /// Those that panicked and are not at work again yet.
    pub down: BTreeSet<Background>,
    /// How often one of them was started again.
    pub restarts: u64,
}

impl Tasks {
    /// A task panicked.
    pub fn fell(&self, task: Background) {
        self.lock().down.insert(task);
    }

    /// It was started again.
    pub fn restarted(&self, task: Background) {
        let mut check = self.lock();
        check.down.remove(&task);
        check.restarts += 1;
    }

    /// What became of them.
    #[must_use]
    pub fn check(&self) -> TaskCheck {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, TaskCheck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

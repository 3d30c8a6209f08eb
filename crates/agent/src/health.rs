//! Whether the agent lives, and whether everything on its node is as it should be.
//!
//! It is written by the thread that works and read by whoever asks, so a thread that hangs is seen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A thread that said nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of the agent's health.
#[derive(Clone, Debug)]
pub struct Health {
    said: Arc<Mutex<Said>>,
}

#[derive(Debug)]
struct Said {
    at: Instant,
    lacks: Vec<String>,
}

impl Default for Health {
    fn default() -> Self {
        let lacks = vec!["it has just started".to_owned()];
        Self { said: Arc::new(Mutex::new(Said { at: Instant::now(), lacks })) }
    }
}

impl Health {
    /// The working thread lives, and this is what is not as it should be.
    pub(crate) fn say(&self, lacks: Vec<String>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        *said = Said { at: Instant::now(), lacks };
    }

    /// Whether the working thread lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.at.elapsed() < PATIENCE
    }

    /// What is not as it should be; the agent is ready where that is nothing.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).lacks.clone()
    }
}

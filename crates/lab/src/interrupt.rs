//! Ctrl-C and SIGTERM, as a value that the lab looks at between and during its steps.
//!
//! A lab that is interrupted must still remove what it made, so the signal ends the work and not
//! the process.

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::LabError;

/// Becomes true once.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens for signals from now on.
    ///
    /// # Errors
    /// Where the system does not let us.
    pub(crate) fn listen(runtime: &Handle) -> Result<Self, LabError> {
        let _inside = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).map_err(LabError::Runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(LabError::Runtime)?;
        let (sender, receiver) = watch::channel(false);
        runtime.spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            sender.send_replace(true);
            // The channel stays open for as long as somebody looks at it.
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// # Errors
    /// Where a signal came.
    pub(crate) fn check(&self) -> Result<(), LabError> {
        if *self.0.borrow() { Err(LabError::Interrupted) } else { Ok(()) }
    }

    /// Waits for a signal.
    pub(crate) async fn wait(&self) -> LabError {
        let mut receiver = self.0.clone();
        // The sender lives as long as the runtime; without it nothing can be waited for either.
        drop(receiver.wait_for(|came| *came).await);
        LabError::Interrupted
    }
}

//! The signals by which a person or a machine ends a command that takes long.
//!
//! Whoever listens removes what was made before it ends.

/// Comes back when somebody wants the command to end.
pub(crate) async fn interrupted() {
    // Where signals cannot be heard, the system ends the process as it does without this.
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}

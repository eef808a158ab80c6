//! Waiting for what must happen, and never longer than it may take.

use std::pin::Pin;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// Longer than anything takes that a test waits for, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(15);

/// Looks until there is something to see.
///
/// # Panics
/// When there is nothing to see after [`PATIENCE`].
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// What has an end, by then.
///
/// # Panics
/// When it has not ended after [`PATIENCE`].
pub(crate) async fn in_time<T>(what: &str, end: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, end).await {
        Ok(end) => end,
        Err(_) => panic!("never came: {what}"),
    }
}

/// A scene with a store of its own.
pub(crate) type Scene = (&'static str, Pin<Box<dyn Future<Output = ()>>>);

/// Puts a scene into the list for [`together`].
pub(crate) fn scene(name: &'static str, play: impl Future<Output = ()> + 'static) -> Scene {
    (name, Box::pin(play))
}

/// Plays scenes at the same time: most of a slow one is waiting.
///
/// # Panics
/// When any of them does, with the names of those that did.
pub(crate) async fn together(scenes: impl IntoIterator<Item = Scene>) {
    let stage = LocalSet::new();
    let playing: Vec<_> = scenes
        .into_iter()
        .map(|(name, play)| (name, stage.spawn_local(play)))
        .collect();
    let failed = stage.run_until(async {
        let mut failed = Vec::new();
        for (name, playing) in playing {
            if playing.await.is_err() {
                failed.push(name);
            }
        }
        failed
    });
    let failed = failed.await;
    assert!(failed.is_empty(), "failed: {}", failed.join("; "));
}

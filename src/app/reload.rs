//! Watching the open file. Editors replace a file rather than write to it, so its folder is watched.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use notify_debouncer_full::notify::{self, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

/// Tells when a file has changed, after its writer has been quiet for a moment.
pub struct Watcher {
    changed: Arc<AtomicBool>,
    // Dropping it ends the watch.
    _debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

impl Watcher {
    /// Watches `path`; calls `wake` from another thread after each change.
    pub fn new(path: &Path, wake: impl Fn() + Send + 'static) -> Result<Watcher, notify::Error> {
        let changed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&changed);
        let name: Option<OsString> = path.file_name().map(OsString::from);
        let handler = move |result: DebounceEventResult| {
            let Ok(events) = result else { return };
            let mine = |path: &std::path::PathBuf| path.file_name() == name.as_deref();
            let written = |kind: &notify::EventKind| !matches!(kind, notify::EventKind::Access(_));
            if events.iter().any(|event| written(&event.kind) && event.paths.iter().any(mine)) {
                flag.store(true, Ordering::Release);
                wake();
            }
        };
        let mut debouncer = new_debouncer(Duration::from_millis(120), None, handler)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        debouncer.watch(folder, RecursiveMode::NonRecursive)?;
        Ok(Watcher { changed, _debouncer: debouncer })
    }

    /// Whether the file has changed since this was last asked.
    pub fn changed(&self) -> bool {
        self.changed.swap(false, Ordering::Acquire)
    }
}

//! What is asked of this computer and of devices for a page, in the background. It changes
//! nothing. What the last one found is kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;
use maud::{Markup, html};
use sadp_doctor::Check;
use sadp_model::{Recovery, text::local_minute};
use sadp_reset::DeviceKey;
use sadp_text::ErrorText;
use tokio::sync::watch;

use crate::locked;

/// What devices replied of their recovery methods.
pub(crate) type Prepared = HashMap<DeviceKey, Recovery>;

/// All looks.
#[derive(Default)]
pub(crate) struct BackgroundLooks {
    /// The checks of this computer and of a scan.
    pub(crate) doctor: Look<Vec<Check>>,
    /// What is set up on devices.
    pub(crate) prepared: Look<Prepared>,
    progress: watch::Sender<u64>,
    found: watch::Sender<u64>,
}

/// One kind of look.
pub(crate) struct Look<T>(Arc<Mutex<LookState<T>>>);

/// See [`Look`].
pub(crate) struct LookState<T> {
    /// How far the one under way is.
    pub(crate) running: Option<String>,
    /// What the last one found, as far as it did, and when.
    pub(crate) found: Option<Arc<Found<T>>>,
    /// Why the last one found nothing.
    pub(crate) failure: Option<ErrorText>,
    /// Whether the one under way began before something was changed.
    is_outdated: bool,
}

/// What was found, and when.
#[derive(Clone)]
pub(crate) struct Found<T> {
    pub(crate) at: Timestamp,
    pub(crate) what: T,
}

impl<T> Found<T> {
    pub(crate) const fn new(at: Timestamp, what: T) -> Self {
        Self { at, what }
    }

    /// The minute, for people.
    pub(crate) fn minute(&self) -> String {
        local_minute(self.at)
    }
}

impl<T> Default for Look<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LookState {
            running: None,
            found: None,
            failure: None,
            is_outdated: false,
        })))
    }
}

impl<T> Clone for LookState<T> {
    fn clone(&self) -> Self {
        Self {
            running: self.running.clone(),
            found: self.found.clone(),
            failure: self.failure.clone(),
            is_outdated: self.is_outdated,
        }
    }
}

impl BackgroundLooks {
    /// Whoever waits for how far they are.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.progress.subscribe()
    }

    /// Whoever waits for what they found.
    pub(crate) fn subscribe_found(&self) -> watch::Receiver<u64> {
        self.found.subscribe()
    }

    /// Forgets what is set up on devices: something was changed.
    pub(crate) fn forget_prepared(&self) {
        let mut prepared = self.prepared.lock();
        prepared.found = None;
        prepared.is_outdated = true;
        drop(prepared);
        self.tell_found();
    }

    /// Tells whoever waits how far they are.
    pub(crate) fn tell_progress(&self) {
        tell(&self.progress);
    }

    /// Tells whoever waits for what they found.
    pub(crate) fn tell_found(&self) {
        tell(&self.found);
    }

    /// Waits until none is under way.
    pub(crate) async fn end(&self) {
        let mut changes = self.subscribe();
        while self.doctor.is_running() || self.prepared.is_running() {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

fn tell(changes: &watch::Sender<u64>) {
    changes.send_modify(|version| *version += 1);
}

impl<T> Clone for Look<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Look<T> {
    /// Takes the place of the one look of its kind. Whether there was none.
    pub(crate) fn reserve(&self) -> bool {
        let mut state = self.lock();
        if state.running.is_some() {
            return false;
        }
        state.running = Some("begins".into());
        state.is_outdated = false;
        state.failure = None;
        true
    }

    /// Gives the place back: the look could not begin.
    pub(crate) fn withdraw(&self) {
        self.lock().running = None;
    }

    /// Keeps how far it is.
    pub(crate) fn take_progress(&self, text: String) {
        self.lock().running = Some(text);
    }

    /// Keeps what it found.
    pub(crate) fn end(&self, found: Result<T, ErrorText>) {
        let at = Timestamp::now();
        let mut state = self.lock();
        state.running = None;
        let former = match found {
            Ok(_) if state.is_outdated => {
                state.failure = Some(ErrorText {
                    message: "something was changed on devices meanwhile".into(),
                    hints: vec!["ask them again".into()],
                });
                None
            }
            Ok(what) => state.found.replace(Arc::new(Found::new(at, what))),
            Err(failure) => {
                state.failure = Some(failure);
                None
            }
        };
        // Thousands of devices take their time.
        drop(state);
        drop(former);
    }
}

impl<T> Look<T> {
    /// What is known now.
    pub(crate) fn now(&self) -> LookState<T> {
        self.lock().clone()
    }

    fn is_running(&self) -> bool {
        self.lock().running.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, LookState<T>> {
        locked(&self.0)
    }
}

impl<T> LookState<T> {
    /// How far the one under way is, or why the last one found nothing.
    pub(crate) fn status(&self, doing: &str) -> Markup {
        html! {
            div role="status" {
                @if let Some(progress) = &self.running { p .progress { (doing) ": " (progress) } }
            }
            @if let Some(failure) = &self.failure { (crate::error::problem(failure)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let looks = BackgroundLooks::default();
        looks.forget_prepared();
        looks.prepared.end(Ok(Prepared::new()));
        let now = looks.prepared.now();
        assert!(now.found.is_none() && now.failure.is_some());
    }
}

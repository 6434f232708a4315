//! What is asked of this computer and of devices for a page, in the background. It changes
//! nothing. What the last one found is kept.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use axum::http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};
use sadp_doctor::Check;
use sadp_model::{Recovery, text::local_minute};
use sadp_ops::{Cancellation, Event, LedgerAccess, Observer, OpsError, Session, recovery::methods};
use sadp_reset::DeviceKey;
use sadp_text::{ErrorText, progress};
use tokio::{runtime::Handle, sync::watch};

use crate::{
    error::{WebError, or_defect},
    locked,
    site::Site,
};

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

    /// Asks devices what is set up on them, and those that do not say it by SADP what they
    /// offer over HTTP. All of them, or `only` these; what others replied before is kept.
    pub(crate) fn ask(
        &self,
        site: &Site,
        only: Option<HashSet<DeviceKey>>,
    ) -> Result<(), WebError> {
        let former = self.prepared.now().found;
        let access = LedgerAccess::Record;
        self.prepared
            .begin(site, access, async move |session, observer| {
                let mut inventory = session.look(observer).await?.0;
                // Thousands of devices are not held twice.
                let mut devices = mem::take(&mut inventory.devices);
                if let Some(only) = &only {
                    devices.retain(|it| it.key().is_some_and(|key| only.contains(&key)));
                }
                methods::read_prepared(session, &inventory, &mut devices, observer).await?;
                methods::read_offered_over_http(session, &mut devices, observer).await?;
                let mut known = former.map_or_else(Prepared::new, |it| it.what.clone());
                let devices = devices.into_iter();
                known.extend(devices.filter_map(|it| Some((it.key()?, it.entry.device.recovery))));
                Ok(known)
            })
    }

    /// Forgets what is set up on devices: something was changed.
    pub(crate) fn forget_prepared(&self) {
        let mut prepared = self.prepared.lock();
        prepared.found = None;
        prepared.is_outdated = true;
        drop(prepared);
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

impl<T: Send + Sync + 'static> Look<T> {
    /// Begins one, unless one is under way.
    pub(crate) fn begin<W>(
        &self,
        site: &Site,
        access: LedgerAccess,
        work: W,
    ) -> Result<(), WebError>
    where
        W: AsyncFnOnce(&mut Session, &mut dyn Observer) -> Result<T, OpsError> + Send + 'static,
    {
        let mut state = self.lock();
        if state.running.is_some() {
            return Ok(());
        }
        let stop = &site.cancellation.stop;
        let mut session = site.open(
            access,
            Cancellation {
                stop: stop.child_token(),
                abandon: stop.child_token(),
            },
        )?;
        let (look, site, runtime) = (Self(Arc::clone(&self.0)), site.clone(), Handle::current());
        // A session is for one thread.
        let spawned = thread::Builder::new().name("look".into()).spawn(move || {
            let mut observer = |event: Event<'_>| {
                if let Some(progress) = progress(&event) {
                    look.lock().running = Some(progress.text);
                    tell(&site.looks.progress);
                }
            };
            let found = or_defect(|| runtime.block_on(work(&mut session, &mut observer)));
            drop(session);
            look.end(found);
            tell(&site.looks.progress);
            tell(&site.looks.found);
        });
        spawned.map_err(|_| {
            WebError::new(StatusCode::SERVICE_UNAVAILABLE, "cannot start a thread")
                .next("close other programs and try again")
        })?;
        state.running = Some("begins".into());
        state.is_outdated = false;
        state.failure = None;
        Ok(())
    }

    fn end(&self, found: Result<T, ErrorText>) {
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

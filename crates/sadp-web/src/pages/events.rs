//! Tells open pages that something changed. They ask for what they show again.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::stream;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{error::WebError, site::Site};

/// The time between two events where much changes: a list of thousands is not asked for at
/// each reply.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/live/events", get(events))
}

/// What pages wait for.
struct Changes {
    devices: watch::Receiver<u64>,
    jobs: watch::Receiver<u64>,
    /// How far looks in the background are.
    looks: watch::Receiver<u64>,
    /// What these found.
    found: watch::Receiver<u64>,
    pace: Interval,
}

impl Changes {
    /// Those of a stream that begins: what changed before is shown, too.
    fn of(site: &Site) -> Self {
        let mut changes = Self {
            devices: site.live.subscribe(),
            jobs: site.jobs.subscribe(),
            looks: site.looks.subscribe(),
            found: site.looks.subscribe_found(),
            pace: interval(PAUSE),
        };
        changes
            .pace
            .set_missed_tick_behavior(MissedTickBehavior::Delay);
        let all = [
            &mut changes.devices,
            &mut changes.jobs,
            &mut changes.looks,
            &mut changes.found,
        ];
        all.into_iter().for_each(watch::Receiver::mark_changed);
        changes
    }

    /// Waits for one. None where nothing changes any more.
    async fn next(&mut self) -> Option<&'static str> {
        self.pace.tick().await;
        tokio::select! {
            Ok(()) = self.jobs.changed() => Some("job"),
            Ok(()) = self.looks.changed() => Some("look"),
            Ok(()) = self.found.changed() => Some("found"),
            Ok(()) = self.devices.changed() => Some("devices"),
            else => None,
        }
    }
}

/// A stream holds no events: a slow reader misses some, and the next one says the same.
async fn events(State(site): State<Site>) -> Result<Response, WebError> {
    let permit = site.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| {
        WebError::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open")
            .next("close some of them")
    })?;
    let begin = (Changes::of(&site), site.cancellation.stop.clone(), permit);
    let events = stream::unfold(begin, async |(mut changes, stop, permit)| {
        let name = stop.run_until_cancelled(changes.next()).await??;
        // Browsers drop events without data.
        let event = Event::default().event(name).data("changed");
        Some((Ok::<_, Infallible>(event), (changes, stop, permit)))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

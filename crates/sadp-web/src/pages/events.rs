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
use tokio::time::sleep;

use crate::{error::WebError, site::Site};

/// The shortest time between two events of a kind: a list of thousands is not asked for
/// at each reply.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/live/events", get(events))
}

/// A stream holds no events: a slow reader misses some, and the next one says the same.
async fn events(State(site): State<Site>) -> Result<Response, WebError> {
    let permit = site.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| {
        WebError::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open")
            .next("close some of them")
    })?;
    let devices = site.live.subscribe();
    let jobs = site.jobs.subscribe();
    let looks = site.looks.subscribe();
    let begin = (site, devices, jobs, looks, permit, true);
    let events = stream::unfold(
        begin,
        async |(site, mut devices, mut jobs, mut looks, permit, first)| {
            if first {
                // What changed before the stream began is shown, too.
                devices.mark_changed();
                jobs.mark_changed();
                looks.mark_changed();
            } else {
                sleep(PAUSE).await;
            }
            let name = tokio::select! {
                () = site.cancellation.stop.cancelled() => return None,
                Ok(()) = jobs.changed() => "job",
                Ok(()) = looks.changed() => "look",
                Ok(()) = devices.changed() => "devices",
                else => return None,
            };
            // Browsers drop events without data.
            let event = Event::default().event(name).data("changed");
            Some((
                Ok::<_, Infallible>(event),
                (site, devices, jobs, looks, permit, false),
            ))
        },
    );
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

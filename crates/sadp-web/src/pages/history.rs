//! What was sent to which device, when, and how it ended: the ledger's audit.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use jiff::tz::TimeZone;
use maud::{Markup, html};
use sadp_model::{MacAddr, Serial, text::clean};
use sadp_reset::{AttemptFilter, AttemptRecord, DeviceKey, SiteName};
use sadp_text::{action_text, attempt_text, key_name};
use serde::Deserialize;

use super::shown;
use crate::{
    draft::FormDraft,
    error::WebError,
    page::{FormField, Tab, page, sentence, table},
    site::Site,
};

const PATH: &str = "/history";

/// How many commands stand on a page.
const ROWS: u32 = 100;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show))
}

/// Which commands are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HistoryQuery {
    /// The number of a device of the list.
    device: Option<u64>,
    /// The MAC or serial of a device.
    of: String,
    /// Those before the one with this number.
    before: Option<i64>,
}

async fn show(State(site): State<Site>, Query(query): Query<HistoryQuery>) -> Response {
    let history = history(&site, query).await;
    shown(&site, Tab::History, history)
}

async fn history(site: &Site, query: HistoryQuery) -> Result<Markup, WebError> {
    let device = match query.device {
        Some(number) => site.device(number)?.key(),
        None => named(&query.of)?,
    };
    let filter = AttemptFilter {
        device: device.as_ref().map(DeviceKey::by_mac),
        before: query.before,
        // One more tells whether there are older ones.
        limit: Some(ROWS + 1),
        ..AttemptFilter::default()
    };
    let read = site.read(move |session, _| {
        let Some(ledger) = session.ledger() else {
            return Ok((Vec::new(), HashMap::new()));
        };
        Ok((ledger.attempts(&filter)?, session.site_names()?))
    });
    let (attempts, names) = read.await?;
    let of = device.as_ref().map(key_name).unwrap_or_default();
    let body = html! {
        p { "Every command that was sent from this state folder, the newest first. It holds no password, answer or code." }
        form .filter method="get" action=(PATH) role="search" {
            (FormField::text("of", "Only the device with this MAC or serial number").value(&of).render(&FormDraft::new(PATH)))
            button type="submit" { "Show" }
        }
        (list(&attempts, &names))
        (paging(&of, query.before.is_some(), &attempts))
    };
    Ok(page(site, Tab::History, "History", &body))
}

/// The key of the device that somebody named. None where nobody did.
fn named(text: &str) -> Result<Option<DeviceKey>, WebError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let mac: Option<MacAddr> = text.parse().ok();
    let serial = Serial::new(text).filter(|_| mac.is_none());
    let key = DeviceKey::new(mac, serial).map(Some);
    key.ok_or_else(|| {
        WebError::bad("this identifies no device").next("type a MAC or a serial number")
    })
}

fn list(attempts: &[AttemptRecord], names: &HashMap<MacAddr, SiteName>) -> Markup {
    if attempts.is_empty() {
        return html! { p { "Nothing was sent." } };
    }
    let rows = html! {
        @for record in attempts.iter().take(ROWS as usize) { (row(record, names)) }
    };
    let titles = [
        "When",
        "Device",
        "What was sent",
        "Result",
        "What became of it",
    ];
    table("Commands, the newest first", &titles, &rows)
}

fn row(record: &AttemptRecord, names: &HashMap<MacAddr, SiteName>) -> Markup {
    let attempt = &record.attempt;
    let at = attempt.at.to_zoned(TimeZone::system());
    let device = attempt.device.as_ref();
    let name = device
        .and_then(DeviceKey::mac)
        .and_then(|mac| names.get(&mac)?.called());
    let serial = device.and_then(DeviceKey::serial);
    let model = serial.and_then(|it| Some(it.parts(None)?.model.to_owned()));
    let result = record.result().name();
    html! {
        tr {
            td { time datetime=(attempt.at) { (at.strftime("%Y-%m-%d %H:%M:%S")) } }
            td {
                @if let Some(name) = name.or(model) { (clean(&name)) br; }
                @if let Some(key) = device {
                    @let of = key_name(key);
                    a href=(path(&of, None)) { (clean(&of)) } " "
                }
                @if let Some(address) = attempt.address { (address) }
            }
            td { (sentence(action_text(attempt.action))) }
            td { span .status.(result) { (result) } }
            td { (sentence(&attempt_text(record))) }
        }
    }
}

fn paging(of: &str, is_later: bool, attempts: &[AttemptRecord]) -> Markup {
    let is_more = attempts.len() > ROWS as usize;
    let last = attempts.iter().take(ROWS as usize).next_back();
    let older = last.filter(|_| is_more).map(|it| it.id.number());
    html! {
        nav .paging aria-label="Pages of the history" {
            @if !of.is_empty() { a href=(PATH) { "All devices" } }
            @if is_later { a href=(path(of, None)) { "Newest" } }
            @if let Some(older) = older { a href=(path(of, Some(older))) rel="next" { "Older" } }
        }
    }
}

fn path(of: &str, before: Option<i64>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    if !of.is_empty() {
        pairs.append_pair("of", of);
    }
    if let Some(before) = before {
        pairs.append_pair("before", &before.to_string());
    }
    match pairs.finish() {
        query if query.is_empty() => PATH.into(),
        query => format!("{PATH}?{query}"),
    }
}

//! Requests to the vendor's support: which wait for an answer, until when, and what to do.

mod answers;
mod case;
mod export;

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::text::{clean, local_minute};
use sadp_ops::{
    DiscoveredDevice, Inventory,
    recovery::{CaseStep, ReviewedCase, request, review},
};
use sadp_reset::{Contact, InvalidReason, Mailing, SiteName};
use sadp_text::{case_reasons, case_state, case_time_left, count};
use serde::Deserialize;

use super::{contact::CONTACT, problem, shown};
use crate::{
    error::WebError,
    kept::download,
    live::LiveState,
    page::{Tab, page, sentence, table},
    site::Site,
};

/// Where the requests are listed.
pub(super) const REQUESTS: &str = "/requests";

/// The folder of request packages, in the state folder.
const FOLDER: &str = "requests";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(REQUESTS, get(show))
        .route("/live/requests", get(list))
        .route("/requests/requests.zip", get(archive))
        .route("/requests/request-letter.txt", get(letter))
        .route("/requests/requests.eml", get(draft))
        .merge(export::routes())
        .merge(answers::routes())
        .merge(case::routes())
}

/// Which requests are listed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct RequestQuery {
    /// Closed ones, too.
    all: bool,
}

async fn show(State(site): State<Site>, Query(query): Query<RequestQuery>) -> Response {
    let (live, other, name) = if query.all {
        (
            "/live/requests?all=true",
            REQUESTS,
            "Show open requests alone",
        )
    } else {
        (
            "/live/requests",
            "/requests?all=true",
            "Show closed requests, too",
        )
    };
    let body = content(&site, query).await.map(|content| {
        html! {
            div #requests data-live=(live) data-on="job" { (content) }
            div .actions {
                a href=(other) { (name) }
                a href=(CONTACT) { "Contact: who asks" }
            }
            h2 { "Import answers" }
            (answers::upload(&site))
        }
    });
    let body = body.map(|it| {
        page(
            &site,
            Tab::Requests,
            "Requests to the vendor's support",
            &it,
        )
    });
    shown(&site, Tab::Requests, body)
}

async fn list(State(site): State<Site>, Query(query): Query<RequestQuery>) -> Response {
    shown(&site, Tab::Requests, content(&site, query).await)
}

/// The requests, and what to send to the vendor's support.
async fn content(site: &Site, query: RequestQuery) -> Result<Markup, WebError> {
    let mut cases = site.cases().await?;
    cases.retain(|it| query.all || it.case.is_open());
    let open = cases.iter().filter(|it| it.case.is_open()).count();
    let waiting = cases.iter().filter(|it| it.is_waiting()).count();
    let now = site.live.now();
    let rows = html! { @for case in &cases { (row(case, &now)) } };
    Ok(html! {
        p .counts { (count(open as u64, "open request", "open requests")) "." }
        @if cases.is_empty() {
            p { "A request is how the vendor's support resets a forgotten password. "
                a href="/" { "Mark devices" } ", then export their requests." }
        } @else {
            (table("Requests", &["Request", "Device", "State", "Exported", "Time left", "What to do next"], &rows))
        }
        @if waiting > 0 {
            h2 { "Send to the vendor's support" }
            p { (count(waiting as u64, "request waits", "requests wait"))
                " for an answer. The draft opens in a mail program, with the letter in it and the requests attached." }
            p .buttons {
                a .button .primary href="/requests/requests.eml" { "Download the draft of an e-mail" }
                a .button href="/requests/requests.zip" { "Download all as a ZIP file" }
                a .button href="/requests/request-letter.txt" { "Download the letter" }
            }
            p .hint { "Until the answers are in, neither restart these devices nor export their requests again." }
        }
    })
}

fn row(reviewed: &ReviewedCase, now: &LiveState) -> Markup {
    let case = &reviewed.case;
    let id = case.id.number();
    html! {
        tr {
            th scope="row" { a id=(format!("case-{id}")) href=(case::path(id)) { "Request " (id) } }
            td { (device(reviewed)) }
            td { (state(reviewed)) }
            td { (local_minute(case.request.exported_at)) }
            td { @match case_time_left(reviewed) {
                Some(left) => { (left) br; "until " (local_minute(case.request.valid_until())) }
                None => "-",
            } }
            td {
                @for reason in case_reasons(reviewed) { (sentence(&reason)) }
                @if let Some(step) = reviewed.next { (next_step(step, reviewed.number_in(now))) }
            }
        }
    }
}

/// What the request knows of its device, in short.
fn device(reviewed: &ReviewedCase) -> Markup {
    let request = &reviewed.case.request;
    let serial = request.device.serial();
    let model = serial.and_then(|it| it.parts(None)).map(|it| it.model);
    let called = reviewed.site_name.as_ref().and_then(SiteName::called);
    html! {
        @if let Some(called) = &called { (clean(called)) br; }
        @if let Some(model) = model { (clean(model)) " " }
        @if let Some(label) = serial.and_then(|it| it.label()) { (clean(label)) }
        br;
        @if let Some(address) = request.address { (address) " " }
        @if let Some(mac) = request.device.mac() { (mac) }
    }
}

fn state(reviewed: &ReviewedCase) -> Markup {
    let state = case_state(reviewed);
    html! { span .state.(state.trim_end_matches('?')) { (state) } }
}

/// What to do about an open request, with the pages that do it.
fn next_step(step: CaseStep, number: Option<u64>) -> Markup {
    let export = html! {
        @match number {
            Some(number) => a href=(export::path(number)) { "export another request" },
            None => "export another request once the device is in the list",
        }
    };
    html! {
        @match step {
            CaseStep::TryPassword => p { "Try the new password in its own web page, once. If it is refused, import the answer again, and lift the check may-have-worked." },
            CaseStep::Import => p { "Import the answer when it is there." },
            CaseStep::ImportOrExportAgain => p { "Import the answer when it is there, or " (export) "." },
            CaseStep::ExportAgain => p { "Its answer would be refused: " (export) "." },
        }
    }
}

async fn archive(State(site): State<Site>) -> Response {
    let files = mailing(&site).await;
    let files = files.map(|it| download(Mailing::ARCHIVE_FILE, "application/zip", it.archive));
    files.unwrap_or_else(|error| problem(&site, Tab::Requests, &error))
}

async fn letter(State(site): State<Site>) -> Response {
    let files = mailing(&site).await;
    let files =
        files.map(|it| download(Mailing::LETTER_FILE, "text/plain; charset=utf-8", it.letter));
    files.unwrap_or_else(|error| problem(&site, Tab::Requests, &error))
}

async fn draft(State(site): State<Site>) -> Response {
    let files = mailing(&site).await;
    let files = files.map(|it| download(Mailing::DRAFT_FILE, "message/rfc822", it.draft));
    files.unwrap_or_else(|error| problem(&site, Tab::Requests, &error))
}

/// The mailing of all requests that wait for an answer, wherever they were exported to.
async fn mailing(site: &Site) -> Result<Mailing, WebError> {
    let contact: Contact = site.contact()?;
    let made = site.read(move |session, _| {
        let packages = request::waiting(session, |_| true)?;
        let made = Mailing::make(&packages, &contact, session.now());
        made.map_err(|error| {
            let message = format!("cannot make the files: {}", sadp_text::with_cause(&error));
            WebError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
        })
    });
    made.await?.ok_or_else(|| {
        WebError::gone("no request waits for an answer, or their folders are gone")
            .next("export requests of devices")
    })
}

impl Site {
    /// All requests, and whether they can still be answered as far as the list shows that.
    async fn cases(&self) -> Result<Vec<ReviewedCase>, WebError> {
        self.read(|session, devices| {
            let inventory = Inventory {
                devices,
                ..Inventory::default()
            };
            let mut cases = review(session, Some(&inventory))?;
            for case in &mut cases {
                // The list may not be complete yet.
                let reasons = &mut case.invalid_reasons;
                reasons.retain(|it| !matches!(it, InvalidReason::NotSeen { .. }));
            }
            Ok(cases)
        })
        .await
    }
}

/// What the pages ask of a request.
trait RequestPages {
    /// Whether its answer is awaited and can still be sent.
    fn is_waiting(&self) -> bool;

    /// The number of its device in the list.
    fn number_in(&self, now: &LiveState) -> Option<u64>;
}

impl RequestPages for ReviewedCase {
    fn is_waiting(&self) -> bool {
        let stops = self.invalid_reasons.iter().any(InvalidReason::stops_import);
        self.case.is_open() && !stops
    }

    fn number_in(&self, now: &LiveState) -> Option<u64> {
        let key = &self.case.request.device;
        let is_it = |it: &DiscoveredDevice| it.is(key);
        now.all().find(|it| is_it(&it.found)).map(|it| it.number)
    }
}

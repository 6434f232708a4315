//! Which devices can be recovered, and what else needs attention.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use maud::{Markup, PreEscaped, html};
use sadp_model::text::clean;
use sadp_ops::{
    DiscoveredDevice, Session,
    audit::{self, AuditedDevice, ChangeSince, EarlierAudit},
    cameras::{self, CameraBehind},
};
use sadp_text::{
    AuditEntry, NOT_ASKED, Sheet, audit_change, audit_result, camera_mends, camera_place,
    capitalised, count, finding, mends, read_earlier_audit, ready_methods, select,
    write_json_array,
};
use serde::Deserialize;

use super::{problem, shown};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{KeyedForm, Upload},
    kept::{CSV, JSON, XLSX, download},
    looks::Prepared,
    page::{FormField, Tab, key, page, paging, sentence, table, upload_form},
    site::Site,
    wording::{device_title, told},
};

const PATH: &str = "/audit";
const SINCE: &str = "/audit/since";

/// How many devices stand on a page.
const ROWS: usize = 100;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(ask))
        .route("/live/audit", get(list))
        .route(
            "/live/audit/asking",
            get(async |State(site): State<Site>| asking(&site)),
        )
        .route(SINCE, post(compare))
        .route("/audit.csv", get(csv))
        .route("/audit.json", get(json))
        .route("/audit.xlsx", get(xlsx))
}

/// An audit of the devices of the list.
struct Audit {
    /// The devices, the worst first.
    audited: Vec<AuditedDevice>,
    /// The cameras behind recorders, as these listed them last.
    cameras: Vec<CameraBehind>,
    /// When devices were asked what is set up on them.
    asked: Option<Timestamp>,
    /// What it is compared with.
    earlier: Option<Arc<EarlierAudit>>,
}

impl Audit {
    async fn read(site: &Site) -> Result<Self, WebError> {
        let prepared = site.looks.prepared.now().found;
        let earlier = site.earlier_audit();
        let read = site.read(move |session, mut devices| {
            let asked = prepared.map(|it| {
                add_set_up(&mut devices, &it.what);
                it.at
            });
            Ok(Self {
                earlier,
                ..Self::of(session, devices, asked)?
            })
        });
        read.await
    }

    fn of(
        session: &Session,
        mut devices: Vec<DiscoveredDevice>,
        asked: Option<Timestamp>,
    ) -> Result<Self, WebError> {
        select::by_urgency(&mut devices);
        let cameras = cameras::behind(session, &devices);
        let mut audited = audit::audit(session, devices)?;
        audited.sort_by_key(|it| {
            let is_problem = it.findings.iter().any(|finding| finding.is_problem());
            (Reverse(is_problem), it.findings.is_empty())
        });
        Ok(Self {
            audited,
            cameras,
            asked,
            earlier: None,
        })
    }

    /// The recorder that a device is behind.
    fn behind(&self, audited: &AuditedDevice) -> Option<&CameraBehind> {
        let device = &audited.assessed.device.entry.device;
        self.cameras.iter().find(|it| it.is(device))
    }

    /// Those that are known by their recorder alone.
    fn alone(&self) -> impl Iterator<Item = &CameraBehind> {
        self.cameras.iter().filter(|camera| {
            let mut audited = self.audited.iter();
            !audited.any(|it| camera.is(&it.assessed.device.entry.device))
        })
    }

    /// What changed on a device since the earlier audit, if there is one.
    fn since(&self, audited: &AuditedDevice) -> Option<ChangeSince> {
        audited.since(self.earlier.as_deref()?)
    }

    fn entries(&self) -> Vec<AuditEntry> {
        let audited = self.audited.iter();
        let devices = audited.map(|it| AuditEntry::new(it, self.since(it), self.behind(it)));
        devices
            .chain(self.alone().map(AuditEntry::behind))
            .collect()
    }

    fn sheet(&self) -> Sheet {
        Sheet {
            name: "sadpctl",
            titles: AuditEntry::TITLES.split(' ').collect(),
            rows: self.entries().iter().map(AuditEntry::row).collect(),
        }
    }
}

/// Adds what devices replied to those of the list.
pub(super) fn add_set_up(devices: &mut [DiscoveredDevice], prepared: &Prepared) {
    for device in devices {
        if let Some(recovery) = device.key().and_then(|key| prepared.get(&key)) {
            device.entry.device.recovery.set_up = recovery.set_up;
        }
    }
}

/// The page of the list, from 1.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct PageQuery {
    page: usize,
}

async fn show(State(site): State<Site>, Query(query): Query<PageQuery>) -> Response {
    let content = content(&site, query).await;
    let content = content.map(|content| {
        let body = html! {
            p { "Which devices the owner can recover without the vendor's support, and what else needs attention." }
            div .actions role="group" aria-label="Actions" {
                form method="post" action=(PATH) {
                    (key(&site))
                    button .primary type="submit" { "Ask devices what is set up" }
                }
                a .button href="/report" { "Report and labels" }
                a .button href="/audit.csv" { "Download as CSV" }
                a .button href="/audit.xlsx" { "Download as XLSX" }
                a .button href="/audit.json" { "Download as JSON" }
            }
            div #asking data-live="/live/audit/asking" data-on="look" { (asking(&site)) }
            div #audit data-live=(path("/live/audit", query.page)) data-on="found" { (content) }
            (comparison(&site, &FormDraft::new(SINCE)))
        };
        page(&site, Tab::Audit, "Audit", &body)
    });
    shown(&site, Tab::Audit, content)
}

async fn list(
    State(site): State<Site>,
    Query(query): Query<PageQuery>,
) -> Result<Markup, WebError> {
    content(&site, query).await
}

fn asking(site: &Site) -> Markup {
    site.looks.prepared.now().status("Asking devices")
}

async fn ask(State(site): State<Site>, _: KeyedForm) -> Response {
    match site.ask_prepared(None) {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(error) => problem(&site, Tab::Audit, &error),
    }
}

async fn csv(State(site): State<Site>) -> Result<Response, WebError> {
    let sheet = Audit::read(&site).await?.sheet();
    let mut bytes = Vec::new();
    sheet.write_csv(&mut bytes).map_err(unwritable)?;
    Ok(download(&file_name("audit", "csv"), CSV, bytes))
}

/// The document that `sadpctl audit` makes, too, and that later audits are compared with.
async fn json(State(site): State<Site>) -> Result<Response, WebError> {
    let entries = Audit::read(&site).await?.entries();
    let mut bytes = Vec::new();
    write_json_array(&mut bytes, &entries).map_err(unwritable)?;
    Ok(download(&file_name("audit", "json"), JSON, bytes))
}

/// The form with an earlier audit.
fn comparison(site: &Site, draft: &FormDraft) -> Markup {
    let file = FormField {
        kind: "file",
        ..FormField::text("earlier", "An earlier audit, as JSON")
    };
    html! {
        h2 { "Compare with an earlier audit" }
        @if site.earlier_audit().is_some() { p { "What changed since an earlier audit stands with what was found. Without a file, nothing is compared any more." } }
        (upload_form(site, draft, "Compare", &file.hint("The file that this page gave as JSON. You can drop it here.").render(draft)))
    }
}

async fn compare(State(site): State<Site>, upload: Upload) -> Response {
    let earlier = upload.files.first().map(|it| read_earlier_audit(&it.bytes));
    match earlier.transpose() {
        Ok(earlier) => {
            site.set_earlier_audit(earlier);
            Redirect::to(PATH).into_response()
        }
        Err(error) => {
            let error = WebError::bad(format!("this is not the JSON of an audit: {error}"))
                .at("earlier")
                .next("choose a file that was downloaded as JSON");
            let status = error.status();
            let draft = FormDraft::refused(SINCE, upload.form, error);
            let page = page(&site, Tab::Audit, "Audit", &comparison(&site, &draft));
            (status, page).into_response()
        }
    }
}

async fn xlsx(State(site): State<Site>) -> Result<Response, WebError> {
    let sheet = Audit::read(&site).await?.sheet();
    let bytes = Sheet::workbook(&[sheet]).map_err(unwritable)?;
    Ok(download(&file_name("audit", "xlsx"), XLSX, bytes))
}

/// `audit-2026-11-27.csv`.
pub(super) fn file_name(stem: &str, ending: &str) -> String {
    format!("{stem}-{}.{ending}", Zoned::now().strftime("%Y-%m-%d"))
}

pub(super) fn unwritable(_: std::io::Error) -> WebError {
    WebError::new(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be made")
}

async fn content(site: &Site, query: PageQuery) -> Result<Markup, WebError> {
    let audit = Audit::read(site).await?;
    let numbers: HashMap<_, _> = {
        let now = site.live.now();
        let devices = now.all().filter(|it| it.online);
        devices
            .filter_map(|it| Some((it.found.key()?, it.number)))
            .collect()
    };
    let number = |audited: &AuditedDevice| {
        let key = audited.assessed.device.key()?;
        numbers.get(&key).copied()
    };
    let all = audit.audited.len();
    let recoverable = audit.audited.iter().filter(|it| it.is_recoverable());
    let pages = all.div_ceil(ROWS).max(1);
    let at = query.page.clamp(1, pages);
    let some = audit.audited.iter().skip((at - 1) * ROWS).take(ROWS);
    let rows = html! { @for it in some { (row(it, number(it), audit.behind(it), audit.since(it).as_ref())) } };
    let alone: Vec<_> = audit.alone().collect();
    Ok(html! {
        @if let Some(asked) = audit.asked {
            p { "Devices were asked at " (asked.to_zoned(TimeZone::system()).strftime("%H:%M:%S")) " what is set up on them." }
        } @else {
            (sentence(NOT_ASKED))
        }
        p { strong {
            (recoverable.count()) " of " (count(all as u64, "device", "devices"))
            " can be recovered without the vendor's support"
        } }
        @if all > 0 {
            (table("Devices, those with problems first",
                &["Result", "Device", "Ready", "What was found", "What to do"], &rows))
        }
        (paging("audit", at, pages, |number| path(PATH, number)))
        @if !alone.is_empty() {
            h2 { "Cameras behind recorders" }
            p { "As the recorders listed them last." }
            (table("Cameras behind recorders", &["Result", "Camera", "Where", "What to do"],
                &html! { @for it in &alone { (camera_row(it)) } }))
        }
    })
}

fn path(path: &str, page: usize) -> String {
    match page {
        0 | 1 => path.into(),
        page => format!("{path}?page={page}"),
    }
}

fn row(
    audited: &AuditedDevice,
    number: Option<u64>,
    behind: Option<&CameraBehind>,
    since: Option<&ChangeSince>,
) -> Markup {
    let change = since.map(audit_change).unwrap_or_default();
    let found = &audited.assessed.device;
    let device = &found.entry.device;
    let mac = device.mac.map(|mac| mac.to_string());
    let title = device_title(found);
    let ready = ready_methods(&audited.assessed.methods);
    html! {
        tr {
            td { (status(audit_result(&audited.findings))) }
            td {
                @if let Some(number) = number { a href=(format!("/device/{number}")) { (title) } } @else { (title) }
                @if let Some(mac) = &mac { br; (mac) }
                @if let Some(behind) = behind { br; (clean(&camera_place(behind))) }
            }
            td { @if ready.is_empty() { "none" } @else { (ready) } }
            td { ul .plain { @for &it in &audited.findings { li { (capitalised(&finding(it))) } } }
                @if !change.is_empty() { p { "Since the earlier audit: " (change) } } }
            td { ul .plain { @for it in remedies(audited, number) { li { (PreEscaped(it)) } } } }
        }
    }
}

/// What mends the findings of a device, each once.
fn remedies(audited: &AuditedDevice, number: Option<u64>) -> Vec<String> {
    let device = &audited.assessed.device.entry.device;
    let mac = device.mac.map(|mac| mac.to_string());
    let name = mac.as_deref().unwrap_or("DEVICE");
    let mut remedies = Vec::new();
    for &finding in &audited.findings {
        let remedy = told(&mends(finding, device, name), number).into_string();
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    remedies
}

fn camera_row(behind: &CameraBehind) -> Markup {
    let camera = &behind.camera;
    let problem = behind.problem();
    let name = camera.name.as_deref().or(camera.model.as_deref());
    html! {
        tr {
            td { (status(if problem.is_some() { "problem" } else { "ok" })) }
            td {
                @if let Some(name) = name { (clean(name)) br; }
                @if let Some(address) = &camera.address { (clean(address)) " " }
                @if let Some(mac) = camera.mac { (mac) }
            }
            td { (sentence(&camera_place(behind))) }
            td { @if let Some(problem) = problem { (told(&camera_mends(problem, &behind.recorder), None)) } }
        }
    }
}

fn status(result: &str) -> Markup {
    let class = match result {
        "ok" => "done",
        "advice" => "skipped",
        _ => "refused",
    };
    html! { span .status.(class) { (result) } }
}

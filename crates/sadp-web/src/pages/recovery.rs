//! The methods of recovery: which ones fit the devices, what each needs, and where it is
//! done.

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{
    Availability, MethodAssessment, Prerequisite, RecoveryMethod, UnavailableReason,
    text::local_minute,
};
use sadp_ops::{
    DiscoveredDevice, OpsError,
    recovery::methods::{self, AssessedDevice},
};
use sadp_text::{
    NOT_ASKED, capitalised, method_advice, method_brief, method_command, method_reasons,
    method_state, select,
};
use serde::Deserialize;
use strum::IntoEnumIterator as _;

use super::{problem, shown};
use crate::{
    error::WebError,
    form::KeyedForm,
    live::LiveDevice,
    page::{Tab, key, page, paging, sentence, table},
    site::Site,
    targets::{TargetQuery, Targets},
    wording::device_title,
};

const PATH: &str = "/recovery";

/// How many rows stand on one page of the matrix.
const ROWS: usize = 100;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(ask))
        .route("/live/recovery", get(list))
}

/// Which devices are shown.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct RecoveryQuery {
    /// The number of one device.
    device: Option<u64>,
    /// Only the marked ones.
    marked: bool,
    /// The page of the matrix, from 1.
    page: usize,
}

impl RecoveryQuery {
    /// The address of the same devices.
    fn path(self, base: &str) -> String {
        match self {
            Self {
                device: Some(number),
                ..
            } => format!("{base}?device={number}"),
            Self { marked, page, .. } => format!("{base}?marked={marked}&page={}", page.max(1)),
        }
    }

    /// The devices of the page, and how many there are on all pages.
    fn devices(self, site: &Site) -> Result<(Vec<LiveDevice>, usize), WebError> {
        if self.device.is_some() {
            let query = TargetQuery {
                device: self.device,
            };
            return Ok((vec![Targets::one_of(site, query)?], 1));
        }
        let mut devices: Vec<LiveDevice> = {
            let now = site.live.now();
            if self.marked {
                now.marked().cloned().collect()
            } else {
                now.all().cloned().collect()
            }
        };
        select::by_urgency(&mut devices);
        let all = devices.len();
        let first = (self.page.max(1) - 1).saturating_mul(ROWS);
        let shown = devices.into_iter().skip(first).take(ROWS);
        Ok((shown.collect(), all))
    }
}

/// A device of the list and its methods.
struct Assessed {
    number: u64,
    device: DiscoveredDevice,
    methods: Vec<MethodAssessment>,
}

impl Site {
    /// Assesses the methods of devices, with what they told. Nothing is sent.
    async fn assess(&self, devices: Vec<LiveDevice>) -> Result<Vec<Assessed>, WebError> {
        let numbers: Vec<_> = devices.iter().map(|it| it.number).collect();
        let devices = devices.into_iter();
        let mut devices: Vec<_> = devices
            .map(|it| DiscoveredDevice::clone(&it.found))
            .collect();
        if let Some(prepared) = self.looks.prepared.now().found {
            for device in &mut devices {
                let told = device.key().and_then(|key| prepared.what.get(&key));
                if let Some(told) = told {
                    let recovery = &mut device.entry.device.recovery;
                    recovery.set_up = told.set_up;
                    recovery.over_http = told.over_http;
                }
            }
        }
        let assessed = self.read(|session, _| {
            methods::assess(session, devices).map_err(|error| OpsError::from(error).into())
        });
        let assessed = numbers.into_iter().zip(assessed.await?);
        let assessed = assessed.map(|(number, AssessedDevice { device, methods })| Assessed {
            number,
            device,
            methods,
        });
        Ok(assessed.collect())
    }

    /// The methods of one device.
    pub(super) async fn methods_of(
        &self,
        device: &LiveDevice,
    ) -> Result<Vec<MethodAssessment>, WebError> {
        let assessed = self.assess(vec![device.clone()]).await?;
        Ok(assessed.into_iter().flat_map(|it| it.methods).collect())
    }
}

async fn show(State(site): State<Site>, Query(query): Query<RecoveryQuery>) -> Response {
    shown(&site, Tab::Recovery, whole(&site, query).await)
}

async fn list(
    State(site): State<Site>,
    Query(query): Query<RecoveryQuery>,
) -> Result<Markup, WebError> {
    content(&site, query).await
}

async fn ask(
    State(site): State<Site>,
    Query(query): Query<RecoveryQuery>,
    _: KeyedForm,
) -> Response {
    let asked = query.devices(&site).and_then(|(devices, _)| {
        let keys = devices.iter().filter_map(|it| it.found.key());
        // Without a scope, all devices of all pages.
        let only = (query.device.is_some() || query.marked).then(|| keys.collect());
        site.ask_prepared(only)
    });
    match asked {
        Ok(()) => Redirect::to(&query.path(PATH)).into_response(),
        Err(error) => problem(&site, Tab::Recovery, &error),
    }
}

/// The page with what does not change by itself.
async fn whole(site: &Site, query: RecoveryQuery) -> Result<Markup, WebError> {
    let (devices, _) = query.devices(site)?;
    let title = match (query.device, devices.first()) {
        (Some(_), Some(device)) => format!("Recovery of {}", device_title(&device.found)),
        _ => "Recovery methods".into(),
    };
    let body = html! {
        div .actions {
            @if let Some(number) = query.device {
                a .button href=(format!("/device/{number}")) { "All that is known of it" }
                a .button href=(format!("/prepare?device={number}")) { "Prepare its recovery" }
            } @else {
                @for (marked, name) in [(false, "All devices"), (true, "Marked devices")] {
                    a .button href=(RecoveryQuery { marked, ..RecoveryQuery::default() }.path(PATH))
                        aria-current=[(marked == query.marked).then_some("true")] { (name) }
                }
                a .button href="/prepare" { "Prepare the marked devices" }
            }
            form method="post" action=(query.path(PATH)) {
                (key(site))
                button .primary type="submit" { "Ask what is set up" }
            }
        }
        div #recovery data-live=(query.path("/live/recovery")) data-on="look" {
            (content(site, query).await?)
        }
    };
    Ok(page(site, Tab::Recovery, &title, &body))
}

/// What changes once devices have replied.
async fn content(site: &Site, query: RecoveryQuery) -> Result<Markup, WebError> {
    let (devices, all) = query.devices(site)?;
    let assessed = site.assess(devices.clone()).await?;
    let asked = site.looks.prepared.now();
    let single = assessed.first().zip(devices.first());
    let single = single.filter(|_| query.device.is_some());
    Ok(html! {
        (asked.status("Asking devices"))
        @if let Some(found) = &asked.found {
            p { "Devices were asked on " (local_minute(found.at)) " what is set up on them." }
        } @else {
            (sentence(NOT_ASKED))
        }
        @if let Some((assessed, device)) = single {
            (one(&assessed.methods, device))
        } @else if assessed.is_empty() {
            p { @if query.marked { "No device is marked." } @else { "No device is in the list." } }
        } @else {
            (matrix(&assessed))
            (paging("list", query.page.max(1), all.div_ceil(ROWS), |page| {
                RecoveryQuery { page, ..query }.path(PATH)
            }))
            p .hint { "The word after \"needs\" says what is missing, and a dash that a method is not for the device. Choose a device to read why, and what to do." }
        }
    })
}

/// The columns of the matrix, in the order of [`RecoveryMethod`].
const TITLES: [&str; 8] = [
    "Device",
    "Button",
    "Questions",
    "E-mail",
    "Request",
    "GUID",
    "Hik-Connect",
    "Hik-ProConnect",
];

fn matrix(assessed: &[Assessed]) -> Markup {
    let rows = html! {
        @for it in assessed {
            tr {
                th scope="row" {
                    a href=(format!("{PATH}?device={}", it.number)) { (device_title(&it.device)) }
                }
                @if unactivated(&it.methods) {
                    td colspan=(TITLES.len() - 1) { "no password yet: there is nothing to recover" }
                } @else { @for method in RecoveryMethod::iter() {
                    @let fit = it.methods.iter().find(|fit| fit.method == method);
                    td { @if let Some(fit) = fit {
                        span .state.(class(fit)) { (method_brief(fit)) }
                    } }
                } }
            }
        }
    };
    html! {
        (table("Recovery methods of devices", &TITLES, &rows))
        p .hint {
            "Ready: it can be done now. Needs: something is missing first. May work: what the device replied leaves it open. "
            "The page of a device says why."
        }
    }
}

/// One device, with the reasons and where each method is done.
fn one(methods: &[MethodAssessment], device: &LiveDevice) -> Markup {
    html! {
        @if unactivated(methods) {
            p { "It has no password yet, so there is nothing to recover." }
            p .buttons { a .button .primary href=(format!("/activate?device={}", device.number)) { "Give it its first password" } }
        } @else {
            ol .methods { @for fit in methods { (method(fit, device)) } }
        }
    }
}

fn unactivated(methods: &[MethodAssessment]) -> bool {
    let mut methods = methods.iter();
    methods.any(|it| it.availability.obstacle() == Some(UnavailableReason::Unactivated))
}

fn method(fit: &MethodAssessment, device: &LiveDevice) -> Markup {
    html! {
        li {
            h2 {
                (capitalised(fit.method.label())) ": "
                span .state.(class(fit)) {
                    // The reasons follow as sentences of their own.
                    @if fit.availability.needs().is_empty() { (method_state(fit)) } @else { "needs something first" }
                }
            }
            @for reason in method_reasons(fit) { (sentence(&reason)) }
            @if let Some(advice) = method_advice(fit) { (sentence(advice)) }
            @if let Some((path, name)) = place(fit, device) {
                p { a .button href=(path) { (name) } }
            }
        }
    }
}

/// Where a method is done, and what that is called. `None` where it does not fit.
fn place(fit: &MethodAssessment, device: &LiveDevice) -> Option<(String, &'static str)> {
    method_command(fit, &device.found.entry.device)?;
    let (page, name) = match (fit.method, fit.availability.needs().first()) {
        (RecoveryMethod::ResetButton, _) => ("/button", "Reset it by its button"),
        (RecoveryMethod::Questions, _) => ("/questions", "Answer its questions"),
        (RecoveryMethod::Mail, _) => ("/mail", "Have a code mailed"),
        (RecoveryMethod::Request, Some(Prerequisite::WholeReply)) => {
            return Some((format!("/device/{}", device.number), "Look at its reply"));
        }
        (RecoveryMethod::Request, Some(Prerequisite::VendorAnswer(_))) => {
            return Some(("/requests".into(), "Send it the answer"));
        }
        (RecoveryMethod::Request, _) => ("/requests/export", "Export a request"),
        (RecoveryMethod::Guid, _) => ("/guids/import", "Send it a GUID"),
        (RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect, _) => {
            ("/app", "What to do in the app")
        }
    };
    Some((format!("{page}?device={}", device.number), name))
}

/// The color of a state. Its word says the same.
const fn class(fit: &MethodAssessment) -> &'static str {
    match fit.availability {
        Availability::Ready => "active",
        Availability::Needs(_) | Availability::MayWork(_) => "unactivated",
        Availability::NotForThisDevice(_) => "none",
    }
}

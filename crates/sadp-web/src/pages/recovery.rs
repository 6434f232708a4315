//! The methods of recovery: which ones fit the devices, what each needs, and where it is
//! done.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::{get, post},
};
use maud::{Markup, html};
use sadp_model::{
    Availability, MethodAssessment, Prerequisite, RecoveryMethod, UnavailableReason, text::clean,
};
use sadp_ops::{
    DiscoveredDevice, OpsError, Overrides,
    job::{Job, Task},
    recovery::methods::{self, AssessedDevice},
};
use sadp_text::{
    capitalised, method_advice, method_brief, method_command, method_reasons, method_state, select,
};
use serde::Deserialize;
use strum::IntoEnumIterator as _;

use super::{begun, shown};
use crate::{
    error::WebError,
    form::Form,
    live::LiveDevice,
    page::{self, Place, device_title, page, sentence, table},
    site::Site,
    targets::{TargetQuery, Targets},
};

pub(super) const PATH: &str = "/recovery";
const ASK: &str = "/recovery/ask";

/// How many rows stand on one page of the matrix.
const ROWS: usize = 100;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show)).route(ASK, post(ask))
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
        let devices = devices.into_iter().map(|it| {
            let mut device = DiscoveredDevice::clone(&it.found);
            self.told.apply(&mut device);
            device
        });
        let devices: Vec<_> = devices.collect();
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
    let page = match query.device {
        Some(number) => one(&site, number).await,
        None => all(&site, query).await,
    };
    shown(&site, Place::Recovery, page)
}

async fn ask(State(site): State<Site>, form: Form) -> Response {
    let started = Targets::of_form(&site, &form).and_then(|targets| {
        let job = Job {
            devices: targets.keys()?,
            task: Task::AskMethods,
        };
        site.jobs.begin(&site, job, Overrides::default())
    });
    begun(&site, Place::Recovery, started)
}

/// All devices or the marked ones, a row each.
async fn all(site: &Site, query: RecoveryQuery) -> Result<Markup, WebError> {
    let mut devices: Vec<LiveDevice> = {
        let now = site.live.now();
        match query.marked {
            true => now.marked().cloned().collect(),
            false => now.all().cloned().collect(),
        }
    };
    select::by_urgency(&mut devices);
    let count = devices.len();
    let pages = count.div_ceil(ROWS).max(1);
    let number = query.page.clamp(1, pages);
    let rows = devices.iter().skip((number - 1) * ROWS).take(ROWS);
    let assessed = site.assess(rows.cloned().collect()).await?;
    let body = html! {
        p { "How each device can get a new password, as far as it reports and this computer remembers." }
        nav .actions aria-label="Which devices" {
            @for (marked, name) in [(false, "All devices"), (true, "Marked devices")] {
                a .button href=(path(marked, 1)) aria-current=[(marked == query.marked).then_some("true")] { (name) }
            }
            a .button href="/prepare" { "Prepare the marked devices" }
        }
        @if count == 0 {
            p { @if query.marked { "No device is marked." } @else { "No device is in the list." } }
        } @else {
            (ask_form(site, &Targets::new(devices)?))
            (matrix(&assessed))
            @if pages > 1 {
                nav .paging aria-label="Pages of the list" {
                    @if number > 1 { a href=(path(query.marked, number - 1)) rel="prev" { "Previous" } }
                    span { "Page " (number) " of " (pages) }
                    @if number < pages { a href=(path(query.marked, number + 1)) rel="next" { "Next" } }
                }
            }
            p .hint { "The word after \"needs\" says what is missing. Choose a device to read why, and what to do. \"-\": not for this device." }
        }
    };
    Ok(page(site, Place::Recovery, "Recovery methods", &body))
}

fn path(marked: bool, page: usize) -> String {
    let marked = if marked { "marked=true&" } else { "" };
    format!("{PATH}?{marked}page={page}")
}

fn matrix(assessed: &[Assessed]) -> Markup {
    let rows = html! {
        @for it in assessed {
            tr {
                th scope="row" {
                    a href=(format!("{PATH}?device={}", it.number)) { (device_title(&it.device)) }
                }
                @for method in RecoveryMethod::iter() {
                    @let fit = it.methods.iter().find(|fit| fit.method == method);
                    td { @if let Some(fit) = fit {
                        span .state.(class(fit)) { (method_brief(fit)) }
                    } }
                }
            }
        }
    };
    let methods = RecoveryMethod::iter().map(|it| capitalised(it.label()));
    let titles: Vec<_> = std::iter::once("Device".to_owned())
        .chain(methods)
        .collect();
    let titles: Vec<_> = titles.iter().map(String::as_str).collect();
    table("Recovery methods of devices", &titles, &rows)
}

/// One device, with the reasons and where each method is done.
async fn one(site: &Site, number: u64) -> Result<Markup, WebError> {
    let targets = Targets::of(
        site,
        TargetQuery {
            device: Some(number),
        },
    )?;
    let device = targets.only()?;
    let methods = site.methods_of(&device).await?;
    let told = site.told.of(&device.found).recovery;
    let body = html! {
        p { a href=(format!("/device/{number}")) { "All that is known of it" } }
        @if unactivated(&methods) {
            p { "It has no password yet, so there is nothing to recover." }
            p .buttons { a .button.primary href=(format!("/activate?device={number}")) { "Give it its first password" } }
        } @else {
            @if let Some(told) = &told {
                p { "It was asked on " (told.minute()) " which methods are set up." }
            }
            (ask_form(site, &targets))
            ol .methods {
                @for fit in &methods { (method(fit, &device)) }
            }
            p { a href=(format!("/prepare?device={number}")) { "Prepare its recovery" }
                ", while the password is known." }
        }
    };
    let title = format!("Recovery of {}", device_title(&device.found));
    Ok(page(site, Place::Recovery, &title, &body))
}

fn ask_form(site: &Site, targets: &Targets) -> Markup {
    let one = targets.single().is_some();
    page::form(
        site,
        ASK,
        if one {
            "Ask the device"
        } else {
            "Ask these devices"
        },
        &html! {
            (targets.hidden())
            p .hint { "Which methods are set up, a device tells only when it is asked. That changes nothing and costs no try." }
        },
    )
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
                span .state.(class(fit)) { (method_state(fit)) }
            }
            @if let Some(advice) = method_advice(fit) { (sentence(advice)) }
            @for reason in method_reasons(fit) { (sentence(&clean(&reason))) }
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

//! A reset by the button: what to do at the device, and whether it is back.

use std::time::Duration;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{MethodAssessment, RecoveryMethod, RecoverySetup, UnavailableReason, text::clean};
use sadp_ops::{
    Guard,
    job::{Job, Task},
};
use sadp_text::ButtonSteps;

use super::{FormPage, job};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    live::LiveDevice,
    page::{self, FormField, Tab, notice, page},
    site::Site,
    targets::{TargetQuery, Targets},
    wording::device_title,
};

const PATH: &str = "/button";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Recovery,
    render: content,
};

/// How long a device is waited for, in minutes: usually, and at most.
const MINUTES: u64 = 15;
const MAX_MINUTES: u64 = 240;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

fn content(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let device = targets.only()?;
    let facts = &device.found.entry.device;
    let fit = MethodAssessment::judge(
        RecoveryMethod::ResetButton,
        facts,
        &RecoverySetup::default(),
    );
    let obstacle = fit.availability.obstacle();
    let body = html! {
        (page::device_links(&device))
        @if obstacle == Some(UnavailableReason::Unactivated) {
            p { "It has no password: there is nothing to reset." }
            p .buttons { a .button.primary href=(format!("/activate?device={}", device.number)) { "Give it its first password" } }
        } @else {
            @if let Some(obstacle) = obstacle { (notice("limit", &obstacle.to_string(), None)) }
            (steps(&ButtonSteps::new(facts, &fit)))
            @if site.jobs.is_busy() {
                div #job data-live="/live/job" data-on="job" { (job::content(site)) }
            } @else {
                (wait_form(site, targets, obstacle, draft))
            }
        }
    };
    let title = format!("Reset {} by its button", device_title(&device.found));
    Ok(page(site, Tab::Recovery, &title, &body))
}

fn steps(steps: &ButtonSteps) -> Markup {
    html! {
        h2 { "At the device" }
        p { (clean(&steps.label)) }
        ol { @for step in &steps.steps { li { (clean(step)) } } }
        p { "If it has no button, use another recovery method." }
        @for note in &steps.notes { p { strong { (clean(note)) } } }
    }
}

fn wait_form(
    site: &Site,
    targets: &Targets,
    obstacle: Option<UnavailableReason>,
    draft: &FormDraft,
) -> Markup {
    html! {
        h2 { "From here" }
        p { "Begin to wait, then go to the device. This page shows when it goes off, when it is back, and whether it was reset. Nothing else can be begun here meanwhile; the wait can be stopped at any time, and changes nothing." }
        (page::form(site, draft, "Wait for the device", &html! {
            (targets.hidden())
            (FormField { kind: "number", ..FormField::text("minutes", "Wait so many minutes at most") }
                .value(&MINUTES.to_string()).required().render(draft))
            (FormField::secret("new-password", "First password, once it is back").optional()
                .hint("You are asked before it is sent. Leave it empty to give the first password later.").render(draft))
            (FormField::secret("again", "Type it again").optional().render(draft))
            @if obstacle.is_some() { (targets.liftable(&[Guard::WayNotOffered], draft)) }
        }))
    }
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    match start(&site, &sent) {
        // The steps are shown there as well.
        Ok(device) => Redirect::to(&format!("{PATH}?device={}", device.number)).into_response(),
        Err(error) => PAGE.again(&site, sent, error),
    }
}

fn start(site: &Site, form: &SentForm) -> Result<LiveDevice, WebError> {
    let targets = Targets::of_form(site, form)?;
    let device = targets.only()?;
    let overrides = targets.lifted(form)?;
    let minutes = form.text("minutes").parse().ok();
    let minutes = minutes.filter(|it| (1..=MAX_MINUTES).contains(it));
    let minutes = minutes.ok_or_else(|| {
        WebError::bad(format!("the wait is not of 1 to {MAX_MINUTES} minutes"))
            .at("minutes")
            .next("type the minutes as a number")
    })?;
    let typed = ["new-password", "again"].map(|it| form.given(it).is_some());
    let first_password = match typed {
        [false, false] => None,
        _ => Some(form.new_password(overrides)?),
    };
    let job = Job {
        devices: targets.keys()?,
        task: Task::AwaitButton {
            limit: Duration::from_mins(minutes),
            first_password,
        },
    };
    site.begin(job, site.job_settings(overrides))?;
    Ok(device)
}

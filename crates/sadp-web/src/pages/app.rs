//! Recovery by the vendor's apps: whether they fit a device, and what to do there.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{Device, MethodAssessment, RecoveryMethod, text::clean};
use sadp_ops::recovery::AppCheck;
use sadp_text::{app_check, app_steps, app_unknowns, capitalised, method_reasons, method_state};

use super::shown;
use crate::{
    error::WebError,
    page::{self, Tab, page, sentence},
    site::Site,
    targets::{TargetQuery, Targets},
    wording::device_title,
};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/app", get(show))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    shown(&site, Tab::Recovery, content(&site, query).await)
}

async fn content(site: &Site, query: TargetQuery) -> Result<Markup, WebError> {
    let device = Targets::one_of(site, query)?;
    let mut methods = site.methods_of(&device).await?;
    methods.retain(|fit| {
        matches!(
            fit.method,
            RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect
        )
    });
    let body = html! {
        (page::device_links(&device))
        @for fit in &methods { (app(fit, &device.found.entry.device)) }
    };
    let title = format!("The vendor's apps for {}", device_title(&device.found));
    Ok(page(site, Tab::Recovery, &title, &body))
}

fn app(fit: &MethodAssessment, device: &Device) -> Markup {
    let steps = app_steps(fit);
    html! {
        h2 { (capitalised(fit.method.label())) ": " (method_state(fit)) }
        @for reason in method_reasons(fit) { (sentence(&reason)) }
        ul {
            @for check in AppCheck::all(device, fit) {
                li { strong { (answer(check.holds())) ": " } (clean(&app_check(&check))) }
            }
            @if !steps.is_empty() {
                @for unknown in app_unknowns(fit.method) {
                    li { strong { "cannot be seen from here: " } (unknown) }
                }
            }
        }
        @if !steps.is_empty() {
            ol { @for step in steps { li { (step) } } }
            p { "What the menus are called differs by version; this program does not know them." }
        }
    }
}

const fn answer(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

//! The first password of devices.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::State as DeviceState;
use sadp_ops::job::{Job, Task};
use sadp_reset::Action;

use super::FormPage;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, Tab, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/activate";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Devices,
    render: form,
};

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let devices = targets.devices().iter();
    let states = devices.filter_map(|it| it.found.entry.device.state);
    let active = states.filter(|it| *it != DeviceState::Unactivated).count();
    let body = html! {
        p { "The first password of devices that have none. You see the plan before anything is sent." }
        @if active > 0 {
            p { (sadp_text::count(active as u64, "of them has a password already and is", "of them have a password already and are")) " left out." }
        }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (page::new_password(draft))
            (targets.guards(Action::Activate, draft))
        }))
    };
    Ok(page(site, Tab::Devices, "Activate", &body))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let password = form.new_password(overrides)?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::Activate(password),
    };
    site.begin(job, site.job_settings(overrides))
}

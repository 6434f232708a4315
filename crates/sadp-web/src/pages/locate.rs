//! The lamp by which a device is found in a rack.

use std::time::Duration;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::{
    Overrides,
    job::{Job, Task},
    locate::Lamp,
};

use super::FormPage;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{Tab, page, ticket},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/locate";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Devices,
    render: form,
};

/// How long a lamp blinks.
const BLINKS_FOR: Duration = Duration::from_secs(30);

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    targets.only()?;
    let body = html! {
        p { "The lamp shows which device in a rack this one is. Nothing else changes, and no password is needed. Not every device has a lamp." }
        (draft.problem())
        form method="post" action=(draft.path) {
            (ticket(site))
            (targets.render())
            p .buttons {
                button .primary type="submit" name="lamp" value="blink" { "Blink for 30 seconds" }
                button type="submit" name="lamp" value="on" { "Switch it on" }
                button type="submit" name="lamp" value="off" { "Switch it off" }
            }
        }
    };
    Ok(page(site, Tab::Devices, "Find by its lamp", &body))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    targets.only()?;
    let lamp = match form.text("lamp") {
        "on" => Lamp::On,
        "off" => Lamp::Off,
        _ => Lamp::For(BLINKS_FOR),
    };
    let job = Job {
        devices: targets.keys()?,
        task: Task::Lamp(lamp),
    };
    site.begin(job, site.job_settings(Overrides::default()))
}

//! Exports requests of the marked devices.

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
};

use super::FOLDER;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, Tab, page},
    pages::{
        FormPage,
        contact::{self, CONTACT},
    },
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/requests/export";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Requests,
    render: form,
};

/// A field that stands in the form where the contact is in it.
const WITH_CONTACT: &str = "with-contact";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

/// The form for one device of the list.
pub(super) fn path(number: u64) -> String {
    format!("{PATH}?device={number}")
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let contact = site.contact()?;
    let blanks: Vec<_> = contact.blanks().into_iter().map(contact::label).collect();
    let fields = html! {
        (targets.render())
        @if blanks.is_empty() {
            p { "The contact is filled in. " a href=(CONTACT) { "Change it" } }
        } @else {
            input type="hidden" name=(WITH_CONTACT) value="yes";
            fieldset {
                legend { "Who asks the vendor's support" }
                p .hint { "Left blank in the letter: " (blanks.join(", ")) ". What you fill in is kept for the next time." }
                (contact::fields(&contact, draft))
            }
        }
    };
    let body = html! {
        p { "Each device is asked for its request. You send that to the vendor's support, which answers with a file or a key. You see the plan before anything is sent." }
        (page::form(site, draft, "Look and plan", &fields))
    };
    Ok(page(site, Tab::Requests, "Export requests", &body))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let devices = Targets::of_form(site, form)?.keys()?;
    let contact = if form.is_ticked(WITH_CONTACT) {
        contact::take(site, form)?
    } else {
        site.contact()?
    };
    let task = Task::Export {
        folder: site.state.join(FOLDER),
        contact: Box::new(contact),
    };
    site.begin(
        Job { devices, task },
        site.job_settings(Overrides::default()),
    )
}

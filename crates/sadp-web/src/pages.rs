//! One module a page.

mod activate;
mod app;
mod assets;
mod audit;
mod button;
mod check;
mod contact;
mod device;
mod devices;
mod doctor;
mod events;
mod guids;
mod history;
mod job;
mod locate;
mod mail;
mod name;
mod network;
mod prepare;
mod questions;
mod record;
mod recovery;
mod report;
mod requests;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    draft::FormDraft,
    error::WebError,
    form::{MAX_UPLOAD, SentForm},
    gate,
    page::{Tab, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

/// All pages, for those who are let in.
pub(crate) fn router(site: Site) -> Router {
    Router::new()
        .merge(assets::routes())
        .merge(devices::routes())
        .merge(audit::routes())
        .merge(device::routes())
        .merge(activate::routes())
        .merge(doctor::routes())
        .merge(network::routes())
        .merge(locate::routes())
        .merge(name::routes())
        .merge(check::routes())
        .merge(record::routes())
        .merge(events::routes())
        .merge(history::routes())
        .merge(job::routes())
        .merge(report::routes())
        .merge(recovery::routes())
        .merge(prepare::routes())
        .merge(questions::routes())
        .merge(mail::routes())
        .merge(button::routes())
        .merge(app::routes())
        .merge(contact::routes())
        .merge(guids::routes())
        .merge(requests::routes())
        .fallback(async || WebError::gone("there is no such page").next("go to the devices: /"))
        // Forms with files, and what stands around the files.
        .layer(DefaultBodyLimit::max(MAX_UPLOAD + (1 << 20)))
        .layer(from_fn_with_state(site.clone(), gate::guard))
        .with_state(site)
}

/// The page that leads to the link: a browser is opened on a file with it.
pub(crate) fn entrance(link: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="referrer" content="no-referrer";
                meta http-equiv="refresh" content=(format!("0; url={link}"));
                title { "sadpctl" }
            }
            body { p { a href=(link) { "Go to sadpctl" } } }
        }
    };
    page.into_string()
}

/// A page about what went wrong, in the frame of all pages.
pub(crate) fn problem(site: &Site, place: Tab, error: &WebError) -> Response {
    let body = html! {
        (error.notice())
        p .actions {
            @if let Some((path, name)) = error.way_back() { a href=(path) { "Back to " (name) } }
            @else if let Some((path, name)) = place.link() { a href=(path) { "Back to " (name) } }
            a href="/" { "To the devices" }
        }
    };
    let status = error.status();
    (status, page(site, place, "This did not work", &body)).into_response()
}

/// What a form began, or why not.
pub(crate) fn begun(site: &Site, place: Tab, begun: Result<(), WebError>) -> Response {
    match begun {
        Ok(()) => Redirect::to(job::JOB).into_response(),
        Err(error) => problem(site, place, &error),
    }
}

/// A page with a form for devices.
pub(crate) struct FormPage {
    /// Where it is, and where the form is sent.
    pub(crate) path: &'static str,
    pub(crate) tab: Tab,
    pub(crate) render: fn(&Site, &Targets, &FormDraft) -> Result<Markup, WebError>,
}

impl FormPage {
    /// The page for those who want to fill the form in.
    pub(crate) fn show(&self, site: &Site, query: TargetQuery) -> Response {
        let page = Targets::of(site, query)
            .and_then(|targets| (self.render)(site, &targets, &FormDraft::new(self.path)));
        shown(site, self.tab, page)
    }

    /// The job that the form began, or the form again.
    pub(crate) fn begun(
        &self,
        site: &Site,
        sent: SentForm,
        begun: Result<(), WebError>,
    ) -> Response {
        match begun {
            Ok(()) => Redirect::to(job::JOB).into_response(),
            Err(error) => self.again(site, sent, error),
        }
    }

    /// The form with what was typed, and why it was refused.
    pub(crate) fn again(&self, site: &Site, sent: SentForm, error: WebError) -> Response {
        let status = error.status();
        let page = Targets::of_form(site, &sent).and_then(|targets| {
            let draft = FormDraft::refused(self.path, sent, error);
            (self.render)(site, &targets, &draft)
        });
        with_status(site, self.tab, status, page)
    }
}

/// A page of this status, or what went wrong with it.
pub(crate) fn with_status(
    site: &Site,
    place: Tab,
    status: StatusCode,
    page: Result<Markup, WebError>,
) -> Response {
    match page {
        Ok(page) => (status, page).into_response(),
        Err(error) => problem(site, place, &error),
    }
}

/// A page, or what went wrong with it.
pub(crate) fn shown(site: &Site, place: Tab, shown: Result<Markup, WebError>) -> Response {
    with_status(site, place, StatusCode::OK, shown)
}

//! What people call a device, and where it is. Kept in the ledger alone.

use std::time::Duration;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use sadp_model::MacAddr;
use sadp_ops::naming::{self, Renaming};
use sadp_reset::{InvalidSiteText, SiteName, SiteText};
use tokio::time::timeout;

use super::FormPage;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, FormField, Tab, notice, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/name";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Devices,
    render: form,
};

/// How long the list may take to read a new name.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(rename))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let device = targets.only()?;
    let named = device.found.site_name.as_deref();
    let text = |it: Option<&SiteText>| it.map_or_else(String::new, |it| it.as_str().to_owned());
    let name = text(named.and_then(|it| it.name.as_ref()));
    let place = text(named.and_then(|it| it.place.as_ref()));
    let body = html! {
        p { "Names and places are kept on this computer. Nothing is sent to the device." }
        (page::form(site, draft, "Keep it", &html! {
            (targets.render())
            (FormField::text("name", "Name").value(&name).most(SiteText::MAX_CHARS).hint("What people call it, e.g. Gate north; at most 64 characters. Empty: no name.").render(draft))
            (FormField::text("place", "Place").value(&place).most(SiteText::MAX_CHARS).hint("Where it is, e.g. Building 2, roof; at most 64 characters. Empty: no place.").render(draft))
        }))
    };
    Ok(page(site, Tab::Devices, "Name and place", &body))
}

async fn rename(State(site): State<Site>, sent: SentForm) -> Response {
    match keep(&site, &sent).await {
        Ok(KeptName { number, namesakes }) if namesakes.is_empty() => {
            Redirect::to(&format!("/device/{number}")).into_response()
        }
        Ok(kept) => kept.warning(&site).into_response(),
        Err(error) => PAGE.again(&site, sent, error),
    }
}

/// The device that was named, and others of the same name.
struct KeptName {
    number: u64,
    namesakes: Vec<MacAddr>,
}

impl KeptName {
    fn warning(&self, site: &Site) -> Markup {
        let body = html! {
            p { "The name is kept." }
            @for other in &self.namesakes {
                (notice("limit", &format!("another device has the same name: {other}"), Some("give one of them another: by this name neither is found")))
            }
            p { a .button href=(format!("/device/{}", self.number)) { "Go to the device" } }
        };
        page(site, Tab::Devices, "Name and place", &body)
    }
}

async fn keep(site: &Site, form: &SentForm) -> Result<KeptName, WebError> {
    let device = Targets::of_form(site, form)?.only()?;
    let mac = device.found.entry.device.identity().ok_or_else(|| {
        WebError::bad("the device reports no MAC of its own").next("a device is named by its MAC")
    })?;
    let renaming = Renaming {
        to: SiteName {
            name: typed(form, "name")?,
            place: typed(form, "place")?,
        },
        // What was left empty is forgotten.
        clear: true,
    };
    let namesakes = site.record(move |session| {
        naming::rename(session, mac, renaming)?;
        Ok(naming::namesakes(session, mac)?)
    });
    let namesakes = namesakes.await?;
    // The page that follows shows the name.
    let mut changes = site.live.subscribe();
    site.live.read_again();
    let _ = timeout(SHOWN_WITHIN, changes.changed()).await;
    Ok(KeptName {
        number: device.number,
        namesakes,
    })
}

fn typed(form: &SentForm, field: &str) -> Result<Option<SiteText>, WebError> {
    let text = form.given(field).map(str::parse).transpose();
    text.map_err(|error: InvalidSiteText| {
        WebError::bad(format!("the {field} cannot be kept"))
            .at(field)
            .next(error.to_string())
    })
}

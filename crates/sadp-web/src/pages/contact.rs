//! Who asks the vendor's support: the contact in each request.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use sadp_reset::{Contact, SettingsError};
use sadp_text::with_cause;

use super::{requests::REQUESTS, shown, with_status};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{KeyedForm, SentForm},
    page::{FormField, Tab, key, page},
    site::Site,
};

/// Where the contact is shown and changed.
pub(super) const CONTACT: &str = "/contact";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(CONTACT, get(show).post(keep))
}

async fn show(State(site): State<Site>) -> Response {
    let page = content(&site, &FormDraft::new(CONTACT));
    shown(&site, Tab::Requests, page)
}

fn content(site: &Site, draft: &FormDraft) -> Result<Markup, WebError> {
    let contact = site.contact()?;
    let body = html! {
            p { "The vendor's support asks who you are. This stands in the letter and in each request." }
            (draft.problem())
            form method="post" action=(draft.path) {
                (key(site))
                (fields(&contact, draft))
                p .buttons { button .primary type="submit" { "Keep the contact" } }
            }
    };
    Ok(page(site, Tab::Requests, "Contact", &body))
}

async fn keep(State(site): State<Site>, KeyedForm(sent): KeyedForm) -> Response {
    match take(&site, &sent) {
        Ok(_) => Redirect::to(REQUESTS).into_response(),
        Err(error) => {
            let status = error.status();
            let page = content(&site, &FormDraft::refused(CONTACT, sent, error));
            with_status(&site, Tab::Requests, status, page)
        }
    }
}

/// The fields of a contact in a form.
pub(super) fn fields(contact: &Contact, draft: &FormDraft) -> Markup {
    let mut contact = contact.clone();
    html! {
        @for (key, value) in contact.fields_mut() {
            @let value = draft.value(key, value.as_deref().unwrap_or_default());
            @if key == "role" {
                div .field {
                    label for=(key) { (label(key)) }
                    select id=(key) name=(key) {
                        option value="" { "not said" }
                        @for role in Contact::ROLES {
                            option value=(role) selected[role == value] { (role) }
                        }
                    }
                }
            } @else {
                (FormField::text(key, label(key)).value(value).render(draft))
            }
        }
    }
}

/// Takes the contact out of a form, and keeps it.
pub(super) fn take(site: &Site, form: &SentForm) -> Result<Contact, WebError> {
    let mut contact = site.contact()?;
    for (key, value) in contact.fields_mut() {
        *value = form.given(key).map(str::to_owned);
        let problem = value.as_deref().and_then(|it| Contact::problem(key, it));
        if let Some(problem) = problem {
            let message = format!("{}: {problem}", label(key));
            return Err(WebError::bad(message)
                .at(key)
                .next("change it; nothing was sent"));
        }
    }
    let folder = site.config.as_ref().ok_or_else(|| {
        WebError::bad("this computer names no folder for the contact")
            .next("set XDG_CONFIG_HOME or HOME, and start sadpctl web again")
    })?;
    let written = contact.write(&folder.join(Contact::FILE_NAME));
    written.map_err(|error| {
        WebError::new(StatusCode::INTERNAL_SERVER_ERROR, with_cause(&error))
            .next("make the folder writable; nothing was sent")
    })?;
    Ok(contact)
}

/// The name of a field, by the key of the file.
pub(super) fn label(key: &str) -> &'static str {
    match key {
        "name" => "Name",
        "email" => "E-mail",
        "phone" => "Phone",
        "company" => "Company",
        "country" => "Country",
        "role" => "Role",
        "purchase-channel" => "Purchase channel",
        _ => "E-mail of the vendor's support of your country",
    }
}

impl Site {
    /// Who asks the vendor's support. All is blank where nobody has filled it in.
    pub(super) fn contact(&self) -> Result<Contact, WebError> {
        let Some(folder) = &self.config else {
            return Ok(Contact::default());
        };
        Ok(Contact::read(&folder.join(Contact::FILE_NAME))?)
    }
}

impl From<SettingsError> for WebError {
    fn from(error: SettingsError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, with_cause(&error))
            .next("mend the file, or remove it; nothing was sent")
    }
}

//! What devices tell over their own HTTP interface, and whether a password is right.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::{
    check::{BasicLogin, HttpAccess},
    job::{Job, JobSettings, Task},
};
use sadp_reset::Action;

use super::FormPage;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    page::{self, FormField, Tab, page},
    site::Site,
    targets::{GuardedField, TargetQuery, Targets},
};

const PAGE: FormPage = FormPage {
    path: "/check",
    tab: Tab::Devices,
    render: form,
};

/// Whether the password is tried.
const LOGIN: &str = "login";
const YES: &str = "yes";

const HTTP_ONLY: &str = "http-only";
const HTTPS_PORT: &str = "https-port";
const ALLOW_BASIC: &str = "allow-basic";
const CERTIFICATE: &str = "accept-certificate";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PAGE.path, get(show).post(begin))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let logs_in = draft.has(LOGIN, YES);
    let port = HttpAccess::HTTPS_PORT.to_string();
    let guarded = [
        GuardedField::Box(
            ALLOW_BASIC,
            "Send the password itself where the device offers nothing else: over HTTP everybody in the network can read it",
        ),
        GuardedField::Text(
            FormField::text(CERTIFICATE, "Certificate to accept from now on")
                .hint("Its SHA-256, where a login found another certificate than before."),
        ),
    ];
    let body = html! {
        (page::form(site, draft, "Ask", &html! {
            (targets.render())
            fieldset {
                legend { "What to ask" }
                label { input type="radio" name=(LOGIN) value="no" checked[!logs_in];
                    " Without a login: whether each has a password, and whether it is locked. Nothing is changed, and no try is spent." } br;
                label { input type="radio" name=(LOGIN) value=(YES) checked[logs_in];
                    " Try the password: one login goes to one device after the other, and shows model, firmware and clock. "
                    "A wrong password costs a try, and the first refusal ends the logins." }
            }
            (FormField::secret("password", "Current password").optional()
                .hint("Only to try it.").render(draft))
            fieldset {
                legend { "How devices are reached" }
                p { label { input type="checkbox" name=(HTTP_ONLY) value="yes" checked[draft.is_ticked(HTTP_ONLY, false)];
                    " Plain HTTP alone, also where a device has HTTPS: for devices whose HTTPS is too old. The password goes as an answer to a challenge" } }
                (FormField { kind: "number", ..FormField::text(HTTPS_PORT, "HTTPS port") }
                    .value(&port).hint("Devices do not report it.").render(draft))
            }
            (targets.guards_and(Action::Check, &guarded, draft))
        }))
    };
    Ok(page(site, Tab::Devices, "Check over HTTP", &body))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let logs_in = form.text(LOGIN) == YES;
    let http = access(&targets, form, logs_in)?;
    let password = logs_in.then(|| form.current_password()).transpose()?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::Check(password),
    };
    let settings = JobSettings {
        http,
        ..site.job_settings(overrides)
    };
    site.begin(job, settings)
}

/// How devices are reached. What lowers the protection of a password is for logins on one
/// device, whose name was typed.
fn access(targets: &Targets, form: &SentForm, logs_in: bool) -> Result<HttpAccess, WebError> {
    let http_only = form.is_ticked(HTTP_ONLY);
    let https_port = form
        .given(HTTPS_PORT)
        .map_or(Ok(HttpAccess::HTTPS_PORT), str::parse);
    let https_port = https_port.ok().filter(|port| *port > 0).ok_or_else(|| {
        WebError::bad("the HTTPS port is not valid")
            .at(HTTPS_PORT)
            .next("write ports as 1 to 65535; nothing was sent")
    })?;
    if http_only && https_port != HttpAccess::HTTPS_PORT {
        return Err(WebError::bad("plain HTTP alone has no HTTPS port")
            .at(HTTPS_PORT)
            .next("choose one of both; nothing was sent"));
    }
    let accept = form.given(CERTIFICATE).map(str::parse).transpose();
    let accept = accept.map_err(|_| {
        WebError::bad("the certificate is not a SHA-256")
            .at(CERTIFICATE)
            .next("copy it from the result of a login; nothing was sent")
    })?;
    if http_only && accept.is_some() {
        return Err(WebError::bad("plain HTTP alone has no certificate")
            .at(CERTIFICATE)
            .next("choose one of both; nothing was sent"));
    }
    let allows_basic = form.is_ticked(ALLOW_BASIC);
    if allows_basic || accept.is_some() {
        if !logs_in {
            return Err(WebError::bad("this is for logins alone")
                .next("choose to try the password; nothing was sent"));
        }
        targets.require_named(form)?;
    }
    Ok(HttpAccess {
        basic: if allows_basic {
            BasicLogin::Allow
        } else {
            BasicLogin::Refuse
        },
        http_only,
        https_port,
        accept,
    })
}

//! The reserved e-mail address of a device: reserving one, the QR code for which the vendor
//! mails a code there, and a new password by that code.

use axum::{
    Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use jiff::Timestamp;
use maud::{Markup, html};
use sadp_model::{SecretKind, text::local_minute};
use sadp_ops::{
    Overrides,
    job::{Job, Task},
    recovery::{mail::VALID_FOR, password_reset::OwnerSecret},
};
use sadp_proto::{Code, MailQr};
use sadp_reset::{Action, QrImage};
use sadp_text::{MAILED_CODE_VOID, mail_qr_steps, with_cause};
use secrecy::ExposeSecret as _;

use super::{FormPage, problem};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    live::LiveDevice,
    looks::Found,
    page::{self, FormField, Tab, page},
    site::Site,
    targets::{TargetQuery, Targets},
    wording::device_title,
};

const PATH: &str = "/mail";
const PICTURE: &str = "/mail/qr.png";
const RESERVE: &str = "/mail/reserve";
const CONFIRM: &str = "/mail/confirm";

const FETCHING: FormPage = FormPage {
    path: PATH,
    tab: Tab::Recovery,
    render: content,
};

const RESERVING: FormPage = FormPage {
    path: RESERVE,
    tab: Tab::Recovery,
    render: reserving,
};

const CONFIRMING: FormPage = FormPage {
    path: CONFIRM,
    tab: Tab::Recovery,
    render: reset_form,
};

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(fetch))
        .route(PICTURE, get(picture))
        .route(RESERVE, get(show_reserving).post(reserve))
        .route(CONFIRM, get(show_reset).post(confirm))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    FETCHING.show(&site, query)
}

fn content(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let device = targets.only()?;
    let fetched = site.replies.of(&device.found).mail_qr;
    let number = device.number;
    let body = html! {
        (page::device_links(&device))
        @if let Some(fetched) = &fetched {
            (shown_qr(&device, fetched))
        } @else {
            p { "The device gives a QR code. For it, the vendor mails a code to the address that was reserved on the device, and the code sets a new password." }
        }
        (page::form(site, draft, if fetched.is_some() { "Fetch another QR code" } else { "Fetch the QR code" }, &html! {
            (targets.hidden())
            p .hint { "Another QR code makes an earlier one void, and the code that was mailed for it." }
        }))
        h2 { "More" }
        p .buttons {
            a .button href=(format!("{CONFIRM}?device={number}")) { "Type a code that was mailed" }
            a .button href=(format!("{RESERVE}?device={number}")) { "Reserve an e-mail address" }
        }
    };
    let title = format!("Recovery of {} by e-mail", device_title(&device.found));
    Ok(page(site, Tab::Recovery, &title, &body))
}

/// The QR code, large enough to be scanned from the screen, and what to do with it.
fn shown_qr(device: &LiveDevice, fetched: &Found<MailQr>) -> Markup {
    let path = format!("{PICTURE}?device={}", device.number);
    let until = fetched.at.checked_add(VALID_FOR).ok();
    html! {
        h2 { "QR code" }
        p { "For this device alone, fetched on " (fetched.minute()) "." }
        p { img .qr src=(path) alt="The QR code of the device"; }
        p { a .button href=(path) download { "Download the picture" } }
        ol {
            @for step in mail_qr_steps(&fetched.what, "the picture") { li { (step) } }
            li {
                "Give it to the device within " (VALID_FOR.as_hours()) " hours"
                @if let Some(until) = until.filter(|it| *it > Timestamp::now()) {
                    ": until " (local_minute(until))
                } @else {
                    ", which are over: fetch another QR code"
                }
                ". "
                a href=(format!("{CONFIRM}?device={}", device.number)) { "Type the code" }
            }
        }
        p { strong { (MAILED_CODE_VOID) } }
    }
}

async fn picture(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    let picture = Targets::one_of(&site, query).and_then(|device| {
        let fetched = site.replies.of(&device.found).mail_qr;
        let fetched = fetched.ok_or_else(|| WebError::gone("no QR code was fetched"))?;
        let image = QrImage::new(&fetched.what.qr).and_then(|it| it.to_png());
        image.map_err(|error| {
            WebError::bad(format!(
                "the QR code cannot be drawn: {}",
                with_cause(&error)
            ))
        })
    });
    match picture {
        Ok(png) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"qr.png\"",
                ),
            ];
            (headers, png).into_response()
        }
        Err(error) => problem(&site, Tab::Recovery, &error),
    }
}

async fn show_reserving(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    RESERVING.show(&site, query)
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn reserving(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let body = html! {
        p { "The vendor mails codes to this address, which set a new password. It is sent to the devices unencrypted." }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (FormField { kind: "email", ..FormField::text("mailbox", "E-mail address") }.required().render(draft))
            (page::current_password(draft))
            (targets.guards(Action::MailSet, draft))
        }))
    };
    Ok(page(
        site,
        Tab::Recovery,
        "Reserve an e-mail address",
        &body,
    ))
}

async fn show_reset(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    CONFIRMING.show(&site, query)
}

fn reset_form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    targets.only()?;
    let body = html! {
        p { "The code is sent once, with the new password. A wrong code costs a try, and after a few the device locks." }
        (page::form(site, draft, "Look and plan", &html! {
            (targets.render())
            (FormField { kind: "text", ..FormField::secret("code", "Code of the e-mail") }
                .hint("The code alone, without the text around it.").render(draft))
            (page::new_password(draft))
            (targets.after_reset(draft))
            (targets.guards(Action::MailConfirm, draft))
        }))
    };
    Ok(page(
        site,
        Tab::Recovery,
        "Reset a password by a mailed code",
        &body,
    ))
}

async fn fetch(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_fetching(&site, &sent);
    FETCHING.begun(&site, sent, begun)
}

async fn reserve(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_reserving(&site, &sent);
    RESERVING.begun(&site, sent, begun)
}

async fn confirm(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start_reset(&site, &sent);
    CONFIRMING.begun(&site, sent, begun)
}

fn start_fetching(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    targets.only()?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::FetchQr,
    };
    site.begin(job, site.job_settings(Overrides::default()))
}

fn start_reserving(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let mailbox = form.mailbox("mailbox")?;
    let mailbox =
        mailbox.ok_or_else(|| WebError::bad("no e-mail address was typed").at("mailbox"))?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::SetMailbox(mailbox, form.current_password()?),
    };
    site.begin(job, site.job_settings(overrides))
}

fn start_reset(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    targets.only()?;
    let overrides = targets.lifted(form)?;
    let code = form.secret("code", SecretKind::Code, "code")?;
    let code = Code::new(code.expose_secret().as_bytes()).map_err(|error| {
        WebError::bad(format!("the code cannot be sent: {}", with_cause(&error)))
            .at("code")
            .next("type the code of the e-mail alone; nothing was sent")
    })?;
    let password = form.new_password(overrides)?;
    let job = Job {
        devices: targets.keys()?,
        task: Task::ResetPassword(OwnerSecret::MailedCode(code), password),
    };
    site.begin(job, form.reset_settings(site, overrides))
}

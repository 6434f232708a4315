//! One request: what it is, its QR code to scan from the screen, its files, and the key
//! that answers it.

use std::path::Path;

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use sadp_model::{
    SecretKind,
    text::{clean, local_minute},
};
use sadp_ops::{
    job::{Job, Task},
    recovery::{ReviewedCase, answer::AnswerInput, forget},
};
use sadp_reset::{
    Action, Digest, NewCase, Package, QrImage, RequestKind, device_name, read_bounded,
};
use sadp_text::{case_reasons, case_time_left, with_cause};

use super::{REQUESTS, RequestPages as _, export, next_step, state};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    kept::download,
    page::{self, FormField, Tab, page, sentence},
    pages::{begun, problem, shown},
    site::Site,
    targets::Targets,
};

/// Requests have some hundred bytes, forms some thousand.
const MAX_FILE: u64 = 256 * 1024;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/requests/case/{number}", get(show))
        .route("/requests/case/{number}/qr.png", get(qr))
        .route("/requests/case/{number}/file", get(file))
        .route("/requests/case/{number}/form", get(form))
        .route("/requests/case/{number}/key", post(send_key))
        .route("/requests/case/{number}/forget", post(give_up))
}

/// The page of a request.
pub(super) fn path(number: i64) -> String {
    format!("/requests/case/{number}")
}

async fn show(State(site): State<Site>, UrlPath(number): UrlPath<i64>) -> Response {
    let case = site.case(number).await;
    let draft = FormDraft::new(key_path(number));
    shown(
        &site,
        Tab::Requests,
        case.map(|it| content(&site, &it, &draft)),
    )
}

fn content(site: &Site, reviewed: &ReviewedCase, draft: &FormDraft) -> Markup {
    let case = &reviewed.case;
    let request = &case.request;
    let id = case.id.number();
    let parts = request.device.serial().and_then(|it| it.parts(None));
    let model = parts.map(|it| format!(": {}", clean(it.model)));
    let title = format!("Request {id}{}", model.unwrap_or_default());
    let body = html! {
        (facts(reviewed))
        @for reason in case_reasons(reviewed) { (sentence(&reason)) }
        @if let Some(step) = reviewed.next {
            @let number = reviewed.number_in(&site.live.now());
            (next_step(step, number))
            @if let (true, Some(number)) = (reviewed.is_waiting(), number) {
                p .hint { "If its files are lost: " a href=(export::path(number)) { "export another request" }
                    ", which makes this one void." }
            }
        }
        @if reviewed.is_waiting() {
            h2 { "The request" }
            p { "The vendor's support takes it and answers. Until the answer is in, neither restart the device nor export again." }
            p .buttons {
                @if request.sha256.is_some() {
                    a .button href=(format!("/requests/case/{id}/file")) { "Download the request file" }
                }
                a .button href=(format!("/requests/case/{id}/form")) { "Download the form" }
            }
            @if request.kind == RequestKind::FileOrKey {
                p { "The same as a QR code, to scan from the screen:" }
                img .qr src=(format!("/requests/case/{id}/qr.png")) alt=(format!("QR code of request {id}"));
            }
        }
        @if case.is_open() {
            h2 { "The answer" }
            (answer(site, reviewed, draft))
            (give_up_form(site, id))
        }
        p { a href=(REQUESTS) { "All requests" } }
    };
    page(site, Tab::Requests, &title, &body)
}

fn facts(reviewed: &ReviewedCase) -> Markup {
    let request = &reviewed.case.request;
    let serial = request.device.serial();
    let kind = match request.kind {
        RequestKind::LegacyCode => "start time and serial number, answered by a dated code",
        RequestKind::File => "a file, answered by a file",
        RequestKind::FileOrKey => "a file or QR code, answered by a file or a key",
    };
    html! {
        dl {
            dt { "State" } dd { (state(reviewed)) }
            @if let Some(left) = case_time_left(reviewed) {
                dt { "Time left" } dd { (left) ", until " (local_minute(request.valid_until())) }
            }
            dt { "Device" } dd { (super::device(reviewed)) }
            @if let Some(serial) = serial { dt { "Complete serial number" } dd { (clean(serial.as_str())) } }
            dt { "Request" } dd { (kind) }
            dt { "Exported" } dd { (local_minute(request.exported_at)) }
            @if let Some(ended) = reviewed.case.ended {
                dt { "Closed" } dd { (local_minute(ended.at)) }
            }
            @if let Some(digest) = request.sha256 {
                dt { "SHA-256 of the request" } dd { (digest) }
            }
            dt { "Folder" } dd { (clean(&request.package.to_string_lossy())) }
        }
    }
}

/// The form for a key or a dated code. Files are dropped on the list of requests.
fn answer(site: &Site, reviewed: &ReviewedCase, draft: &FormDraft) -> Markup {
    let request = &reviewed.case.request;
    let (label, hint) = match request.kind {
        RequestKind::File => {
            return html! {
                p { "The answer is a file: " a href=(REQUESTS) { "drop it on the list of requests" } "." }
            };
        }
        RequestKind::FileOrKey => ("Key", "8 characters, from the vendor's support."),
        RequestKind::LegacyCode => (
            "Dated code",
            "From the vendor's support. The device then has the default password of its manual.",
        ),
    };
    let targets = Targets::of_keys(site, std::slice::from_ref(&request.device));
    html! {
        p { "An answer that is a file: " a href=(REQUESTS) { "drop it on the list of requests" } "." }
        (page::form(site, draft, "Look and plan", &html! {
            (FormField::secret("answer-key", label).hint(hint).render(draft))
            @if request.kind != RequestKind::LegacyCode {
                (page::new_password(draft))
                (targets.after_reset(draft))
            }
            (targets.guards(Action::ImportAnswer, draft))
        }))
    }
}

fn give_up_form(site: &Site, id: i64) -> Markup {
    html! {
        details {
            summary { "Give this request up" }
            p { "It is closed here, and its folder stays. An answer to it is then refused. Nothing is sent to the device." }
            (page::form(site, &FormDraft::new(format!("/requests/case/{id}/forget")), "Give it up", &html! {}))
        }
    }
}

async fn qr(State(site): State<Site>, UrlPath(number): UrlPath<i64>) -> Response {
    let picture = site.request_file(number).await.and_then(|(_, text)| {
        let image = QrImage::new(&String::from_utf8_lossy(&text));
        let picture = image.and_then(|it| it.to_png());
        picture.map_err(|error| WebError::bad(with_cause(&error)).next("send the file instead"))
    });
    match picture {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Err(error) => problem(&site, Tab::Requests, &error),
    }
}

async fn file(State(site): State<Site>, UrlPath(number): UrlPath<i64>) -> Response {
    match site.request_file(number).await {
        Ok((request, bytes)) => {
            let name = format!("{}.xml", device_name(&request.device));
            download(&name, "application/xml", bytes)
        }
        Err(error) => problem(&site, Tab::Requests, &error),
    }
}

async fn form(State(site): State<Site>, UrlPath(number): UrlPath<i64>) -> Response {
    match site.package_file(number, Package::FORM_FILE).await {
        Ok((request, bytes)) => {
            let name = format!("{}.txt", device_name(&request.device));
            download(&name, "text/plain; charset=utf-8", bytes)
        }
        Err(error) => problem(&site, Tab::Requests, &error),
    }
}

async fn send_key(
    State(site): State<Site>,
    UrlPath(number): UrlPath<i64>,
    sent: SentForm,
) -> Response {
    let case = match site.case(number).await {
        Ok(case) => case,
        Err(error) => return problem(&site, Tab::Requests, &error),
    };
    match start(&site, &case.case.request, &sent) {
        Ok(()) => begun(&site, Tab::Requests, Ok(())),
        Err(error) => {
            let status = error.status();
            let draft = FormDraft::refused(key_path(number), sent, error);
            (status, content(&site, &case, &draft)).into_response()
        }
    }
}

/// Where the form with a key is sent.
fn key_path(number: i64) -> String {
    format!("/requests/case/{number}/key")
}

fn start(site: &Site, request: &NewCase, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_keys(site, std::slice::from_ref(&request.device));
    let overrides = targets.lifted(form)?;
    let key = form.secret("answer-key", SecretKind::Key, "key")?;
    let is_legacy = request.kind == RequestKind::LegacyCode;
    let password = (!is_legacy).then(|| form.new_password(overrides));
    let job = Job {
        devices: vec![request.device.clone()],
        task: Task::SendAnswers {
            input: AnswerInput::Key(key),
            password: password.transpose()?,
        },
    };
    site.begin(job, form.reset_settings(site, overrides))
}

async fn give_up(State(site): State<Site>, UrlPath(number): UrlPath<i64>, _: SentForm) -> Response {
    let given_up = match site.case(number).await {
        Ok(case) => {
            site.record(move |session| Ok(forget(session, case.case.id)?))
                .await
        }
        Err(error) => Err(error),
    };
    match given_up {
        Ok(_) => Redirect::to(REQUESTS).into_response(),
        Err(error) => problem(&site, Tab::Requests, &error),
    }
}

impl Site {
    /// The request of this number.
    async fn case(&self, number: i64) -> Result<ReviewedCase, WebError> {
        let cases = self.cases().await?.into_iter();
        let mut cases = cases.filter(|it| it.case.id.number() == number);
        cases.next().ok_or_else(|| {
            WebError::gone("no request has this number").next("go back to the requests")
        })
    }

    /// A request, and its text as it was exported.
    async fn request_file(&self, number: i64) -> Result<(NewCase, Vec<u8>), WebError> {
        let (request, bytes) = self.package_file(number, Package::CODE_FILE).await?;
        if request.sha256 == Some(Digest::of(&bytes)) {
            return Ok((request, bytes));
        }
        Err(
            WebError::bad("the request file is no longer as it was exported")
                .next("export another request"),
        )
    }

    /// A request, and a file of its package.
    async fn package_file(
        &self,
        number: i64,
        name: &'static str,
    ) -> Result<(NewCase, Vec<u8>), WebError> {
        let request = self.case(number).await?.case.request;
        let path = request.package.join(name);
        self.read(move |_, _| Ok((request, read(&path)?))).await
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WebError> {
    read_bounded(path, MAX_FILE).map_err(|error| {
        let message = format!("cannot read {}: {}", path.display(), with_cause(&error));
        WebError::gone(message).next("bring the folder of the request back, or export another")
    })
}

//! Answers of the vendor's support: which is for which request, and their sending.

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    response::{Redirect, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use maud::{Markup, html};
use sadp_model::text::clean;
use sadp_ops::{
    Overrides,
    job::{Job, Task},
    recovery::{History, answer::AnswerInput},
};
use sadp_reset::{
    Action, AnswerTarget, Case, Collected, DeviceKey, ReceivedFile, RequestKind, Why,
    collect_received, targets,
};
use sadp_text::{Remedy as _, Sentence, age, count, with_cause};

use super::REQUESTS;
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{SentForm, Upload, UploadedFile},
    page::{self, FormField, Tab, page, sentence, table},
    pages::{begun, shown, with_status},
    site::Site,
    targets::Targets,
    wording::told,
};

const PATH: &str = "/requests/answers";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, post(receive))
        .route("/requests/answers/{number}", get(show).post(send))
}

fn path(number: u64) -> String {
    format!("{PATH}/{number}")
}

/// The form to drop answers on.
pub(super) fn upload(site: &Site) -> Markup {
    page::upload_form(
        site,
        &FormDraft::new(PATH),
        "Look which answers these are",
        &html! {
            p { "Drop the answers here: files, ZIP files, or e-mails saved as .eml. Nothing is sent to devices yet." }
            div .field {
                label for="answers" { "Files" }
                input id="answers" name="answers" type="file" multiple required;
            }
        },
    )
}

async fn receive(State(site): State<Site>, upload: Upload) -> Redirect {
    let files = upload.files.into_iter();
    let files = files.map(|UploadedFile { name, bytes }| ReceivedFile { name, bytes });
    let number = site.received.keep(collect_received(files.collect()));
    Redirect::to(&path(number))
}

/// What is known of the answers of an upload.
struct ReceivedAnswers {
    answers: Vec<ReceivedAnswer>,
    unusable: Vec<RejectedFile>,
    /// What an answer can be said to be for.
    open: Vec<Case>,
    now: Timestamp,
}

struct ReceivedAnswer {
    name: String,
    target: Result<AnswerTarget, Why>,
}

impl ReceivedAnswer {
    /// Whether only who has it can say which request it is for.
    fn is_unclear(&self) -> bool {
        self.target.as_ref().is_err_and(Why::is_unclear)
    }
}

/// A file that is no answer.
struct RejectedFile {
    name: String,
    why: String,
    next: Sentence,
}

impl ReceivedAnswers {
    fn new(found: &Collected, cases: &[Case], now: Timestamp) -> Self {
        let targets = targets(found, cases).into_iter();
        let answers = found.files.iter().zip(targets);
        let answers = answers.map(|(file, target)| ReceivedAnswer {
            name: file.path.to_string_lossy().into_owned(),
            target,
        });
        let unusable = found.problems.iter().map(|problem| RejectedFile {
            name: problem.path.to_string_lossy().into_owned(),
            why: with_cause(&problem.why),
            next: problem.why.remedy(),
        });
        Self {
            answers: answers.collect(),
            unusable: unusable.collect(),
            open: cases.iter().filter(|it| it.is_open()).cloned().collect(),
            now,
        }
    }

    /// The devices that the answers are for, as far as that is known.
    fn devices(&self) -> Vec<DeviceKey> {
        self.known().map(|it| it.device.clone()).collect()
    }

    /// Whether an answer sets a new password, or may do so.
    fn needs_password(&self) -> bool {
        self.known()
            .any(|it| it.kind != Some(RequestKind::LegacyCode))
    }

    /// Whether an answer is, or may be, for a device that takes no new password.
    fn may_be_legacy(&self) -> bool {
        let open = self.open.iter().map(|it| Some(it.request.kind));
        let mut kinds = self.known().map(|it| it.kind).chain(open);
        kinds.any(|it| it == Some(RequestKind::LegacyCode))
    }

    fn known(&self) -> impl Iterator<Item = &AnswerTarget> {
        self.answers.iter().filter_map(|it| it.target.as_ref().ok())
    }
}

async fn show(State(site): State<Site>, UrlPath(number): UrlPath<u64>) -> Response {
    // What was chosen before can be chosen again.
    let answers = site.received_answers(number, |found, cases| choose(found, cases, &[]));
    let answers = answers.await;
    shown(
        &site,
        Tab::Requests,
        answers.map(|it| content(&site, &it, &FormDraft::new(path(number)))),
    )
}

fn content(site: &Site, received: &ReceivedAnswers, draft: &FormDraft) -> Markup {
    let answers = &received.answers;
    let found = count(
        answers.len() as u64,
        "answer was found",
        "answers were found",
    );
    let body = html! {
        p { (found) ". Nothing was sent yet." }
        @if !received.unusable.is_empty() {
            h2 { "Files that are no answers" }
            @let rows = html! { @for file in &received.unusable { (unusable(file)) } };
            (table("Files that are no answers", &["File", "Why", "What to do next"], &rows))
        }
        @if answers.is_empty() {
            p { a .button href=(REQUESTS) { "Choose other files" } }
        } @else {
            h2 { "Send the answers" }
            (page::form(site, draft, "Look and plan", &fields(site, received, draft)))
        }
    };
    page(
        site,
        Tab::Requests,
        "Answers of the vendor's support",
        &body,
    )
}

fn unusable(file: &RejectedFile) -> Markup {
    html! {
        tr {
            td { (clean(&file.name)) }
            td { (sentence(&file.why)) }
            td { (told(&file.next, None)) }
        }
    }
}

fn fields(site: &Site, received: &ReceivedAnswers, draft: &FormDraft) -> Markup {
    let answers = received.answers.iter().enumerate();
    let (unclear, clear): (Vec<_>, Vec<_>) = answers.partition(|(_, it)| it.is_unclear());
    let rows = html! {
        @for (_, answer) in &clear {
            tr { td { (clean(&answer.name)) } td { (purpose(&answer.target)) } }
        }
    };
    let devices = received.devices();
    let targets = Targets::of_keys(site, &devices);
    html! {
        @if !clear.is_empty() { (table("Answers", &["File", "For which request"], &rows)) }
        @for (place, answer) in unclear { (choice(draft, place, &answer.name, received)) }
        @if received.may_be_legacy() {
            p .hint { "Old devices take a dated code and get the default password of their manual. Leave the new password empty if all answers are such codes." }
            (FormField { required: false, ..FormField::secret("new-password", "New password") }.render(draft))
            (FormField { required: false, ..FormField::secret("again", "Type it again") }.render(draft))
        } @else {
            (page::new_password(draft))
        }
        (targets.after_reset(draft))
        @if devices.len() == 1 { (targets.guards(Action::ImportAnswer, draft)) }
    }
}

/// The request of an answer, or why it is not sent.
fn purpose(target: &Result<AnswerTarget, Why>) -> Markup {
    match target {
        Ok(target) => html! {
            @if let Some(case) = target.case { "Request " (case) ": " }
            (known(&target.device))
        },
        Err(why) => html! {
            span .state.invalid { "not sent" }
            (sentence(&with_cause(why)))
            (told(&why.remedy(), None))
        },
    }
}

/// The open requests, for an answer that tells nothing of its own.
fn choice(draft: &FormDraft, place: usize, name: &str, received: &ReceivedAnswers) -> Markup {
    let id = format!("case-{place}");
    html! {
        div .field {
            label for=(id) { "For which request is " (clean(name)) "?" }
            select id=(id) name=(id) {
                option value="" { "leave it out" }
                @for case in &received.open {
                    @let id_text = case.id.to_string();
                    option value=(id_text) selected[draft.typed(&id) == Some(&id_text)] { (open(case, received.now)) }
                }
            }
            @if received.open.is_empty() { p .hint { "No request is open." } }
        }
    }
}

fn known(device: &DeviceKey) -> String {
    let serial = device.serial().map(|it| clean(it.as_str()).into_owned());
    let mac = device.mac().map(|it| it.to_string());
    let known: Vec<_> = serial.into_iter().chain(mac).collect();
    known.join(", ")
}

fn open(case: &Case, now: Timestamp) -> String {
    let request = &case.request;
    let age = age(now.duration_since(request.exported_at));
    let address = request.address.map(|it| format!("{it}, "));
    let device = known(&request.device);
    format!(
        "{}: {}{device}, exported {age} ago",
        case.id,
        address.unwrap_or_default()
    )
}

async fn send(State(site): State<Site>, UrlPath(number): UrlPath<u64>, sent: SentForm) -> Response {
    let error = match start(&site, number, &sent).await {
        Ok(()) => return begun(&site, Tab::Requests, Ok(())),
        Err(error) => error,
    };
    // What was chosen before can be chosen again.
    let answers = site.received_answers(number, |found, cases| choose(found, cases, &[]));
    let page = answers.await;
    let status = error.status();
    let draft = FormDraft::refused(path(number), sent, error);
    with_status(
        &site,
        Tab::Requests,
        status,
        page.map(|it| content(&site, &it, &draft)),
    )
}

async fn start(site: &Site, number: u64, form: &SentForm) -> Result<(), WebError> {
    let chosen = form.numbered("case-");
    let chosen: Vec<_> = chosen
        .map(|(place, case)| (place, case.to_owned()))
        .collect();
    let received = site.received_answers(number, move |found, cases| choose(found, cases, &chosen));
    let received = received.await?;
    let devices = received.devices();
    if devices.is_empty() {
        return Err(WebError::bad("none of these answers is for a request")
            .next("choose for which request it is; nothing was sent"));
    }
    let overrides = match devices.len() {
        1 => Targets::of_keys(site, &devices).lifted(form)?,
        _ => Overrides::default(),
    };
    let is_given = form.given("new-password").is_some() || received.needs_password();
    let password = is_given.then(|| form.new_password(overrides)).transpose()?;
    site.jobs.require_idle()?;
    let mut found = site.received.take(number)?;
    // They were shown already.
    found.problems.clear();
    let input = AnswerInput::Files(found);
    let job = Job {
        // Each answer tells its own.
        devices: Vec::new(),
        task: Task::SendAnswers { input, password },
    };
    site.begin(job, form.reset_settings(site, overrides))
}

/// Takes in for which requests somebody said that answers are.
fn choose(
    found: &mut Collected,
    cases: &[Case],
    chosen: &[(usize, String)],
) -> Result<(), WebError> {
    for file in &mut found.files {
        file.case = None;
    }
    for (place, case) in chosen {
        let Some(file) = found.files.get_mut(*place) else {
            continue;
        };
        if case.is_empty() {
            continue;
        }
        let id = case.parse().ok();
        let mut open = cases.iter().filter(|it| it.is_open());
        let known = open.find(|it| Some(it.id) == id);
        file.case = Some(known.ok_or_else(no_case)?.id);
    }
    Ok(())
}

fn no_case() -> WebError {
    WebError::gone("no request waits under this number").next("go back and choose another")
}

impl Site {
    /// What is known of the answers of an upload, once `change` has taken in more.
    async fn received_answers(
        &self,
        number: u64,
        change: impl FnOnce(&mut Collected, &[Case]) -> Result<(), WebError> + Send + 'static,
    ) -> Result<ReceivedAnswers, WebError> {
        let site = self.clone();
        self.read(move |session, _| {
            let history = History::read(session.ledger(), session.now())?;
            let cases = history.cases();
            site.received.with(number, |found| {
                change(found, cases)?;
                Ok(ReceivedAnswers::new(found, cases, session.now()))
            })?
        })
        .await
    }
}

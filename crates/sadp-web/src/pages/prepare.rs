//! Recovery prepared while the password is known.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::{
    Preparation,
    job::{Job, Task},
    recovery::prepare::{WantedAnswers, WantedPreparation},
};
use sadp_reset::Action;

use super::{FormPage, problem};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::SentForm,
    kept::KeptFiles,
    page::{self, FormField, Tab, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/prepare";

const PAGE: FormPage = FormPage {
    path: PATH,
    tab: Tab::Recovery,
    render: form,
};

/// Where the answers that were made can be downloaded.
pub(super) const ANSWERS: &str = "/prepare/answers";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(begin))
        .route(ANSWERS, get(answers))
        .route("/prepare/answers/{name}", get(answer_file))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    PAGE.show(&site, query)
}

#[expect(clippy::unnecessary_wraps, reason = "pages with a form may fail")]
fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let offering = |preparation: Preparation| {
        let devices = targets.devices().iter();
        let offering =
            devices.filter(|it| preparation.offer().of(&it.found.entry.device) == Some(true));
        sadp_text::count(offering.count() as u64, "device reports", "devices report")
    };
    let body = html! {
        p { "While the password is known: what makes it possible to set a new one later, without the vendor's support. What is prepared already is left as it is. You see the plan before anything is sent." }
        (page::form(site, draft, "Ask the devices and plan", &html! {
            (targets.render())
            h2 { "GUID" }
            p { (offering(Preparation::Guid)) " GUID recovery. The GUID is exported into the vault." }
            (page::new_passphrase(draft))
            h2 { "Security questions" }
            p { (offering(Preparation::Questions)) " security questions." }
            p {
                label { input type="checkbox" name="answers" value="made" checked[draft.is_ticked("answers", true)];
                    " Make answers for each device, and keep them in a file" }
            }
            p .hint { "Keep the file safe: whoever has it can take the devices over. It can be downloaded afterwards." }
            h2 { "Reserved e-mail address" }
            p { (offering(Preparation::Mailbox)) " recovery by e-mail." }
            (FormField { kind: "email", ..FormField::text("mailbox", "E-mail address to reserve") }
                .hint("It is sent unencrypted. Leave it empty to reserve none.").render(draft))
            h2 { "Password" }
            (page::current_password(draft))
            (targets.guards(Action::GuidExport, draft))
        }))
        p { a href=(ANSWERS) { "Answers that were made before" } }
    };
    Ok(page(site, Tab::Recovery, "Prepare recovery", &body))
}

async fn answers(State(site): State<Site>) -> Markup {
    let files = KeptFiles::ANSWERS.list(&site);
    let body = html! {
        p { "A line a device: its MAC, and three answers with the numbers of their questions. Keep the files safe: whoever has one can take the devices over." }
        @if files.is_empty() { p { "No answers were made." } }
        ul { @for file in &files {
            li { a href=(format!("{ANSWERS}/{}", file.name)) download { (file.name) } }
        } }
    };
    page(&site, Tab::Recovery, "Answers that were made", &body)
}

async fn answer_file(State(site): State<Site>, Path(name): Path<String>) -> Response {
    let file = KeptFiles::ANSWERS.download(&site, &name).await;
    file.unwrap_or_else(|error| problem(&site, Tab::Recovery, &error))
}

async fn begin(State(site): State<Site>, sent: SentForm) -> Response {
    let begun = start(&site, &sent);
    PAGE.begun(&site, sent, begun)
}

fn start(site: &Site, form: &SentForm) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let password = form.current_password()?;
    let mailbox = form.mailbox("mailbox")?;
    let passphrase = form.new_passphrase()?;
    let answers = if form.is_ticked("answers") {
        Some(WantedAnswers::Made(KeptFiles::ANSWERS.new_path(site)?))
    } else {
        None
    };
    // The job sets the rest.
    let wanted = WantedPreparation {
        mailbox,
        answers,
        ..WantedPreparation::default()
    };
    let job = Job {
        devices: targets.keys()?,
        task: Task::Prepare {
            wanted,
            password,
            passphrase,
        },
    };
    site.begin(job, site.job_settings(overrides))
}

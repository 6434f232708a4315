//! Recovery prepared while the password is known.

use std::{ffi::OsStr, fs, io, path::PathBuf};

use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use jiff::Timestamp;
use maud::{Markup, html};
use sadp_ops::{
    Preparation,
    job::{Job, Task},
    recovery::prepare::{WantedAnswers, WantedPreparation},
};
use sadp_reset::{Action, make_folder, read_bounded};

use super::{begun, problem, shown};
use crate::{
    error::WebError,
    form::Form,
    kept::download,
    page::{self, Field, Place, page},
    site::Site,
    targets::{TargetQuery, Targets},
};

const PATH: &str = "/prepare";

/// Where the answers that were made can be downloaded.
pub(super) const ANSWERS: &str = "/prepare/answers";

/// The folder of the answers in the state folder.
const FOLDER: &str = "answers";

/// The longest file of answers: that of 5,000 devices is shorter.
const MAX_ANSWERS: u64 = 1 << 20;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(begin))
        .route(ANSWERS, get(answers))
        .route("/prepare/answers/{name}", get(answer_file))
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    let targets = Targets::of(&site, query);
    shown(&site, Place::Recovery, targets.map(|it| form(&site, &it)))
}

fn form(site: &Site, targets: &Targets) -> Markup {
    let offering = |preparation: Preparation| {
        let devices = targets.devices().iter();
        let offering =
            devices.filter(|it| preparation.offer().of(&it.found.entry.device) == Some(true));
        sadp_text::count(offering.count() as u64, "device reports", "devices report")
    };
    let body = html! {
        p { "While the password is known: what makes it possible to set a new one later, without the vendor's support. What is prepared already is left as it is. You see the plan before anything is sent." }
        (page::form(site, PATH, "Ask the devices and plan", &html! {
            (targets.render())
            h2 { "GUID" }
            p { (offering(Preparation::Guid)) " GUID recovery. The GUID is exported into the vault." }
            h2 { "Security questions" }
            p { (offering(Preparation::Questions)) " security questions." }
            p {
                label { input type="checkbox" name="answers" value="made" checked;
                    " Make answers for each device, and keep them in a file" }
            }
            p .hint { "Keep the file safe: whoever has it can take the devices over. It can be downloaded afterwards." }
            h2 { "Reserved e-mail address" }
            p { (offering(Preparation::Mailbox)) " recovery by e-mail." }
            (Field { kind: "email", ..Field::text("mailbox", "E-mail address to reserve") }
                .hint("It is sent unencrypted. Leave it empty to reserve none.").render())
            h2 { "Password" }
            (page::current_password())
            (targets.guards(Action::GuidExport))
        }))
        p { a href=(ANSWERS) { "Answers that were made before" } }
    };
    page(site, Place::Recovery, "Prepare recovery", &body)
}

async fn answers(State(site): State<Site>) -> Markup {
    let names = site.answer_files().unwrap_or_default();
    let body = html! {
        p { "A line a device: its MAC, and three answers with the numbers of their questions. Keep the files safe: whoever has one can take the devices over." }
        @if names.is_empty() { p { "No answers were made." } }
        ul { @for name in &names {
            li { a href=(format!("{ANSWERS}/{name}")) download { (name) } }
        } }
    };
    page(&site, Place::Recovery, "Answers that were made", &body)
}

impl Site {
    /// The names of the files with answers, the newest first.
    fn answer_files(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.state.join(FOLDER))? {
            let path = entry?.path();
            // Files that are being written have other names.
            let is_whole = path.extension() == Some("txt".as_ref());
            let name = path.file_name().and_then(OsStr::to_str);
            names.extend(name.filter(|_| is_whole).map(str::to_owned));
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(names)
    }

    /// A new file for answers, in its folder.
    fn new_answers(&self) -> Result<PathBuf, WebError> {
        let folder = self.state.join(FOLDER);
        make_folder(&folder).map_err(|error| {
            let text = format!("cannot make the folder {}: {error}", folder.display());
            WebError::bad(text).next("check the permissions of the state folder; nothing was sent")
        })?;
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        Ok(folder.join(format!("answers-{now}.txt")))
    }
}

async fn answer_file(State(site): State<Site>, Path(name): Path<String>) -> Response {
    // Only a name that the folder has leads to a file.
    let names = site.answer_files().unwrap_or_default();
    let name = names.into_iter().find(|it| *it == name);
    let read = name.and_then(|name| {
        let bytes = read_bounded(&site.state.join(FOLDER).join(&name), MAX_ANSWERS).ok()?;
        Some(download(&name, "text/plain; charset=utf-8", bytes))
    });
    read.unwrap_or_else(|| {
        let error = WebError::gone("there is no such file of answers");
        problem(&site, Place::Recovery, &error)
    })
}

async fn begin(State(site): State<Site>, form: Form) -> Response {
    begun(&site, Place::Recovery, start(&site, &form))
}

fn start(site: &Site, form: &Form) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let password = form.current_password()?;
    let mailbox = form.mailbox("mailbox")?;
    let answers = if form.is_ticked("answers") {
        Some(WantedAnswers::Made(site.new_answers()?))
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
        task: Task::Prepare(wanted, password),
    };
    site.jobs.begin(site, job, overrides)
}

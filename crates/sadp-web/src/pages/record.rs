//! One scan, recorded for others to look into.

use std::fmt;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};
use sadp_ops::{
    Overrides,
    job::{Job, Task, redacted_path},
};

use super::{begun, problem};
use crate::{
    draft::FormDraft,
    error::WebError,
    form::{KeyedForm, SentForm},
    kept::{KeptFile, KeptFiles},
    page::{self, Tab, key, page, table},
    site::Site,
};

const PATH: &str = "/record";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(PATH, get(show).post(begin))
        .route("/record/{name}", get(download))
        .route("/record/delete", post(delete))
}

async fn show(State(site): State<Site>) -> Markup {
    let body = html! {
        p { "Records one scan: what this computer asks, and what the devices reply. "
            "Packet analysers and " code { "sadpctl decode" } " read the file. Nothing is changed on any device." }
        (page::form(&site, &FormDraft::new(PATH), "Record a scan", &html! {}))
        (recordings(&site))
    };
    page(&site, Tab::Doctor, "Record a scan", &body)
}

/// A recording, and the same without what identifies devices.
struct Recording {
    whole: KeptFile,
    redacted: Option<KeptFile>,
}

impl Recording {
    fn all(site: &Site) -> Vec<Self> {
        let files = KeptFiles::CAPTURES.list(site);
        let mut recordings = Vec::new();
        for whole in &files {
            let redacted = redacted_path(whole.name.as_ref());
            let mut others = files.iter();
            // A redacted one has no redacted one.
            if whole.name.contains("-redacted.") {
                continue;
            }
            recordings.push(Self {
                whole: whole.clone(),
                redacted: others
                    .find(|it| redacted.as_os_str() == it.name.as_str())
                    .cloned(),
            });
        }
        recordings
    }
}

fn recordings(site: &Site) -> Markup {
    let recordings = Recording::all(site);
    html! {
        @if !recordings.is_empty() {
            h2 { "Recordings" }
            p { "A whole recording holds the serial numbers, MACs and addresses of this site. It holds no password. "
                "In the redacted one, other serial numbers, MACs and addresses stand in place of them; models, firmware and dates stay. "
                "Give others the redacted one where that is enough." }
            (table("Recordings", &["Recorded", "Redacted", "Whole", "Delete"], &html! {
                @for Recording { whole, redacted } in &recordings {
                    tr {
                        th scope="row" { (whole.made.strftime("%Y-%m-%d %H:%M:%S")) }
                        td { @match redacted { Some(file) => { (link(file)) } None => { "not made" } } }
                        td { (link(whole)) }
                        td {
                            form method="post" action="/record/delete" {
                                (key(site))
                                input type="hidden" name="name" value=(whole.name);
                                button type="submit" aria-label=(format!("Delete {}", whole.name)) { "Delete" }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn link(file: &KeptFile) -> Markup {
    html! {
        a href=(format!("/record/{}", file.name)) download aria-label=(format!("Download {}", file.name)) { "Download" }
        " (" (Size(file.size)) ")"
    }
}

/// A size in kilobytes.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kB", self.0.div_ceil(1000))
    }
}

async fn begin(State(site): State<Site>, _: SentForm) -> Response {
    let started = KeptFiles::CAPTURES.new_path(&site).and_then(|path| {
        let job = Job {
            devices: Vec::new(),
            task: Task::Record(path),
        };
        site.begin(job, site.job_settings(Overrides::default()))
    });
    begun(&site, Tab::Doctor, started)
}

async fn download(State(site): State<Site>, Path(name): Path<String>) -> Response {
    let file = KeptFiles::CAPTURES.download(&site, &name).await;
    file.unwrap_or_else(|error| problem(&site, Tab::Doctor, &error))
}

async fn delete(State(site): State<Site>, KeyedForm(form): KeyedForm) -> Response {
    let deleted = KeptFiles::CAPTURES
        .find(&site, form.text("name"))
        .and_then(|path| {
            // There may be none.
            let _ = std::fs::remove_file(redacted_path(&path));
            std::fs::remove_file(&path).map_err(|error| {
                let cause = sadp_text::with_cause(&error);
                let message = format!("cannot delete {}: {cause}", path.display());
                WebError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
                    .next("look whether this user may delete it")
            })
        });
    match deleted {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(error) => problem(&site, Tab::Doctor, &error),
    }
}

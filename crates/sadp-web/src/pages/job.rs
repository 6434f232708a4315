//! What is done right now: the plan and the question, how far it is, and how it ended.

use std::collections::{HashMap, HashSet};

use axum::{
    Router,
    extract::State,
    response::Redirect,
    routing::{get, post},
};
use maud::{Markup, html};
use sadp_model::MacAddr;
use sadp_ops::{Outcome, OutcomeData, OutcomeStatus, Reason, recovery::button::ButtonFinding};
use sadp_reset::DeviceKey;
use sadp_text::count;
use strum::IntoEnumIterator as _;

use super::{guids::GUIDS, prepare::ANSWERS, requests::REQUESTS};
use crate::{
    form::KeyedForm,
    jobs::{EndedJob, JobDevice, ShownJob, ShownQuestion},
    page::{Tab, key, page, sentence, table},
    site::Site,
    wording::told,
};

/// Where a job is shown.
pub(crate) const JOB: &str = "/job";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(JOB, get(show))
        .route(
            "/live/job",
            get(async |State(site): State<Site>| content(&site)),
        )
        .route(
            "/live/status",
            get(async |State(site): State<Site>| site.jobs.status_line()),
        )
        .route("/job/answer", post(answer))
        .route("/job/stop", post(stop))
        .route("/job/dismiss", post(dismiss))
}

async fn show(State(site): State<Site>) -> Markup {
    let body = html! {
        div #job data-live="/live/job" data-on="job" { (content(&site)) }
    };
    page(&site, Tab::Job, "Work on devices", &body)
}

async fn answer(State(site): State<Site>, KeyedForm(form): KeyedForm) -> Redirect {
    if let Ok(number) = form.text("question").parse() {
        site.jobs.answer(number, form.text("answer") == "yes");
    }
    Redirect::to(JOB)
}

async fn stop(State(site): State<Site>, _: KeyedForm) -> Redirect {
    site.jobs.stop();
    Redirect::to(JOB)
}

async fn dismiss(State(site): State<Site>, KeyedForm(form): KeyedForm) -> Redirect {
    let ended = site.jobs.dismiss();
    if let (Some(ended), Ok(status)) = (ended, form.text(MARK).parse()) {
        mark_those(&site, &ended, status);
    }
    Redirect::to("/")
}

/// The field with the status of the devices to mark.
const MARK: &str = "mark";

/// Marks the devices that ended so, and no others.
fn mark_those(site: &Site, ended: &EndedJob, status: OutcomeStatus) {
    let those = ended.outcomes.iter().filter(|it| it.status == status);
    let macs: HashSet<_> = those.filter_map(|it| it.device.mac).collect();
    site.live.mark_only(|it| {
        let mac = it.found.entry.device.mac;
        mac.is_some_and(|mac| macs.contains(&mac))
    });
}

/// What is done right now.
pub(super) fn content(site: &Site) -> Markup {
    match site.jobs.now() {
        ShownJob::None => html! {
            p { "Nothing is being done. " a href="/" { "Choose devices" } }
        },
        ShownJob::Running {
            title,
            progress,
            question,
            devices,
            notes,
            stopping,
        } => html! {
            h2 { (title) }
            @if let Some(question) = &question {
                (asked(site, question))
            } @else {
                p .progress { (progress) }
                @if !devices.is_empty() { (under_way(&devices)) }
                form method="post" action="/job/stop" {
                    (key(site))
                    @if stopping {
                        p { "Nothing more is sent. Replies are awaited." }
                    }
                    p .buttons {
                        button type="submit" { @if stopping { "End at once" } @else { "Stop" } }
                    }
                }
            }
            @for note in &notes { (told(note, None)) }
        },
        ShownJob::Ended(ended) => result(site, &ended),
    }
}

/// The most devices that are listed while a job is under way.
const LISTED: usize = 200;

/// What is going on, device by device: those that wait stand first.
fn under_way(devices: &[JobDevice]) -> Markup {
    let waiting = devices.iter().filter(|it| !it.finished);
    let finished = devices.iter().filter(|it| it.finished);
    html! {
        @let done = finished.clone().count();
        p {
            progress max=(devices.len()) value=(done) aria-label="Devices that are finished" {}
            " " (done) " of " (count(devices.len() as u64, "device is", "devices are")) " finished"
        }
        ul .devices {
            @for device in waiting.chain(finished.clone()).take(LISTED) {
                li { (device.title) ": " @if device.finished { "finished" } @else { "not finished yet" } }
            }
        }
        @if devices.len() > LISTED { p { "and " (devices.len() - LISTED) " more" } }
    }
}

fn asked(site: &Site, question: &ShownQuestion) -> Markup {
    html! {
        (sentence(&question.plan))
        @if question.left_out > 0 {
            p .notice .limit { (count(question.left_out as u64, "device is", "devices are")) " left out: the last lines of the plan say why." }
        }
        p .question { strong { (question.text) } }
        form method="post" action="/job/answer" {
            (key(site))
            input type="hidden" name="question" value=(question.number);
            p .buttons {
                button .primary type="submit" name="answer" value="yes" { "Yes, go on" }
                button type="submit" name="answer" value="no" { "No, send nothing" }
            }
        }
    }
}

fn result(site: &Site, ended: &EndedJob) -> Markup {
    html! {
        h2 { (ended.title) ": ended" }
        @if let Some(failure) = &ended.failure {
            (crate::error::problem(failure))
        }
        @if !ended.outcomes.is_empty() {
            p { strong { (summary(&ended.outcomes)) } }
            (outcomes(site, "What became of each device", &ended.outcomes))
        }
        @for note in &ended.notes { (told(note, None)) }
        @for link in &ended.links { p { a .button href=(link.path) { (link.text) } } }
        @if let Some((path, name)) = follow_up(site, &ended.outcomes) {
            p { a .button .primary href=(path) { (name) } }
        }
        form method="post" action="/job/dismiss" {
            (key(site))
            p .buttons {
                button .primary type="submit" { "Back to the devices" }
                @for status in OutcomeStatus::iter().filter(|_| ended.outcomes.len() > 1) {
                    @let word: &str = status.into();
                    @let number = ended.outcomes.iter().filter(|it| it.status == status).count();
                    @if number > 0 {
                        button type="submit" name=(MARK) value=(word) { "Mark those that are " (word) " (" (number) ")" }
                    }
                }
            }
        }
    }
}

/// The page that shows what devices replied or gave, or goes on with it.
fn follow_up(site: &Site, outcomes: &[Outcome]) -> Option<(String, &'static str)> {
    let mut read = outcomes.iter();
    let of_all = read.find_map(|it| match &it.data {
        OutcomeData::Request(_) => Some((REQUESTS, "Show the requests, and send them")),
        OutcomeData::Answer(_) => Some((REQUESTS, "Show the requests")),
        OutcomeData::ExportedGuid(_) => Some((GUIDS, "Show the vault of GUIDs")),
        _ if it.may_have_set_questions() => Some((ANSWERS, "Download the answers")),
        _ => None,
    });
    if let Some((page, name)) = of_all {
        return Some((page.into(), name));
    }
    let [outcome] = outcomes else {
        return None;
    };
    let (page, name) = match (&outcome.data, &outcome.reason) {
        (OutcomeData::Questions(_), _) => ("/questions", "Show the questions"),
        (OutcomeData::MailQr(_), _) => ("/mail", "Show the QR code"),
        (_, Reason::Button(ButtonFinding::Reset)) => ("/activate", "Give it its first password"),
        _ => return None,
    };
    let key = DeviceKey::new(outcome.device.mac, outcome.device.serial.clone())?;
    let now = site.live.now();
    let number = now.all().find(|it| it.found.is(&key))?.number;
    Some((format!("{page}?device={number}"), name))
}

/// What to do next. `numbers` are those of the list.
fn next_step(outcome: &Outcome, numbers: &HashMap<MacAddr, u64>) -> Markup {
    let number = outcome.device.mac.and_then(|mac| numbers.get(&mac));
    html! {
        @if let Some(next) = sadp_text::next_step(outcome) { (told(&next, number.copied())) }
    }
}

/// How many ended how: `40 devices: 37 done, 3 skipped`.
fn summary(outcomes: &[Outcome]) -> String {
    let numbers = OutcomeStatus::iter().filter_map(|status| {
        let number = outcomes.iter().filter(|it| it.status == status).count();
        (number > 0).then(|| format!("{number} {}", <&str>::from(status)))
    });
    let devices = count(outcomes.len() as u64, "device", "devices");
    format!("{devices}: {}", numbers.collect::<Vec<_>>().join(", "))
}

/// A row for each device: how it ended, why, and what to do next. Those that need somebody
/// stand first.
fn outcomes(site: &Site, caption: &str, outcomes: &[Outcome]) -> Markup {
    let now = site.live.now();
    let numbers = now
        .all()
        .filter_map(|it| Some((it.found.entry.device.mac?, it.number)));
    let numbers = numbers.collect();
    let mut outcomes: Vec<_> = outcomes.iter().collect();
    outcomes.sort_by_key(|it| it.status == OutcomeStatus::Done);
    let rows = html! {
        @for outcome in outcomes {
            @let status: &str = outcome.status.into();
            tr {
                td { (device(outcome, &numbers)) }
                td { span .status.(status) { (status) } }
                td { (sadp_text::message(outcome)) }
                td { (next_step(outcome, &numbers)) }
            }
        }
    };
    table(
        caption,
        &["Device", "Result", "What happened", "What to do next"],
        &rows,
    )
}

fn device(outcome: &Outcome, numbers: &HashMap<MacAddr, u64>) -> Markup {
    let it = &outcome.device;
    let name = it.called.as_deref().or(it.model.as_deref());
    let named = html! {
        @if let Some(name) = name { (sadp_model::text::clean(name)) br; }
        @if let Some(address) = it.address { (address) " " }
        @if let Some(mac) = it.mac { (mac) }
    };
    match it.mac.and_then(|mac| numbers.get(&mac)) {
        Some(number) => html! { a href=(format!("/device/{number}")) { (named) } },
        None => named,
    }
}

//! Sentences for people, the same for every front end.
//!
//! This crate does nothing and decides nothing: it turns the values of the crates
//! below into text, in lower case and without a full stop. Text that a device
//! sent is made harmless for a terminal here, but in [`fields`] it is as received.
//!
//! - [`message`] and [`next_step`]: an [`Outcome`](sadp_ops::Outcome) and what to
//!   do about it.
//! - [`lines`]: an [`Event`](sadp_ops::Event).
//! - [`Announcement`]: a change before it is made, and the question.
//! - [`method_state`], [`method_reasons`], [`method_command`]: whether a recovery method
//!   can be used, and the command; [`ButtonSteps`], [`app_steps`]: what to do for it.
//! - [`case_state`], [`case_reasons`], [`case_next`]: whether a request to the vendor's
//!   support can still be answered, why not, and what to do.
//! - [`audit_result`], [`finding`], [`mends`]: what an audit finds of a device.
//! - [`AuditEntry`]: the same as a JSON document, for later audits to compare with, and a table.
//! - [`action_text`], [`attempt_text`]: a command in the ledger, and what became of it.
//! - [`check_text`]: a check of `sadp-doctor`, with its remedy.
//! - [`write_report_page`], [`write_labels_page`]: the hand-over document of a site, and labels.
//! - [`Sheet`]: a table as a file, for spreadsheets.
//! - [`fields`]: the values of a device, for lists, files and details.
//! - [`details`]: all that is known of one device, in sections.
//! - [`select`]: which devices to list, by a filter, and in which order.
//! - [`words`]: a device in a line of a list: its short cells, its state and warnings.
//! - [`job_question`], [`job_note`]: a [`Job`](sadp_ops::job::Job) while it runs.
//! - [`ErrorText`]: why something could not be done at all.
//! - [`Remedy`]: what to do about an error of the crates below.
//! - [`Sentence`]: what names a command here and a page there.

mod announcement;
mod audit;
mod cameras;
pub mod details;
mod doctor;
mod error;
mod event;
pub mod fields;
mod history;
mod job;
mod outcome;
mod password;
mod recovery;
mod refusal;
mod remedy;
mod report;
pub mod scan;
pub mod select;
mod sentence;
mod sheet;
mod validity;
pub mod words;

use std::{error::Error, fmt::Write as _, iter::successors, time::Duration};

use sadp_model::DeviceCounts;
use sadp_ops::{DeviceRef, DiscoveredDevice};
use sadp_reset::DeviceKey;

pub use announcement::{Announcement, Confirmation, already_active, refused_before};
pub use audit::{
    AuditDevice, AuditEntry, BehindEntry, FindingEntry, NOT_ASKED, audit_change, audit_result,
    finding, mends, read_earlier_audit, ready_methods, write_json_array,
};
pub use cameras::{camera_mends, camera_place, camera_state};
pub use doctor::{check_subject, check_text};
pub use error::{ErrorText, filtered, nothing_found};
pub use event::{Progress, claimed, lines, progress};
pub use history::{action_text, attempt_text};
pub use job::{doing, job_note, job_question};
pub use outcome::{
    answer::answers_question,
    guid::{guid_notes, guid_state},
    message,
    network::{batch_question, device_question, named_by_plan, plan_problems, target_address},
    next_step,
    recovery::earlier_qr,
    request::mailing,
    time::zone_remedy,
};
pub use password::new_password_problem;
pub use recovery::{
    ButtonSteps, MAILED_CODE_VOID, NOT_ENCRYPTED, answers_kept, answers_unused, app_check,
    app_steps, app_unknowns, device_label, instead_of_apps, mail_qr_steps, method_advice,
    method_brief, method_command, method_reasons, method_state, unanswered,
};
pub use remedy::{Platform, Remedy, last_seen, permission, reach, selection_error};
pub use report::{
    InvalidLabelSize, LabelSize, PageTemplate, SiteParties, TemplateError, report_sheets,
    write_labels_page, write_report_page,
};
pub(crate) use sadp_model::text::local_minute as minute;
pub use sentence::{LinkedPage, Sentence, SentencePart};
pub use sheet::{Sheet, device_sheet};
pub use validity::{age, case_next, case_reasons, case_state, case_time_left, open_requests};
pub(crate) use validity::{invalid_reason, objections};

/// A line about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// For those who want to know more.
    Detail(String),
    /// What is done.
    Note(Sentence),
    /// What limits the result.
    Warning(String),
    /// What to do about it.
    Hint(Sentence),
}

/// What is so, and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What is so.
    pub message: Sentence,
    /// What to do next.
    pub next: Option<Sentence>,
}

/// What is so, with nothing to do about it.
pub(crate) fn say(message: impl Into<Sentence>) -> Explanation {
    Explanation {
        message: message.into(),
        next: None,
    }
}

impl Explanation {
    /// The same with words before it.
    pub(crate) fn after(self, first: &'static str) -> Self {
        Self {
            message: Sentence::new(first).then(self.message),
            ..self
        }
    }

    /// The same with something to do.
    pub(crate) fn next(self, next: impl Into<Sentence>) -> Self {
        Self {
            next: Some(next.into()),
            ..self
        }
    }
}

/// An error with its causes.
pub fn with_cause(error: &dyn Error) -> String {
    let causes = causes(error);
    match causes.split_first() {
        Some((first, rest)) if !rest.is_empty() => format!("{first} ({})", rest.join(": ")),
        _ => causes.concat(),
    }
}

/// An error and its causes, each said once: some errors repeat their cause.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    for cause in successors(error.source(), |&cause| cause.source()) {
        let text = cause.to_string();
        let last = texts.last().map_or("", String::as_str);
        if !last.ends_with(&text) && !text.ends_with(last) {
            texts.push(text);
        }
    }
    texts
}

/// Devices as the lines of a plan: state, name where any has one, model, address, MAC and
/// label number, each in a column.
pub(crate) fn device_lines<'a>(
    devices: impl IntoIterator<Item = &'a DiscoveredDevice>,
) -> Vec<String> {
    let cells = devices.into_iter().map(|found| {
        let [state, model, address, mac, _, serial] = words::short_cells(found);
        let called = found.called().unwrap_or_else(|| "-".into());
        [state, called, model, address, mac, serial]
    });
    let cells: Vec<_> = cells.collect();
    let columns = (0..6).filter(|column| *column != 1 || cells.iter().any(|row| row[1] != "-"));
    let mut lines = vec![String::new(); cells.len()];
    for column in columns {
        let width = cells.iter().map(|row| row[column].chars().count()).max();
        for (line, row) in lines.iter_mut().zip(&cells) {
            let _ = write!(line, "  {:<1$}", row[column], width.unwrap_or(0));
        }
    }
    let trimmed = lines.iter().map(|line| line.trim_end().to_owned());
    trimmed.collect()
}

/// A device by its address and MAC.
pub fn device_name(found: &DiscoveredDevice) -> String {
    let device = &found.entry.device;
    let address = device.ipv4.address;
    let address = address.map_or_else(|| "a device".into(), |address| address.to_string());
    let mac = device.mac.map(|mac| format!(" ({mac})"));
    address + &mac.unwrap_or_default()
}

/// A device by its MAC, else by its serial.
pub fn key_name(device: &DeviceKey) -> String {
    let mac = device.mac().map(|mac| mac.to_string());
    let name = mac.or_else(|| device.serial().map(ToString::to_string));
    name.unwrap_or_default()
}

/// A device by its names, where it is no longer at hand.
fn ref_line(device: &DeviceRef) -> String {
    let names = [
        device.mac.map(|mac| mac.to_string()),
        device.address.map(|address| address.to_string()),
        device.serial.as_ref().map(ToString::to_string),
    ];
    let names = names.map(|name| name.unwrap_or_else(|| "-".into()));
    format!("  {}", names.join("  "))
}

/// The first `most` of some texts, and how many more there are: `a, b, 3 more`.
pub fn first_of(
    texts: impl IntoIterator<Item = impl ToString>,
    most: usize,
    more: impl FnOnce(usize) -> String,
) -> String {
    let mut texts = texts.into_iter();
    let mut shown: Vec<_> = texts.by_ref().take(most).map(|it| it.to_string()).collect();
    let left = texts.count();
    shown.extend((left > 0).then(|| more(left)));
    shown.join(", ")
}

/// Things by what they have in common, in the order in which that is met first.
pub fn grouped<K: PartialEq, T>(things: impl IntoIterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for (key, thing) in things {
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(thing),
            None => groups.push((key, vec![thing])),
        }
    }
    groups
}

/// `1 device`, `2 devices`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The text with its first letter as a capital.
pub fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// How many devices, in which states, in the order of the list.
pub fn device_counts(devices: &DeviceCounts) -> String {
    let states = [
        (devices.unactivated, "unactivated"),
        (devices.locked, "locked"),
        (devices.active, "active"),
        (devices.unknown, "in an unknown state"),
    ];
    in_states(count(devices.total() as u64, "device", "devices"), &states)
}

/// How many things there are, and how many of them in each state: `2 devices: 2 active`.
pub(crate) fn in_states(all: String, states: &[(usize, &str)]) -> String {
    let states = states.iter().filter(|(number, _)| *number > 0);
    let states = states.map(|(number, name)| format!("{number} {name}"));
    let states = states.collect::<Vec<_>>().join(", ");
    if states.is_empty() {
        return all;
    }
    format!("{all}: {states}")
}

/// `1.6 s`.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

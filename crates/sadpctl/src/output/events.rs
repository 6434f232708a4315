//! What becomes of devices, as lines.

use std::io::{self, Write};

use anstyle::Style;
use jiff::Timestamp;
use sadp_model::text::clean;
use sadp_ops::DiscoveredDevice;
use sadp_proto::{DeviceSnapshot, OfflineReason, WatchEvent, WatchEventKind};
use sadp_text::{
    fields::{FIELDS, Value, whole_seconds},
    words::{notes, short_cells},
};
use serde::Serialize;

use super::{DeviceRow, Shown, json};
use crate::terminal::{GREEN, RED, YELLOW};

/// Something worth reporting about a device.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) happened: WatchEventKind,
    pub(crate) at: Timestamp,
    /// The device's number in its watch.
    pub(crate) number: u64,
    pub(crate) online: bool,
    pub(crate) found: DiscoveredDevice,
    pub(crate) changes: Vec<Change>,
}

/// One thing that is not what it was. The field is a key of the JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) field: &'static str,
    before: Value,
    after: Value,
}

impl Told {
    /// An event as it is told; `found` makes of an account what is shown of it.
    pub(crate) fn new(
        event: &WatchEvent,
        at: Timestamp,
        found: impl Fn(&DeviceSnapshot) -> DiscoveredDevice,
    ) -> Self {
        let after = found(&event.after);
        let before = event.before.as_ref();
        let changes = before.map(|before| differences(&found(before), &after));
        Self {
            happened: event.kind,
            at: whole_seconds(at),
            number: event.after.number,
            online: event.after.online,
            found: after,
            changes: changes.unwrap_or_default(),
        }
    }

    /// Whether it is worth a line. A list takes in the others as well.
    pub(crate) fn is_news(&self) -> bool {
        match self.happened {
            WatchEventKind::Online | WatchEventKind::Rebooted | WatchEventKind::Offline(_) => true,
            WatchEventKind::Updated | WatchEventKind::Duplicate => !self.changes.is_empty(),
            WatchEventKind::Heard | WatchEventKind::Forgotten => false,
        }
    }

    /// The word of the contract. That another device has the same address or
    /// MAC is a change of its warnings.
    fn event(&self) -> &'static str {
        match self.happened {
            WatchEventKind::Online => "online",
            WatchEventKind::Rebooted => "rebooted",
            WatchEventKind::Offline(_) => "offline",
            _ => "updated",
        }
    }

    /// The word people read.
    pub(crate) fn word(&self) -> &'static str {
        match self.happened {
            WatchEventKind::Duplicate => "duplicate",
            _ => self.event(),
        }
    }

    /// What changed, in a line; how it went, where it went.
    pub(crate) fn what(&self) -> String {
        match self.happened {
            WatchEventKind::Offline(OfflineReason::Goodbye) => {
                return "announced that it goes offline".into();
            }
            WatchEventKind::Offline(OfflineReason::Silence) => return "silent".into(),
            _ => {}
        }
        let changes = self.changes.iter().map(|change| {
            let (before, after) = (plain(&change.before), plain(&change.after));
            format!("{} {before} -> {after}", change.field)
        });
        clean(&changes.collect::<Vec<_>>().join(", ")).into_owned()
    }
}

/// What differs, by key, but for how a device was received and its raw elements.
fn differences(before: &DiscoveredDevice, after: &DiscoveredDevice) -> Vec<Change> {
    let fields = FIELDS.iter().filter(|field| !field.key.is_empty());
    let fields = fields.filter(|field| !field.key.starts_with("seen."));
    let changes = fields.filter_map(|field| {
        let (before, after) = ((field.value)(before), (field.value)(after));
        let field = field.key;
        (before != after).then_some(Change {
            field,
            before,
            after,
        })
    });
    let mut changes: Vec<_> = changes.collect();
    changes.sort_by_key(|change| change.field);
    changes
}

fn plain(value: &Value) -> String {
    match value {
        Value::Unknown => "-".into(),
        Value::List(elements) if elements.is_empty() => "-".into(),
        other => other.to_string(),
    }
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    at: Shown<Timestamp>,
    device: DeviceRow<'a>,
    changes: &'a [Change],
    /// How a device went offline.
    reason: Option<&'static str>,
}

/// Writes an event as a JSON object in a line.
pub(crate) fn write_event(out: &mut impl Write, told: &Told) -> io::Result<()> {
    // A device that goes is as it was.
    let (reason, changes) = match told.happened {
        WatchEventKind::Offline(OfflineReason::Goodbye) => (Some("goodbye"), &[][..]),
        WatchEventKind::Offline(OfflineReason::Silence) => (Some("silence"), &[][..]),
        _ => (None, &told.changes[..]),
    };
    let line = Line {
        event: told.event(),
        at: Shown(told.at),
        device: DeviceRow(&told.found),
        changes,
        reason,
    };
    json::write_lines(out, &[line])
}

/// Writes an event as a line for people.
pub(crate) fn write_event_line(out: &mut impl Write, told: &Told) -> io::Result<()> {
    let style = match told.happened {
        WatchEventKind::Online => GREEN,
        WatchEventKind::Offline(_) | WatchEventKind::Duplicate => RED,
        WatchEventKind::Rebooted => YELLOW,
        _ => Style::new(),
    };
    let [state, model, address, mac, ..] = short_cells(&told.found);
    let what = match (told.happened, told.what()) {
        (WatchEventKind::Online, _) => notes(&told.found),
        (_, what) => what,
    };
    let called = told.found.called().unwrap_or_default();
    let gap = if called.is_empty() || what.is_empty() {
        ""
    } else {
        ": "
    };
    let called = clean(&called);
    let line = format!("{address:<15}  {mac:<17}  {model:<16}  {state:<11}  {called}{gap}{what}");
    let (at, word, line) = (told.at, told.word(), line.trim_end());
    writeln!(out, "{at}  {style}{word:<9}{style:#}  {line}")
}

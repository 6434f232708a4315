//! The vendor's apps: whether they fit a device, and what to do there.

mod guide;
mod readiness;

use std::io::{self, Write};

use sadp_model::{
    MethodAssessment, Note, Prerequisite, RecoveryMethod, RecoverySetup, UnavailableReason,
};
use sadp_ops::DiscoveredDevice;
use serde::Serialize;

use self::readiness::Readiness;
use crate::{
    args::{App, AppArgs, GlobalArgs},
    commands::{batch::Site, survey},
    failure::{Exit, Failure},
    outcome::Who,
    output::{self, Format, Layout, Row},
    terminal::Terminal,
};

pub(super) fn run(
    args: &AppArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    global.format.check::<Shown<'_>>()?;
    let config = survey::config(&args.ask, global, args.device.address())?;
    let site = Site::look(&survey::runtime()?, &config, global, terminal)?;
    let found = args.device.choose(site.devices)?;
    let device = &found.entry.device;
    let ways = match args.app {
        Some(App::HikConnect) => &[RecoveryMethod::HikConnect][..],
        Some(App::HikProConnect) => &[RecoveryMethod::HikProConnect],
        None => &[RecoveryMethod::HikConnect, RecoveryMethod::HikProConnect],
    };
    let mut fits: Vec<_> = ways
        .iter()
        .map(|&way| MethodAssessment::judge(way, device, &RecoverySetup::default()))
        .collect();
    // What fits stands first.
    fits.sort_by_key(|fit| fit.availability.obstacle().is_some());
    let rows: Vec<_> = fits.iter().map(|fit| shown(&found, fit)).collect();
    output::print(&rows, global.format, terminal)?;
    if fits.iter().all(|fit| fit.availability.obstacle().is_some()) {
        terminal.hint(guide::instead(device));
    }
    Ok(Exit::Done)
}

/// One app, as scripts see it.
#[derive(Serialize)]
struct Shown<'a> {
    device: Who,
    way: &'a str,
    label: &'a str,
    advice: &'a str,
    standing: &'a str,
    needs: Vec<Word>,
    obstacle: Option<Word>,
    notes: Vec<Word>,
    checks: Vec<Readiness>,
    unseen: &'a [&'a str],
    steps: &'a [&'a str],
    #[serde(skip)]
    found: &'a DiscoveredDevice,
    #[serde(skip)]
    fit: &'a MethodAssessment,
}

impl Row for Shown<'_> {
    const LIST: &'static str = "guidance has";
    const FORMATS: &'static [Format] = &[];

    fn write_table(rows: &[Self], out: &mut impl Write, _layout: Layout) -> io::Result<()> {
        let Some(first) = rows.first() else {
            return Ok(());
        };
        let fits = rows.iter().map(|row| row.fit);
        guide::write(out, &first.found.entry.device, fits)
    }
}

fn shown<'a>(found: &'a DiscoveredDevice, fit: &'a MethodAssessment) -> Shown<'a> {
    Shown {
        device: Who::new(found),
        way: fit.method.name(),
        label: fit.method.label(),
        advice: fit.advice.name(),
        standing: fit.availability.name(),
        needs: fit.availability.needs().iter().map(Word::from).collect(),
        obstacle: fit.availability.obstacle().as_ref().map(Word::from),
        notes: fit.notes.iter().map(Word::from).collect(),
        checks: readiness::checks(&found.entry.device, fit),
        unseen: readiness::unseen(fit.method),
        steps: guide::steps(fit),
        found,
        fit,
    }
}

/// A word for scripts and the same for people.
#[derive(Serialize)]
struct Word {
    name: &'static str,
    text: String,
}

impl From<&Prerequisite> for Word {
    fn from(need: &Prerequisite) -> Self {
        let text = need.to_string();
        Self {
            name: need.name(),
            text,
        }
    }
}

impl From<&UnavailableReason> for Word {
    fn from(obstacle: &UnavailableReason) -> Self {
        let text = obstacle.to_string();
        Self {
            name: obstacle.name(),
            text,
        }
    }
}

impl From<&Note> for Word {
    fn from(note: &Note) -> Self {
        let text = note.to_string();
        Self {
            name: note.name(),
            text,
        }
    }
}

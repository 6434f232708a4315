//! Which devices a request is exported from.

use jiff::Timestamp;
use sadp_model::State;
use sadp_reset::{Action, RequestKind};
use tokio::runtime::Runtime;

use crate::{
    args::{ExportArgs, GlobalArgs},
    commands::{
        batch,
        reset::{past::Past, spoilt::minute},
    },
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    terminal::Terminal,
};

/// A device to export from.
pub(super) struct Fit {
    pub(super) found: Found,
    pub(super) kind: RequestKind,
    /// When a request was exported that becomes void by another, where that
    /// still waits for its answer and is not spoilt.
    waiting: Option<Timestamp>,
}

/// The devices, parted.
pub(super) struct Choice {
    fit: Vec<Fit>,
    /// Those that may only be asked where the user says so.
    waiting: Vec<Fit>,
    outcomes: Vec<Outcome>,
}

impl Choice {
    pub(super) fn of(
        chosen: Vec<Found>,
        args: &ExportArgs,
        (past, global): (&Past, &GlobalArgs),
    ) -> Result<Self, Failure> {
        let mut able = Vec::new();
        let mut outcomes = Vec::new();
        for found in chosen {
            match objection(&found, args.choice.all) {
                Some(outcome) => outcomes.push(outcome),
                None => able.push(found),
            }
        }
        let (able, unfit) = batch::vet(able, Action::ExportRequest, false, global)?;
        outcomes.extend(unfit);
        let fit = able.into_iter().filter_map(|found| {
            let kind = found
                .entry
                .device
                .recovery
                .request
                .and_then(RequestKind::of)?;
            let open = past.open_request(&found);
            let open = open.filter(|(_, judgement)| !judgement.stops_import());
            let waiting = open.map(|(case, _)| case.request.exported_at);
            Some(Fit {
                found,
                kind,
                waiting,
            })
        });
        let (waiting, fit) = fit.partition(|fit| fit.waiting.is_some() && !args.again);
        Ok(Self {
            fit,
            waiting,
            outcomes,
        })
    }

    /// Asks whether requests that still wait may become void.
    pub(super) fn ask_for_waiting(&mut self, runtime: &Runtime, terminal: &mut Terminal) {
        if self.waiting.is_empty() {
            return;
        }
        let devices: Vec<_> = self.waiting.iter().map(|fit| fit.found.clone()).collect();
        let what = "a request still waits for its answer, and becomes void by another, on";
        terminal.tell(&batch::plan(what, &devices));
        if batch::agreed(
            runtime,
            "Export again, and give the older requests up? [y/N]",
            terminal,
        ) {
            self.fit.append(&mut self.waiting);
        }
    }

    /// The devices to ask, and what became of the others.
    pub(super) fn settle(self) -> (Vec<Fit>, Vec<Outcome>) {
        let mut outcomes = self.outcomes;
        outcomes.extend(self.waiting.iter().map(|fit| {
            let since = fit.waiting.map(minute).unwrap_or_default();
            let why = format!(
                "its request of {since} still waits for an answer: another would make it void"
            );
            Outcome::unsafe_to_send(&fit.found, Action::ExportRequest, why).next(
                "import the answer when it is in; --again gives that request up and exports anew",
            )
        }));
        (self.fit, outcomes)
    }
}

/// Why there is nothing to ask of a device. One that was named and is not asked
/// makes a failure of the command; of many, it is no news.
fn objection(found: &Found, all: bool) -> Option<Outcome> {
    let device = &found.entry.device;
    let passed_over = |why: &str| {
        let new = |why| Outcome::new(found, Action::ExportRequest, Ending::Skipped, why);
        let mut outcome = new(why);
        if !all {
            outcome.exit = Exit::Unsafe;
        }
        outcome
    };
    if device.state == Some(State::Unactivated) {
        let why = "it has no password yet, so there is nothing to recover";
        return Some(passed_over(why).next("activate it instead: sadpctl activate DEVICE"));
    }
    if device.recovery.request.and_then(RequestKind::of).is_none() {
        let why = "its reply does not tell which request it takes";
        let mut outcome =
            passed_over(why).next("scan again; if it stays so, ask the vendor's support");
        outcome.exit = Exit::Refused;
        return Some(outcome);
    }
    None
}

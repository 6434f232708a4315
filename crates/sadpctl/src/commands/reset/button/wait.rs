//! Asking again and again, gently, until the device is back.

use std::time::Duration;

use indicatif::ProgressBar;
use ipnet::Ipv4Net;
use sadp_discovery::{Scan, ScanConfig, ScanReport};
use sadp_ops::DiscoveredDevice;
use sadp_proto::StopCondition;
use sadp_reset::DeviceKey;
use tokio::{
    runtime::Runtime,
    time::{Instant, sleep_until},
};

use super::course::{Course, Look};
use crate::{commands::survey, terminal::Terminal};

/// The device without its password, and this machine's networks.
pub(super) type Back = (DiscoveredDevice, Vec<Ipv4Net>);

/// How the waiting ended where the device is not known to be unactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// It is still active.
    Active,
    /// It restarted, and does not tell whether it has a password.
    Untold,
    /// It does not tell whether it has a password, and did not restart.
    Unchanged,
    /// It was not heard any more.
    Silent,
}

/// How long one look listens. Slow devices take a second to answer.
const LOOK: Duration = Duration::from_secs(2);

/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(3);

/// A look brings its news at its end, so it must not be long.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// How long one look listens: as long as asked for, within reason.
pub(super) fn stop_condition(asked: StopCondition) -> StopCondition {
    match asked {
        StopCondition::Auto => StopCondition::Fixed(LOOK),
        StopCondition::Fixed(time) => StopCondition::Fixed(time.min(LONGEST_LOOK)),
    }
}

/// Looks for the device until it is back, the time is up, or Ctrl-C.
pub(super) fn until_back(
    runtime: &Runtime,
    config: &ScanConfig,
    (before, key, limit): (&DiscoveredDevice, &DeviceKey, Duration),
    terminal: &mut Terminal,
) -> Result<Back, Unfinished> {
    let bar = survey::progress_bar(terminal);
    let mut vigil = Vigil {
        config,
        key,
        course: Course::new(&before.entry.device),
        terminal,
        bar,
        is_cut_off: false,
    };
    let waited = runtime.block_on(async {
        tokio::select! {
            biased;
            () = survey::interrupted() => None,
            waited = vigil.keep(limit) => waited,
        }
    });
    vigil.bar.finish_and_clear();
    waited.unwrap_or_else(|| Err(vigil.unfinished()))
}

struct Vigil<'a> {
    config: &'a ScanConfig,
    key: &'a DeviceKey,
    course: Course,
    terminal: &'a mut Terminal,
    bar: ProgressBar,
    is_cut_off: bool,
}

impl Vigil<'_> {
    /// `None` when the time is up.
    async fn keep(&mut self, limit: Duration) -> Option<Result<Back, Unfinished>> {
        // Ctrl-C is listened for by now.
        self.terminal.note(&format!(
            "Waiting for it, {} at most. Ctrl-C ends the waiting and harms nothing.",
            humantime::format_duration(limit)
        ));
        let begin = Instant::now();
        let end = begin + limit;
        self.show(Duration::ZERO);
        loop {
            if let Some(waited) = self.look(end).await {
                return Some(waited);
            }
            if Instant::now() >= end {
                return None;
            }
            self.show(begin.elapsed());
            sleep_until(end.min(Instant::now() + PAUSE)).await;
        }
    }

    fn show(&self, waited: Duration) {
        let waited = humantime::format_duration(Duration::from_secs(waited.as_secs()));
        let seen = if self.course.is_gone() {
            "not heard"
        } else {
            "not reset yet"
        };
        self.bar
            .set_message(format!("waiting, {waited}: {seen} (Ctrl-C ends it)"));
    }

    async fn look(&mut self, end: Instant) -> Option<Result<Back, Unfinished>> {
        let scan = match Scan::open(self.config) {
            Ok(scan) => scan,
            // A cable straight to the device goes dead with it.
            Err(error) => {
                if !self.is_cut_off {
                    self.is_cut_off = true;
                    let text = format!("cannot ask just now: {error}; waiting all the same");
                    self.bar.suspend(|| self.terminal.warn(&text));
                }
                self.take_in(None);
                return None;
            }
        };
        self.is_cut_off = false;
        let ScanReport { entries, local, .. } = scan.run(sleep_until(end), |_, _| {}).await;
        let found = DiscoveredDevice::assess_all(entries, &local);
        let found = found.into_iter().find(|found| found.is(self.key));
        let look = self.take_in(found.as_ref());
        match (look, found) {
            (Look::Unactivated, Some(found)) => Some(Ok((found, local))),
            (Look::Untold, _) => Some(Err(Unfinished::Untold)),
            _ => None,
        }
    }

    fn take_in(&mut self, found: Option<&DiscoveredDevice>) -> Look {
        let look = self.course.look(found.map(|found| &found.entry.device));
        if let Look::News(news) = look {
            self.bar.suspend(|| self.terminal.note(news.text()));
        }
        look
    }

    fn unfinished(&self) -> Unfinished {
        if self.course.is_gone() {
            Unfinished::Silent
        } else if self.course.tells_state() {
            Unfinished::Active
        } else {
            Unfinished::Unchanged
        }
    }
}

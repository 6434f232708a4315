use std::time::Duration;

use sadp_discovery::{Pace, ScanConfig};
use sadp_proto::Command;
use sadp_reset::Action;
use tokio::runtime::Runtime;

use super::{
    batch::{self, Order, Sending, Site},
    survey,
};
use crate::{
    args::{GlobalArgs, LocateArgs, Switch},
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    terminal::Terminal,
};

const NO_LAMP: &str = "this model may have no such lamp";

pub(super) fn run(
    args: &LocateArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    batch::check_format(global)?;
    let config = survey::config(&args.ask, global, args.device.address())?;
    let runtime = survey::runtime()?;
    let mut site = Site::look(&runtime, &config, global, terminal)?;
    let found = args.device.choose(std::mem::take(&mut site.devices))?;
    let time = humantime::format_duration(args.duration);
    let (mut fit, mut outcomes) = batch::vet(vec![found], Action::Locate, false, global)?;
    if args.dry_run {
        let message = match args.lamp {
            Some(Switch::On) => "its lamp would be switched on".into(),
            Some(Switch::Off) => "its lamp would be switched off".into(),
            None => format!("its lamp would be switched on, and off after {time}"),
        };
        let planned = fit
            .iter()
            .map(|found| Outcome::new(found, Action::Locate, Ending::Planned, message.clone()));
        outcomes.extend(planned);
        return batch::print(&outcomes, None, global, terminal);
    }
    let Some(found) = fit.pop() else {
        return batch::print(&outcomes, None, global, terminal);
    };
    let lamp = Lamp {
        runtime: &runtime,
        config: &config,
        site: &site,
        global,
    };
    let Switched {
        mut outcome,
        mut trouble,
        stopped,
    } = lamp.switch(&found, args.lamp != Some(Switch::Off), terminal)?;
    // The ledger wrote that it was switched on: it is switched off even where
    // what came after could not be written.
    if args.lamp.is_none() && outcome.result == Ending::Done {
        terminal.note(&format!(
            "the lamp is on for {time}; Ctrl-C switches it off at once"
        ));
        if trouble.is_none() && !stopped {
            runtime.block_on(pause(args.duration, survey::interrupted()));
        }
        let off = lamp.switch(&found, false, terminal)?;
        outcome = off.outcome;
        trouble = trouble.or(off.trouble);
        if outcome.result == Ending::Done {
            outcome.turn_done("the lamp was on, and is off again");
        } else {
            outcome.message = format!("the lamp may still be on: {}", outcome.message);
            outcome.advise("switch it off: sadpctl locate DEVICE off");
        }
    }
    outcomes.push(outcome);
    batch::print(&outcomes, trouble, global, terminal)
}

/// Waits for a time, or until `stop` is ready.
async fn pause(time: Duration, stop: impl Future<Output = ()>) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = stop => {}
    }
}

/// What became of a lamp.
struct Switched {
    outcome: Outcome,
    /// What went wrong on this computer.
    trouble: Option<Failure>,
    /// Whether it was to stop meanwhile.
    stopped: bool,
}

/// The means to switch a lamp.
struct Lamp<'a> {
    runtime: &'a Runtime,
    config: &'a ScanConfig,
    site: &'a Site,
    global: &'a GlobalArgs,
}

impl Lamp<'_> {
    /// Switches the lamp.
    fn switch(
        &self,
        found: &Found,
        on: bool,
        terminal: &mut Terminal,
    ) -> Result<Switched, Failure> {
        let sending = Sending {
            action: Action::Locate,
            pace: Pace::Together,
            parallel: 1,
            link: &self.config.link,
            local: &self.site.local,
        };
        let order = Order {
            found: found.clone(),
            command: Command::Lamp { on },
        };
        let mut sent = batch::send(self.runtime, sending, vec![order], (self.global, terminal))?;
        let outcome = sent.outcomes.pop().map(|(_, outcome)| outcome);
        let mut outcome = outcome
            .unwrap_or_else(|| Outcome::new(found, Action::Locate, Ending::Skipped, "not sent"));
        match outcome.result {
            Ending::Done => outcome.turn_done(if on { "lamp on" } else { "lamp off" }),
            Ending::NoAnswer => outcome.next = Some(NO_LAMP.into()),
            _ => {}
        }
        Ok(Switched {
            outcome,
            trouble: sent.trouble,
            stopped: sent.stopped.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_lamp_shines_for_its_time_or_until_it_is_to_stop() {
        let begin = Instant::now();
        pause(Duration::from_secs(30), std::future::pending()).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(30));
        pause(Duration::from_secs(30), std::future::ready(())).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(30));
    }
}

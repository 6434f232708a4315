use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::Read,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use sadp_discovery::ScanConfig;
use sadp_model::{Doubt, Step};
use sadp_reset::Action;
use tokio::runtime::Runtime;

use super::{
    decide::{self, Candidate},
    deliver::{self, Login},
    file::{self, Problem, Row},
    probe,
    record::Record,
};
use crate::{
    args::{GlobalArgs, NetApplyArgs},
    commands::{
        batch::{self, Order, Sending, Site},
        survey,
    },
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    secret,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &NetApplyArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let asked = args.change.change;
    batch::check_format(global)?;
    batch::must_be_asked(asked)?;
    let rows = read(&args.plan)?;
    let password = (!asked.dry_run)
        .then(|| secret::current(&args.change.password))
        .transpose()?;
    let config = survey::config(&args.ask, global, None)?;
    let runtime = survey::runtime()?;
    let site = Site::look(&runtime, &config, global, terminal)?;
    let (candidates, mut outcomes) = decide::candidates(&rows, &site, &args.change)
        .map_err(|problems| unusable(&args.plan, &problems))?;
    if outcomes.len() == rows.len() && outcomes.iter().all(|it| it.device.address.is_none()) {
        let message = format!("no device of {} was found", args.plan.display());
        return Err(Failure::words(Exit::NotFound, message)
            .hint("sadpctl scan shows who is there; nothing was sent"));
    }
    let mut candidates = vet(candidates, &mut outcomes, args, global)?;
    let steps = steps(&mut candidates, &mut outcomes, &site)?;
    let Some(password) = password.filter(|_| !steps.is_empty()) else {
        let planned = candidates
            .iter()
            .map(|it| deliver::planned(&it.found, &it.change));
        outcomes.extend(planned);
        as_planned(&mut outcomes, &rows);
        return batch::print(&outcomes, None, global, terminal);
    };
    let record = Record::begin(&args.plan, args.result.as_deref(), asked.force)?;
    skipped_note(&outcomes, terminal);
    batch::confirm(
        &runtime,
        &decide::plan(&candidates, &steps),
        asked,
        terminal,
    )?;
    let batch = Batch {
        runtime: &runtime,
        config: &config,
        global,
        login: Login {
            password: &password,
            account: args.change.account.as_deref(),
        },
        parallel: args.parallel.into(),
        force: asked.force,
        candidates,
    };
    let (sent, trouble) = batch.run(&steps, site, terminal)?;
    outcomes.extend(sent);
    as_planned(&mut outcomes, &rows);
    // What became of the devices is printed, whatever becomes of the file.
    let trouble = match record.finish(&outcomes) {
        Ok(path) => {
            terminal.note(&format!("results: {}", path.display()));
            trouble
        }
        Err(failure) => trouble.or(Some(failure)),
    };
    batch::print(&outcomes, trouble, global, terminal)
}

/// Sorts by the lines of the plan.
fn as_planned(outcomes: &mut [Outcome], rows: &[Row]) {
    let place = |row: &Row| (row.mac.to_string(), row.line);
    let places: HashMap<_, _> = rows.iter().map(place).collect();
    outcomes.sort_by_key(|outcome| {
        let mac = outcome.device.mac.as_ref();
        mac.and_then(|mac| places.get(mac)).copied()
    });
}

/// The largest plan that is read.
const MAX_BYTES: u64 = 16 << 20;

fn read(plan: &Path) -> Result<Vec<Row>, Failure> {
    let failed = |error| {
        let what = format!("cannot read {}", plan.display());
        Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
            .hint("check the path and that you may read the file")
    };
    let mut bytes = Vec::new();
    // Not all that can be read tells its size.
    File::open(plan)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("{} is too large for a plan", plan.display());
        return Err(Failure::words(Exit::Usage, message).hint("check whether it is the right file"));
    }
    file::read(&bytes).map_err(|problems| unusable(plan, &problems))
}

fn unusable(plan: &Path, problems: &[Problem]) -> Failure {
    const LISTED: usize = 50;
    let lines = problems
        .iter()
        .take(LISTED)
        .map(|it| format!("\n  line {}: {}", it.line, it.message));
    let number = count(problems.len() as u64, "error", "errors");
    let message = format!(
        "{} has {number}:{}",
        plan.display(),
        lines.collect::<String>()
    );
    Failure::words(Exit::Usage, message)
        .hint("correct the plan and apply it again; nothing was sent")
}

/// Takes out what must not be sent a password now.
fn vet(
    candidates: Vec<Candidate>,
    outcomes: &mut Vec<Outcome>,
    args: &NetApplyArgs,
    global: &GlobalArgs,
) -> Result<Vec<Candidate>, Failure> {
    let force = args.change.change.force;
    let mut fit = Vec::with_capacity(candidates.len());
    for it in candidates {
        let (passed, unfit) = batch::vet(vec![it.found.clone()], Action::NetSet, force, global)?;
        outcomes.extend(unfit);
        fit.extend((!passed.is_empty()).then_some(it));
    }
    Ok(fit)
}

/// The steps, to addresses at which nobody was seen.
fn steps(
    candidates: &mut Vec<Candidate>,
    outcomes: &mut Vec<Outcome>,
    site: &Site,
) -> Result<Vec<Step>, Failure> {
    /// How often spare addresses are looked for.
    const TRIES: usize = 4;
    let theirs: BTreeSet<_> = site
        .devices
        .iter()
        .filter_map(|found| found.entry.device.ipv4.address)
        .collect();
    let unseen = |address: &Ipv4Addr| !theirs.contains(address);
    let new = candidates.iter().map(Candidate::to).filter(unseen);
    let mut answering = probe::answering(new, &site.local);
    for _ in 0..TRIES {
        let held = decide::keep_free(candidates, outcomes, site, &answering);
        let steps = decide::steps(candidates, &held).map_err(|error| {
            Failure::new(Exit::Unsafe, error)
                .hint("leave one of them out, or give it another address; nothing was sent")
        })?;
        let spare = steps.iter().filter(|step| step.temporary);
        let taken = probe::answering(spare.map(|step| step.to), &site.local);
        if taken.is_empty() {
            return Ok(steps);
        }
        answering.extend(taken);
    }
    let message = "devices are to swap addresses, and every spare one tried is taken";
    Err(Failure::words(Exit::Unsafe, message)
        .hint("plan addresses that no other device has; nothing was sent"))
}

/// Tells before the question what is left out.
fn skipped_note(outcomes: &[Outcome], terminal: &mut Terminal) {
    for outcome in outcomes.iter().filter(|it| it.exit != Exit::Done) {
        let mac = outcome.device.mac.as_deref().unwrap_or("-");
        terminal.warn(&format!("{mac} is left out: {}", outcome.message));
    }
}

struct Batch<'a> {
    runtime: &'a Runtime,
    config: &'a ScanConfig,
    global: &'a GlobalArgs,
    login: Login<'a>,
    parallel: usize,
    force: bool,
    candidates: Vec<Candidate>,
}

impl Batch<'_> {
    /// Sends wave after wave, with a look behind each.
    fn run(
        self,
        steps: &[Step],
        mut site: Site,
        terminal: &mut Terminal,
    ) -> Result<(Vec<Outcome>, Option<Failure>), Failure> {
        let mut progress: Vec<_> = self.candidates.iter().map(Progress::new).collect();
        let local = site.local.clone();
        let mut trouble = None;
        let mut stopped = None;
        for wave in steps.chunk_by(|a, b| a.wave == b.wave) {
            if stopped.is_some() {
                break;
            }
            let ready = self.ready(wave, &mut progress, &site);
            let orders = self.orders(&ready, &site)?;
            if orders.is_empty() {
                continue;
            }
            let sending = Sending {
                action: Action::NetSet,
                pace: batch::guarded(self.parallel),
                parallel: self.parallel,
                link: &self.config.link,
                local: &local,
            };
            let sent = batch::send(self.runtime, sending, orders, (self.global, &mut *terminal));
            let sent = match sent {
                Ok(sent) => sent,
                // Something was sent before: that must be told.
                Err(failure) if wave.first().is_some_and(|step| step.wave > 0) => {
                    trouble = Some(failure);
                    break;
                }
                Err(failure) => return Err(failure),
            };
            trouble = sent.trouble;
            let is_last = steps.last().map(|step| step.wave) == wave.first().map(|step| step.wave);
            let seen = self.look(is_last, terminal);
            let broken_off = seen.is_none().then_some(BROKEN_OFF);
            let refused = sent.stopped.filter(|stopped| stopped.is_by_refusal());
            let refused = refused.map(|stopped| stopped.why(Action::NetSet));
            stopped = refused.or(broken_off);
            site = seen.unwrap_or_default();
            for (step, (found, outcome)) in ready.iter().zip(sent.outcomes) {
                stopped = stopped.or_else(|| stops(&outcome));
                if let Some(progress) = progress.get_mut(step.number) {
                    progress.take_in(step, outcome, site.same(&found));
                }
            }
            if trouble.is_some() {
                break;
            }
        }
        let why = stopped.unwrap_or("not sent: a step before could not be carried out");
        let told = progress.into_iter().zip(&self.candidates);
        let outcomes = told.map(|(progress, it)| progress.into_outcome(it, why));
        Ok((outcomes.collect(), trouble))
    }

    /// A look behind a wave. `None` where another wave follows and it cannot be
    /// had, or was broken off: nothing more is to be sent then.
    fn look(&self, is_last: bool, terminal: &mut Terminal) -> Option<Site> {
        if is_last {
            return Some(Site::look_again(self.runtime, self.config, terminal));
        }
        Site::look(self.runtime, self.config, self.global, terminal)
            .inspect_err(|failure| {
                let error = &failure.error;
                terminal.warn(&format!("nothing more is sent: {error:#}"));
            })
            .ok()
    }

    /// The steps of a wave that may be sent: nobody may still have the address,
    /// and nobody else speak for the device.
    fn ready<'s>(&self, wave: &'s [Step], progress: &mut [Progress], site: &Site) -> Vec<&'s Step> {
        let mut ready = Vec::new();
        for step in wave {
            let stays = self
                .candidates
                .get(step.number)
                .is_some_and(|it| it.from() == Some(step.to));
            let holder = progress.iter().enumerate().find(|(number, other)| {
                *number != step.number && other.may_have.contains(&step.to)
            });
            let holder = holder.map(|(number, _)| number).filter(|_| !stays);
            let mac = holder.and_then(|number| self.candidates.get(number));
            let mac = mac.and_then(|it| it.found.entry.device.mac);
            let Some(own) = progress.get_mut(step.number) else {
                continue;
            };
            if own.outcome.is_some() {
                continue;
            }
            match (holder, self.candidates.get(step.number)) {
                (Some(_), Some(it)) => {
                    let mac = mac.map_or_else(|| "another device".into(), |mac| mac.to_string());
                    own.outcome = Some(held_back(it, step.to, &mac));
                }
                (None, Some(it)) if !self.force => {
                    let now = site.same(&it.found);
                    own.outcome = now.and_then(|now| doubted(now, &own.may_have));
                    ready.extend(own.outcome.is_none().then_some(step));
                }
                _ => ready.push(step),
            }
        }
        ready
    }

    fn orders(&self, steps: &[&Step], site: &Site) -> Result<Vec<Order>, Failure> {
        let with = |step: &&Step| {
            let it = self.candidates.get(step.number)?;
            // As it was seen last: it may have moved already.
            let found = site.same(&it.found).unwrap_or(&it.found).clone();
            let mut settings = it.change.after.clone();
            settings.ipv4.address = Some(step.to);
            Some(deliver::order(found, settings, self.login))
        };
        steps.iter().filter_map(with).collect()
    }
}

/// Why a device is not sent the password again: somebody else speaks for it now.
/// That it speaks from where it was told to be is no reason.
fn doubted(now: &Found, may_have: &BTreeSet<Ipv4Addr>) -> Option<Outcome> {
    let origin = now.entry.origin()?;
    let expected = match (origin.doubt?, origin.from) {
        (Doubt::JustMoved(_), IpAddr::V4(from)) => may_have.contains(&from),
        _ => false,
    };
    (!expected)
        .then(|| batch::doubt(now, Action::NetSet))
        .flatten()
}

fn held_back(it: &Candidate, to: Ipv4Addr, mac: &str) -> Outcome {
    let why = format!("not sent: {mac} did not confirm that it gave up {to}");
    let mut outcome = Outcome::new(&it.found, Action::NetSet, Ending::Skipped, why)
        .next("apply the plan again once the others have moved");
    outcome.exit = Exit::Refused;
    outcome
}

const BROKEN_OFF: &str = "not sent: the batch was broken off";

/// Why the batch ends with this outcome, besides a refusal.
fn stops(outcome: &Outcome) -> Option<&'static str> {
    let broken_off = outcome.result == Ending::Skipped && outcome.exit == Exit::Refused;
    broken_off.then_some(BROKEN_OFF)
}

/// How far a device is.
struct Progress {
    /// Addresses it has, or may have.
    may_have: BTreeSet<Ipv4Addr>,
    /// What became of it, once that is known.
    outcome: Option<Outcome>,
    after: Option<Found>,
}

impl Progress {
    fn new(candidate: &Candidate) -> Self {
        Self {
            may_have: candidate.from().into_iter().collect(),
            outcome: None,
            after: None,
        }
    }

    fn take_in(&mut self, step: &Step, outcome: Outcome, now: Option<&Found>) {
        let at = now.and_then(|found| found.entry.device.ipv4.address);
        let said = outcome.result == Ending::Done;
        match outcome.result {
            Ending::Done | Ending::Unknown if at == Some(step.to) || (said && at.is_none()) => {
                self.may_have = BTreeSet::from([step.to]);
                if step.temporary {
                    return;
                }
            }
            Ending::Done | Ending::Unknown => {
                self.may_have.insert(step.to);
            }
            _ => {}
        }
        self.after = now.cloned();
        self.outcome = Some(outcome);
    }

    fn into_outcome(self, candidate: &Candidate, why: &str) -> Outcome {
        let mut outcome = self.outcome.unwrap_or_else(|| {
            let found = &candidate.found;
            let mut outcome = Outcome::new(found, Action::NetSet, Ending::Skipped, why);
            outcome.exit = Exit::Refused;
            outcome
        });
        let now = self.after.as_ref().map(|found| &found.entry.device);
        deliver::conclude(&mut outcome, &candidate.change, now);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::found::Samples as _;

    #[test]
    fn between_two_steps_a_device_may_move_where_it_was_told_to_and_nowhere_else() {
        let (former, planned, other) = ([10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 66]);
        let may_have = BTreeSet::from([planned.into()]);
        for (accounts, refused) in [
            (&[(planned, planned)][..], false),
            (&[(former, former), (planned, planned)], false),
            (&[(former, former), (other, other)], true),
            (&[(planned, planned), (other, planned)], true),
            (&[(planned, planned), (other, other)], true),
        ] {
            let outcome = doubted(&Found::heard(accounts), &may_have);
            assert_eq!(outcome.is_some(), refused, "{accounts:?}");
            assert!(outcome.is_none_or(|outcome| outcome.exit == Exit::Unsafe));
        }
    }
}

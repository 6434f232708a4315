//! Sending answers, and closing their requests the moment a device has spoken.

use sadp_discovery::{Pace, ScanConfig};
use sadp_proto::{Code, Command, Outcome as Reply, Refusal, seal::Password};
use sadp_reset::{Action, CaseEnding, KnownBy, Ledger, LedgerError};
use secrecy::SecretString;
use tokio::runtime::Runtime;

use super::{conclude::conclude, judge::Ready};
use crate::{
    args::GlobalArgs,
    commands::batch::{self, Arrived, Order, Orders, Sending, Sent, Site, Stopped},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    state,
    terminal::Terminal,
    text::count,
};

/// How devices are reached.
#[derive(Clone, Copy)]
pub(super) struct There<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) config: &'a ScanConfig,
    pub(super) site: &'a Site,
}

/// Answers with all that goes out beside them.
pub(super) struct Delivery {
    orders: Vec<Order>,
    ready: Vec<Ready>,
    sync_cameras: bool,
}

impl Delivery {
    /// Makes the commands. The password is there where any of them sets one.
    pub(super) fn new(
        mut ready: Vec<Ready>,
        password: Option<&SecretString>,
        sync_cameras: bool,
    ) -> Result<Self, Failure> {
        ready.sort_by_key(|ready| ready.known_by);
        let mut orders = Vec::new();
        for one in &ready {
            let code = Code::new(one.answer.expose().as_bytes()).map_err(unsendable)?;
            let command = command(code, (one.is_legacy(), password), sync_cameras)?;
            let found = one.found.clone();
            orders.push(Order { found, command });
        }
        Ok(Self {
            orders,
            ready,
            sync_cameras,
        })
    }

    /// How many of them tell by their name whose they are. They come first.
    fn named(&self) -> usize {
        let named = |ready: &Ready| ready.known_by == KnownBy::Name;
        self.ready.partition_point(named)
    }

    /// Which answer goes where.
    pub(super) fn plan(&self) -> String {
        const LISTED: usize = 40;
        let number = count(self.ready.len() as u64, "device", "devices");
        let mut lines = vec![format!("the vendor's answers are sent to {number}:")];
        lines.extend(self.ready.iter().take(LISTED).map(|ready| {
            let mut line = format!("{}  <- {}", batch::line(&ready.found), ready.source);
            if ready.is_legacy() {
                line.push_str(", which sets its old default password");
            }
            if let Some(doubt) = &ready.doubt {
                line.push_str("; ");
                line.push_str(doubt);
            }
            line
        }));
        if self.ready.len() > LISTED {
            lines.push(format!("  and {} more", self.ready.len() - LISTED));
        }
        let by_folder = self.ready.len() - self.named();
        if by_folder > 1 {
            lines.push(format!(
                "of {by_folder} only the folder tells whose they are: they are sent last, and none any more once a device refuses one"
            ));
        }
        if self.sync_cameras {
            lines.push("the recorders pass the new password on to their cameras".into());
        }
        lines.join("\n")
    }

    /// Sends them, each once, and looks again. Says what ended it on this
    /// machine.
    pub(super) fn send(
        self,
        there: There<'_>,
        parallel: usize,
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<(Vec<Outcome>, Option<Failure>), Failure> {
        let split = self.named();
        let Self {
            mut orders,
            ready,
            sync_cameras,
        } = self;
        let by_folder = orders.split_off(split);
        let (first, last) = ready.split_at(split);
        // Each device has a secret of its own: a wrong one says nothing of others.
        let leg = Leg {
            there,
            parallel,
            pace: Pace::Together,
        };
        let mut sent = leg.send((orders, first), (global, &mut *terminal))?;
        if !by_folder.is_empty() {
            let pace = batch::guarded(parallel);
            let leg = Leg { pace, ..leg };
            leg.send_unless_stopped(&mut sent, (by_folder, last), (global, &mut *terminal));
        }
        let moved = |outcome: &Outcome| matches!(outcome.result, Ending::Done | Ending::Unknown);
        let after = sent
            .outcomes
            .iter()
            .any(|(_, outcome)| moved(outcome))
            .then(|| there.site.look_after(there.runtime, there.config, terminal));
        let mut outcomes = Vec::new();
        for (ready, (found, mut outcome)) in ready.iter().zip(sent.outcomes) {
            let seen = after.as_ref().and_then(|site| site.same(&found));
            conclude(&mut outcome, ready, (seen, sync_cameras));
            outcomes.push(outcome);
        }
        Ok((outcomes, sent.trouble))
    }
}

/// What carries a code. Only legacy devices get one without a password.
fn command(
    code: Code,
    (is_legacy, password): (bool, Option<&SecretString>),
    sync_cameras: bool,
) -> Result<Command, Failure> {
    match (is_legacy, password) {
        (true, _) => Ok(Command::ResetToDefault { code }),
        (false, Some(password)) => Ok(Command::Reset {
            code,
            password: Password::new(password.clone()).map_err(unsendable)?,
            sync_cameras,
        }),
        (false, None) => {
            let message = "the device takes its answer with a new password only, and there is none";
            Err(Failure::words(Exit::Unsafe, message)
                .hint("give one with --new-password-file; nothing was sent"))
        }
    }
}

/// Answers that go at one pace.
#[derive(Clone, Copy)]
struct Leg<'a> {
    there: There<'a>,
    parallel: usize,
    pace: Pace,
}

impl Leg<'_> {
    fn send(
        self,
        (orders, ready): (Vec<Order>, &[Ready]),
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<Sent, Failure> {
        let there = self.there;
        let sending = Sending {
            action: Action::ImportAnswer,
            pace: self.pace,
            parallel: self.parallel,
            link: &there.config.link,
            local: &there.site.local,
        };
        let keep = |ledger: &mut Ledger, arrived: Arrived<'_>| {
            let ready = ready.get(arrived.place);
            ready.map_or(Ok(()), |ready| {
                close(ledger, ready, arrived).map_err(state::failed)
            })
        };
        let orders = Orders::keeping(orders, keep);
        batch::send(there.runtime, sending, orders, (global, terminal))
    }

    /// Adds to what was sent. Where a device called an answer wrong that even
    /// told by its name whose it was, those known by their folder alone stay.
    fn send_unless_stopped(
        self,
        sent: &mut Sent,
        (orders, ready): (Vec<Order>, &[Ready]),
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) {
        let wrong = sent.outcomes.iter().any(|(_, outcome)| is_wrong(outcome));
        let stopped = sent
            .stopped
            .or_else(|| wrong.then_some(Stopped::WrongSecret));
        let unsent = |stopped: Stopped| {
            let found = ready.iter().map(|ready| ready.found.clone());
            let unsent = found.map(|found| {
                let outcome = stopped.outcome(&found, Action::ImportAnswer);
                (found, outcome)
            });
            unsent.collect::<Vec<_>>()
        };
        if let Some(stopped) = stopped {
            return sent.outcomes.extend(unsent(stopped));
        }
        // What was done before is told whatever becomes of the rest.
        match self.send((orders, ready), (global, terminal)) {
            Ok(rest) => {
                sent.outcomes.extend(rest.outcomes);
                sent.trouble = rest.trouble;
            }
            Err(failure) => {
                sent.outcomes.extend(unsent(Stopped::Trouble));
                sent.trouble = Some(failure);
            }
        }
    }
}

/// Whether a device said that the answer is not its own.
fn is_wrong(outcome: &Outcome) -> bool {
    let refusal = outcome.refusal.as_deref().and_then(Refusal::read);
    refusal.is_some_and(|refusal| refusal.is_wrong_answer())
}

/// Closes the request where the device said that it is answered, or valid no
/// more. Silence closes nothing.
fn close(ledger: &mut Ledger, ready: &Ready, arrived: Arrived<'_>) -> Result<(), LedgerError> {
    let how = match arrived.reply {
        Reply::Done(_) => CaseEnding::Recovered,
        Reply::Refused(verdict) => match verdict.refusal {
            Refusal::EmptyEncryptString | Refusal::ExportFileOverDue => CaseEnding::Spent,
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    let open = ready
        .target
        .case
        .filter(|_| ready.target.facts.ended.is_none());
    let Some(case) = open else {
        return Ok(());
    };
    match ledger.close_case(case, how, arrived.at) {
        // Another run was faster.
        Err(LedgerError::NotOpen { .. }) => Ok(()),
        closed => closed,
    }
}

fn unsendable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    let error = anyhow::Error::new(error).context("the answer or password cannot be sent");
    Failure::new(Exit::Unsafe, error).hint("check both; nothing was sent")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legacy_devices_are_sent_a_code_without_a_password() {
        let password = SecretString::from("Garden7!");
        for (is_legacy, password, expected) in [
            (true, None, Some("ResetToDefault")),
            (true, Some(&password), Some("ResetToDefault")),
            (false, Some(&password), Some("Reset")),
            (false, None, None),
        ] {
            let code = Code::new(b"code").unwrap();
            let made = match command(code, (is_legacy, password), false) {
                Ok(Command::ResetToDefault { .. }) => Some("ResetToDefault"),
                Ok(Command::Reset { .. }) => Some("Reset"),
                Ok(_) => Some("another"),
                Err(failure) => {
                    assert_eq!(failure.exit, Exit::Unsafe);
                    None
                }
            };
            assert_eq!(made, expected, "{is_legacy} {}", password.is_some());
        }
    }
}

//! Sending answers, and closing their requests the moment a device has spoken.

use sadp_discovery::{Pace, ScanConfig};
use sadp_proto::{Code, Command, Outcome as Reply, Refusal, seal::Password};
use sadp_reset::{Action, CaseEnding, Ledger, LedgerError};
use secrecy::SecretString;
use tokio::runtime::Runtime;

use super::{conclude::conclude, judge::Ready};
use crate::{
    args::GlobalArgs,
    commands::batch::{self, Arrived, Order, Orders, Sending, Site},
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
        ready: Vec<Ready>,
        password: Option<&SecretString>,
        sync_cameras: bool,
    ) -> Result<Self, Failure> {
        let mut orders = Vec::new();
        for one in &ready {
            let code = Code::new(one.answer.expose().as_bytes()).map_err(unsendable)?;
            let command = match password.filter(|_| !one.is_legacy()) {
                Some(password) => Command::Reset {
                    code,
                    password: Password::new(password.clone()).map_err(unsendable)?,
                    sync_cameras,
                },
                None => Command::ResetToDefault { code },
            };
            let found = one.found.clone();
            orders.push(Order { found, command });
        }
        Ok(Self {
            orders,
            ready,
            sync_cameras,
        })
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
            line
        }));
        if self.ready.len() > LISTED {
            lines.push(format!("  and {} more", self.ready.len() - LISTED));
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
        let Self { orders, ready, .. } = self;
        let sending = Sending {
            action: Action::ImportAnswer,
            // Each device gets a secret of its own: a wrong one says nothing of
            // the others.
            pace: Pace::Together,
            parallel,
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
        let sent = batch::send(there.runtime, sending, orders, (global, &mut *terminal))?;
        let moved = |outcome: &Outcome| matches!(outcome.result, Ending::Done | Ending::Unknown);
        let after = sent
            .outcomes
            .iter()
            .any(|(_, outcome)| moved(outcome))
            .then(|| there.site.look_after(there.runtime, there.config, terminal));
        let mut outcomes = Vec::new();
        for (ready, (found, mut outcome)) in ready.iter().zip(sent.outcomes) {
            let seen = after.as_ref().and_then(|site| site.same(&found));
            conclude(&mut outcome, ready, (seen, self.sync_cameras));
            outcomes.push(outcome);
        }
        Ok((outcomes, sent.trouble))
    }
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

//! The first password, offered as soon as the device is back.

use ipnet::Ipv4Net;
use sadp_model::{MacAddr, State};
use sadp_ops::{
    DiscoveredDevice, Inventory, LedgerAccess, Overrides, Report,
    activate::{self, Activation},
};
use secrecy::SecretString;
use tokio::{runtime::Runtime, sync::oneshot};

use super::{aside, state_value};
use crate::{
    args::{ButtonArgs, GlobalArgs, NewPasswordArgs},
    commands::{batch, new_password, survey},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    run::{self, Run},
    secret, state,
    terminal::Terminal,
};

/// What to do about a device that is unactivated.
pub(super) struct FirstPassword<'a> {
    pub(super) args: &'a ButtonArgs,
    pub(super) runtime: &'a Runtime,
    /// The first password, where it was to be set without asking.
    pub(super) password: Option<SecretString>,
}

impl FirstPassword<'_> {
    /// Gives the device its first password, or tells how. `message` is how it
    /// came to be unactivated.
    pub(super) fn offer(
        &self,
        (found, local): (DiscoveredDevice, Vec<Ipv4Net>),
        message: &str,
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<Exit, Failure> {
        let unset = unset(&found, message);
        let password = match &self.password {
            Some(password) => Some(password.clone()),
            None if Terminal::can_ask() => match self.ask(terminal) {
                Ok(password) => password,
                Err(failure) => return batch::print(&[unset], Some(failure), global, terminal),
            },
            None => None,
        };
        let Some(password) = password else {
            return batch::print(&[unset], None, global, terminal);
        };
        let access = LedgerAccess::Write;
        let mut run = Run::open(&self.args.ask, None, access, global, terminal)?;
        let overrides = Overrides::default();
        let plan = activate::plan(&run.session, vec![found.clone()], overrides);
        let plan = plan.map_err(state::failed)?;
        if plan.devices.is_empty() {
            return run.print(Report::new(plan.into_outcomes()));
        }
        run.terminal
            .note(&batch::plan("the first password is set on", &plan.devices));
        let inventory = Inventory {
            devices: vec![found],
            local,
        };
        let activation = Activation {
            inventory: &inventory,
            password: &password,
            parallel: 1,
        };
        let report = run.block_on(async |session, observer| {
            plan.carry_out(session, activation, observer).await
        });
        run.print(report.map_err(run::failed)?)
    }

    /// Asks for the first password. `None` where it is not wanted now.
    fn ask(&self, terminal: &mut Terminal) -> Result<Option<SecretString>, Failure> {
        if !batch::agreed(
            self.runtime,
            "Give it its first password now? [y/N]",
            terminal,
        ) {
            return Ok(None);
        }
        let file = self.args.password.new_password_file.clone();
        let source = NewPasswordArgs {
            new_password_file: file,
        };
        let (give, given) = oneshot::channel();
        // On a thread of its own: typing cannot be broken off, waiting can.
        std::thread::spawn(move || {
            // Nobody waits any more after Ctrl-C.
            let _ = give.send(secret::new(&source));
        });
        let typed = self.runtime.block_on(async {
            tokio::select! {
                () = survey::interrupted() => None,
                typed = given => typed.ok(),
            }
        });
        let Some(password) = typed.transpose()? else {
            return Ok(None);
        };
        new_password::check(&password, self.args.force, terminal)?;
        Ok(Some(password))
    }
}

/// What is told where no password is set.
fn unset(found: &DiscoveredDevice, message: &str) -> Outcome {
    let mac = found.entry.device.identity();
    let name = mac.map_or_else(|| "DEVICE".into(), |mac: MacAddr| mac.to_string());
    let next = format!("give it its first password: sadpctl activate {name}");
    let mut outcome = aside(found, Ending::Done, message).next(next);
    let state = state_value(Some(State::Unactivated));
    outcome.data.insert("state".into(), state);
    outcome
}

//! The first password, offered as soon as the device is back.

use ipnet::Ipv4Net;
use sadp_discovery::ScanConfig;
use sadp_model::{MacAddr, State};
use sadp_reset::Action;
use secrecy::SecretString;
use tokio::{runtime::Runtime, sync::oneshot};

use super::{aside, state_value};
use crate::{
    args::{ButtonArgs, GlobalArgs, NewPasswordArgs},
    commands::{activate::Activation, batch, new_password, survey},
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    secret,
    terminal::Terminal,
};

/// What to do about a device that is unactivated.
pub(super) struct FirstPassword<'a> {
    pub(super) args: &'a ButtonArgs,
    pub(super) runtime: &'a Runtime,
    pub(super) config: &'a ScanConfig,
    /// The first password, where it was to be set without asking.
    pub(super) password: Option<SecretString>,
}

impl FirstPassword<'_> {
    /// Gives the device its first password, or tells how. `message` is how it
    /// came to be unactivated.
    pub(super) fn offer(
        &self,
        (found, local): (Found, Vec<Ipv4Net>),
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
        let (fit, unfit) = batch::vet(vec![found], Action::Activate, false, global)?;
        if fit.is_empty() {
            return batch::print(&unfit, None, global, terminal);
        }
        terminal.note(&batch::plan("the first password is set on", &fit));
        let activation = Activation {
            runtime: self.runtime,
            config: self.config,
            local: &local,
            parallel: 1,
        };
        let (outcomes, trouble) = activation.send(fit, &password, (global, &mut *terminal))?;
        batch::print(&outcomes, trouble, global, terminal)
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
fn unset(found: &Found, message: &str) -> Outcome {
    let mac = found.entry.device.identity();
    let name = mac.map_or_else(|| "DEVICE".into(), |mac: MacAddr| mac.to_string());
    let next = format!("give it its first password: sadpctl activate {name}");
    let mut outcome = aside(found, Ending::Done, message).next(next);
    let state = state_value(Some(State::Unactivated));
    outcome.data.insert("state".into(), state);
    outcome
}

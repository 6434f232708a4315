use sadp_proto::{Command, seal::Password};
use secrecy::SecretString;

use super::{
    errand::{self, Errand, Visit},
    questions,
};
use sadp_ops::DeviceName;

use crate::{
    args::AskArgs,
    commands::batch::{self, Order},
    failure::{Exit, Failure},
    terminal::Terminal,
};

/// A new password for one device, by a secret that its owner has.
pub(super) struct Renewal<'a> {
    pub(super) errand: Errand<'a>,
    pub(super) device: &'a DeviceName,
    pub(super) ask: &'a AskArgs,
    /// Whether its cameras are to get the password, too.
    pub(super) sync_cameras: bool,
    /// The numbers of the questions that are answered: the device has to list
    /// them. Empty where the secret is another.
    pub(super) numbers: Vec<u32>,
}

impl Renewal<'_> {
    /// Carries it out. There may be no secrets where it is a dry run. `command`
    /// makes the command of the new password and the owner's secret.
    pub(super) fn run<S>(
        &self,
        secrets: Option<(SecretString, S)>,
        terminal: &mut Terminal,
        command: impl FnOnce(Password, S, bool) -> Command,
    ) -> Result<Exit, Failure> {
        let errand = &self.errand;
        let global = errand.global;
        let mut visit = Visit::begin(self.ask, [self.device], (global, &mut *terminal))?;
        let found = self.device.choose(visit.devices())?;
        let (mut fit, mut outcomes) = errand.fit(vec![found], true)?;
        if self.sync_cameras {
            errand.fit_to_sync(&mut fit, &mut outcomes);
        }
        let secrets = secrets.filter(|_| !errand.change.dry_run);
        let (Some((password, secret)), [found]) = (secrets, &fit[..]) else {
            outcomes.extend(errand.planned(&fit));
            return batch::print(&outcomes, None, global, terminal);
        };
        if !self.numbers.is_empty() {
            let list = questions::listed(found, &visit, errand, terminal)?;
            if let Some(outcome) = list.objection(found, errand.action, &self.numbers) {
                outcomes.push(outcome);
                return batch::print(&outcomes, None, global, terminal);
            }
        }
        let password = errand::sealable(&password)?;
        let orders = vec![Order {
            found: found.clone(),
            command: command(password, secret, self.sync_cameras),
        }];
        visit.confirm(errand, &fit, terminal)?;
        let mut sent = visit.send(errand, orders, terminal)?;
        visit.conclude(&mut sent, terminal);
        outcomes.extend(sent.outcomes.into_iter().map(|(_, outcome)| outcome));
        batch::print(&outcomes, sent.trouble, global, terminal)
    }
}

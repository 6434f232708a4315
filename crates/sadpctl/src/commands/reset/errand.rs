//! What the ways have in common that ask something of devices: whom they may
//! ask, how they go there, and what is seen afterwards.

use sadp_discovery::{Pace, ScanConfig};
use sadp_model::{Device, State};
use sadp_ops::{DeviceName, DiscoveredDevice};
use sadp_proto::seal::Password;
use sadp_reset::Action;
use secrecy::SecretString;
use tokio::runtime::Runtime;

use crate::{
    args::{AskArgs, ChangeArgs, GlobalArgs, PasswordArgs},
    commands::{
        batch::{self, Orders, Sending, Sent, Site},
        survey,
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    secret,
    terminal::Terminal,
};

/// One thing asked of devices.
pub(in crate::commands) struct Errand<'a> {
    pub(in crate::commands) action: Action,
    /// What a device must offer for it.
    pub(in crate::commands) offer: Offer,
    /// What is done, ending where the number of devices follows.
    pub(in crate::commands) plan: &'a str,
    /// What would be done to a device.
    pub(in crate::commands) would: &'a str,
    pub(in crate::commands) pace: Pace,
    pub(in crate::commands) parallel: usize,
    pub(in crate::commands) change: ChangeArgs,
    pub(in crate::commands) global: &'a GlobalArgs,
}

/// For the same password to many devices: a wrong one must not reach a second.
pub(in crate::commands) const ONE_BY_ONE: Pace = batch::guarded(1);

impl Errand<'_> {
    /// Refuses what can be refused before anything is done.
    pub(in crate::commands) fn check(&self) -> Result<(), Failure> {
        batch::check_format(self.global)?;
        batch::must_be_asked(self.change)
    }

    /// The current password. `None` for a dry run, which asks for none.
    pub(in crate::commands) fn password(
        &self,
        args: &PasswordArgs,
    ) -> Result<Option<SecretString>, Failure> {
        (!self.change.dry_run)
            .then(|| secret::current(args))
            .transpose()
    }

    /// Parts the devices it may be asked of from the others. Those that were
    /// `named` and are not asked make a failure of the command.
    pub(in crate::commands) fn fit(
        &self,
        chosen: Vec<DiscoveredDevice>,
        named: bool,
    ) -> Result<(Vec<DiscoveredDevice>, Vec<Outcome>), Failure> {
        let mut able = Vec::new();
        let mut outcomes = Vec::new();
        for found in chosen {
            match self.objection(&found, named) {
                Some(outcome) => outcomes.push(outcome),
                None => able.push(found),
            }
        }
        let force = self.change.force;
        let (fit, unfit) = batch::vet(able, self.action, force, self.global)?;
        outcomes.extend(unfit);
        Ok((fit, outcomes))
    }

    fn objection(&self, found: &DiscoveredDevice, named: bool) -> Option<Outcome> {
        let device = &found.entry.device;
        if device.state == Some(State::Unactivated) {
            let next = "give it its first password: sadpctl activate DEVICE";
            return Some(
                self.passed_over(found, "it has no password yet", named)
                    .next(next),
            );
        }
        if self.change.force || self.offer.of(device) == Some(true) {
            return None;
        }
        let outcome = self.passed_over(found, self.offer.missing(), named);
        // Of many, those that cannot are no news.
        Some(if named {
            outcome.next(self.offer.remedy())
        } else {
            outcome
        })
    }

    /// A device that is not asked. Where it was named, that is a failure.
    pub(in crate::commands) fn passed_over(
        &self,
        found: &DiscoveredDevice,
        why: &str,
        named: bool,
    ) -> Outcome {
        if named {
            return Outcome::unsafe_to_send(found, self.action, why);
        }
        Outcome::new(found, self.action, Ending::Skipped, why)
    }

    /// What a dry run tells.
    pub(in crate::commands) fn planned(&self, fit: &[DiscoveredDevice]) -> Vec<Outcome> {
        let planned = |found| Outcome::new(found, self.action, Ending::Planned, self.would);
        fit.iter().map(planned).collect()
    }
}

/// What a device must offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Offer {
    /// Hik-Connect.
    Cloud,
    /// Unbinding from a Hik-Connect account.
    Unbind,
    /// The return to the unactivated state.
    Deactivate,
}

impl Offer {
    fn of(self, device: &Device) -> Option<bool> {
        match self {
            Self::Cloud => device.cloud.supported,
            Self::Unbind => device.cloud.can_unbind,
            Self::Deactivate => device.can_deactivate,
        }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Cloud => "it does not report Hik-Connect",
            Self::Unbind => "it does not report that a command can unbind it from Hik-Connect",
            Self::Deactivate => "it does not report that a command can deactivate it",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Cloud => "check its firmware; --force sends it all the same",
            Self::Unbind => {
                "unbind it in the app or on its own web page; --force sends it all the same"
            }
            Self::Deactivate => {
                "restore its factory settings on its own web page; --force sends it all the same"
            }
        }
    }
}

/// The devices, and the means to reach them.
pub(in crate::commands) struct Visit {
    runtime: Runtime,
    config: ScanConfig,
    site: Site,
}

impl Visit {
    /// Looks who is there.
    pub(in crate::commands) fn begin<'n>(
        ask: &AskArgs,
        named: impl IntoIterator<Item = &'n DeviceName>,
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<Self, Failure> {
        let named = named.into_iter().filter_map(DeviceName::address);
        let config = survey::config(ask, global, named)?;
        let runtime = survey::runtime()?;
        let site = Site::look(&runtime, &config, global, terminal)?;
        Ok(Self {
            runtime,
            config,
            site,
        })
    }

    /// The devices found.
    pub(in crate::commands) fn devices(&mut self) -> Vec<DiscoveredDevice> {
        std::mem::take(&mut self.site.devices)
    }

    /// Shows what will be done and asks.
    pub(in crate::commands) fn confirm(
        &self,
        errand: &Errand<'_>,
        fit: &[DiscoveredDevice],
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let plan = batch::plan(errand.plan, fit);
        batch::confirm(&self.runtime, &plan, errand.change, terminal)
    }

    /// Sends the orders.
    pub(in crate::commands) fn send<'k>(
        &self,
        errand: &Errand<'_>,
        orders: impl Into<Orders<'k>>,
        terminal: &mut Terminal,
    ) -> Result<Sent, Failure> {
        let sending = Sending {
            action: errand.action,
            pace: errand.pace,
            parallel: errand.parallel,
            link: &self.config.link,
            local: &self.site.local,
        };
        batch::send(&self.runtime, sending, orders, (errand.global, terminal))
    }

    /// Scans again, and lets `conclude` judge each outcome by what is seen of its
    /// device now.
    pub(in crate::commands) fn look_after(
        &self,
        sent: &mut Sent,
        terminal: &mut Terminal,
        conclude: impl Fn(&mut Outcome, Option<&Device>),
    ) {
        let after = self.site.look_after(&self.runtime, &self.config, terminal);
        for (found, outcome) in &mut sent.outcomes {
            let now = after.same(found).map(|now| &now.entry.device);
            conclude(outcome, now);
        }
    }

    /// Asks for a text. `None` on Ctrl-C.
    pub(in crate::commands) fn ask(
        &self,
        question: &str,
        terminal: &mut Terminal,
    ) -> Option<String> {
        batch::ask(&self.runtime, question, terminal)
    }
}

/// A current or new password, ready to be sealed.
pub(in crate::commands) fn sealable(password: &SecretString) -> Result<Password, Failure> {
    Password::new(password.clone()).map_err(|error| {
        let error = anyhow::Error::new(error).context("the password cannot be sent");
        Failure::new(Exit::Unsafe, error).hint("check the password; nothing was sent")
    })
}

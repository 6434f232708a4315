//! Asks devices which recovery ways are set up.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use sadp_discovery::{LinkConfig, Pace};
use sadp_model::{SetUp, State};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, CommandOutcome as Reply, read_set_up};
use sadp_reset::Action;
use tokio::runtime::Runtime;

use super::batch::{self, Arrived, Order, Orders, Sending};
use crate::{args::GlobalArgs, failure::Failure, terminal::Terminal};

/// How many devices are asked at once.
const PARALLEL: usize = 16;

/// The means to ask devices which recovery ways are set up. It needs no password,
/// costs no try and changes nothing.
pub(super) struct SetUpReader<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) link: &'a LinkConfig,
    /// The networks of this computer.
    pub(super) local: &'a [Ipv4Net],
    pub(super) global: &'a GlobalArgs,
}

impl SetUpReader<'_> {
    /// Asks those devices that say they answer it, and adds what they reply. No
    /// reply leaves it unknown.
    pub(super) fn read(
        &self,
        devices: &mut [DiscoveredDevice],
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let mut places = Vec::new();
        let mut orders = Vec::new();
        for (place, found) in devices.iter().enumerate() {
            let device = &found.entry.device;
            let answers = device.recovery.reports_set_up == Some(true)
                && device.state != Some(State::Unactivated);
            if !answers {
                continue;
            }
            let found = vec![found.clone()];
            let (fit, _) = batch::vet(found, Action::SetUpRead, false, self.global)?;
            places.extend(fit.iter().map(|_| place));
            orders.extend(fit.into_iter().map(|found| Order {
                found,
                command: Command::GetSetUp,
            }));
        }
        if orders.is_empty() {
            return Ok(());
        }
        let mut told: BTreeMap<usize, SetUp> = BTreeMap::new();
        let keep = |_: &mut _, arrived: Arrived<'_>| {
            if let (Reply::Done(reply), Some(&place)) = (arrived.reply, places.get(arrived.place)) {
                told.insert(place, read_set_up(reply));
            }
            Ok(())
        };
        let sending = Sending {
            action: Action::SetUpRead,
            pace: Pace::Together,
            parallel: PARALLEL,
            link: self.link,
            local: self.local,
        };
        let orders = Orders::keeping(orders, keep);
        let sent = batch::send(self.runtime, sending, orders, (self.global, terminal))?;
        for (place, set_up) in told {
            if let Some(found) = devices.get_mut(place) {
                found.entry.device.recovery.set_up = set_up;
            }
        }
        sent.trouble.map_or(Ok(()), Err)
    }
}

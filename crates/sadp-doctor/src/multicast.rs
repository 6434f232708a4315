//! Whether a datagram to the multicast group comes back, on each interface.

use std::{io, net::Ipv4Addr, time::Duration};

use sadp_discovery::{
    LinkConfig,
    interface::{self, Interface},
    probe,
};
use sadp_proto::Endpoint;

use crate::{Check, Finding, Subject, Verdict};

/// How long a datagram may take from this computer to itself.
const LOOP_TIMEOUT: Duration = Duration::from_millis(300);

/// A loop test on one interface: a datagram that no cable carries is sent to the
/// group. `true` means that it came back.
#[derive(Debug)]
pub struct MulticastLoop {
    /// The interface's name.
    pub interface: String,
    /// The multicast group.
    pub group: Ipv4Addr,
    /// The devices' port.
    pub port: u16,
    /// The result on the devices' port, where it can be listened on.
    pub on_port: Option<io::Result<bool>>,
    /// The result on another port, where it did not come back on the devices' port.
    pub on_other_port: Option<io::Result<bool>>,
}

/// What the loop test says.
#[derive(Debug)]
pub enum LoopResult<'a> {
    /// It came back.
    Received,
    /// It came back on another port; the devices' port could not be listened on.
    ReceivedOnOtherPort,
    /// It came back on another port only.
    PortFiltered,
    /// The group cannot be joined or sent to.
    Failed(&'a io::Error),
    /// It did not come back.
    NotReceived,
}

impl MulticastLoop {
    /// Returns what the loop test says.
    pub fn result(&self) -> LoopResult<'_> {
        match (&self.on_port, &self.on_other_port) {
            (Some(Ok(true)), _) => LoopResult::Received,
            (None, Some(Ok(true))) => LoopResult::ReceivedOnOtherPort,
            (Some(_), Some(Ok(true))) => LoopResult::PortFiltered,
            (Some(Err(error)), _) | (_, Some(Err(error))) => LoopResult::Failed(error),
            _ => LoopResult::NotReceived,
        }
    }

    /// Returns whether it came back on the devices' port.
    pub(crate) fn came_back(&self) -> bool {
        matches!(self.result(), LoopResult::Received)
    }

    pub(crate) fn judge(self) -> Check {
        let verdict = match self.result() {
            LoopResult::Received | LoopResult::ReceivedOnOtherPort => Verdict::Ok,
            _ => Verdict::Problem,
        };
        let subject = Subject::Interface(self.interface.clone());
        Check::new(subject, verdict, Finding::Multicast(self))
    }

    fn run(interface: &Interface, config: &LinkConfig, can_listen: bool) -> Self {
        let Endpoint { group, port, .. } = config.endpoint();
        let on_port = can_listen.then(|| probe::group_loops(interface, group, port, LOOP_TIMEOUT));
        let on_other_port = (!matches!(on_port, Some(Ok(true))))
            .then(|| probe::group_loops(interface, group, 0, LOOP_TIMEOUT));
        Self {
            interface: interface.card().into(),
            group,
            port,
            on_port,
            on_other_port,
        }
    }
}

/// Tests the interfaces of these names. `can_listen` says whether the devices'
/// port can be opened. Takes up to 0.6 s for each interface.
pub(crate) fn gather(names: &[&str], config: &LinkConfig, can_listen: bool) -> Vec<MulticastLoop> {
    let all = interface::list().unwrap_or_default();
    let usable = names.iter();
    let usable = usable.filter_map(|name| all.iter().find(|it| it.up && it.card() == *name));
    usable
        .map(|it| MulticastLoop::run(it, config, can_listen))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_come_back_is_a_problem() {
        let refused = || Some(Err(io::ErrorKind::NetworkUnreachable.into()));
        for (on_port, on_other_port, expected) in [
            (Some(Ok(true)), None, "Ok Received"),
            (None, Some(Ok(true)), "Ok ReceivedOnOtherPort"),
            (Some(Ok(false)), Some(Ok(true)), "Problem PortFiltered"),
            (Some(Ok(false)), Some(Ok(false)), "Problem NotReceived"),
            (None, Some(Ok(false)), "Problem NotReceived"),
            (refused(), refused(), "Problem Failed"),
            (None, refused(), "Problem Failed"),
        ] {
            let test = MulticastLoop {
                interface: "lan0".into(),
                group: [239, 255, 255, 250].into(),
                port: 37020,
                on_port,
                on_other_port,
            };
            let result = format!("{:?}", test.result());
            let judged = format!("{:?} {result}", test.judge().verdict);
            assert!(judged.starts_with(expected), "{judged}");
        }
    }
}

use std::{net::Ipv4Addr, time::Duration};

use strum::{Display, IntoStaticStr, VariantArray};

use super::{
    Speaker, Trick,
    floods::{self, Flood},
    forgeries::{EchoedAccounts, ForgedExchange, StolenMacs},
};
use crate::Device;

/// An attack of the simulated attacker.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Attack {
    /// Floods with bytes that are not a reply, or almost one.
    Garbage,
    /// Answers key exchanges of the simulated devices from another address, a little
    /// later than they do.
    ForgedExchange,
    /// Answers them from the devices' own address, faster than they do.
    RacedExchange,
    /// Answers inquiries with the devices' MACs, at another address.
    StolenMacs,
    /// Answers inquiries with the devices' exact reports, and their key exchanges, from
    /// its own address.
    EchoedAccounts,
    /// Sends XML that grows without end where entities are expanded, or that reads a
    /// file.
    EntityBombs,
    /// Sends documents as long as a datagram can be, each of a new device.
    HugeDocuments,
    /// Sends texts that terminals, spreadsheets and file systems interpret.
    HostileTexts,
    /// Sends a new device with each datagram.
    EndlessDevices,
}

impl Attack {
    /// All attacks.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name on command lines, e.g. `stolen-macs`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub(super) fn trick(self, address: Ipv4Addr, devices: &[Device]) -> Box<dyn Trick> {
        match self {
            Self::Garbage => Box::new(Flood::new(address, floods::garbage)),
            Self::ForgedExchange => Box::new(ForgedExchange::new(
                devices,
                Speaker::Attacker,
                LATER_THAN_DEVICES,
            )),
            Self::RacedExchange => Box::new(ForgedExchange::new(
                devices,
                Speaker::Devices,
                Duration::ZERO,
            )),
            Self::StolenMacs => Box::new(StolenMacs::new(address, devices)),
            Self::EchoedAccounts => Box::new(EchoedAccounts::new(devices)),
            Self::EntityBombs => Box::new(Flood::new(address, floods::entity_bomb)),
            Self::HugeDocuments => Box::new(Flood::new(address, floods::huge_document)),
            Self::HostileTexts => Box::new(Flood::new(address, floods::hostile_text)),
            Self::EndlessDevices => Box::new(Flood::new(address, floods::endless_device)),
        }
    }
}

/// Within the time that a careful client waits for a second reply.
const LATER_THAN_DEVICES: Duration = Duration::from_millis(50);

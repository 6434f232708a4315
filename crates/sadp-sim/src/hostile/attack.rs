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

    /// What it sends without being asked, if anything.
    pub(super) fn flood(self, address: Ipv4Addr) -> Option<Flood> {
        Some(Flood {
            address,
            number: 0,
            make: match self {
                Self::Garbage => floods::garbage,
                Self::EntityBombs => floods::entity_bomb,
                Self::HugeDocuments => floods::huge_document,
                Self::HostileTexts => floods::hostile_text,
                Self::EndlessDevices => floods::endless_device,
                Self::ForgedExchange
                | Self::RacedExchange
                | Self::StolenMacs
                | Self::EchoedAccounts => return None,
            },
        })
    }

    /// What it replies to requests with, if it does.
    pub(super) fn trick(self, address: Ipv4Addr, devices: &[Device]) -> Option<Box<dyn Trick>> {
        let (speaker, after) = match self {
            Self::StolenMacs => return Some(Box::new(StolenMacs::new(address, devices))),
            Self::EchoedAccounts => return Some(Box::new(EchoedAccounts::new(devices))),
            Self::ForgedExchange => (Speaker::Attacker, LATER_THAN_DEVICES),
            Self::RacedExchange => (Speaker::Devices, Duration::ZERO),
            _ => return None,
        };
        Some(Box::new(ForgedExchange::new(devices, speaker, after)))
    }
}

/// Within the time that a careful client waits for a second reply.
const LATER_THAN_DEVICES: Duration = Duration::from_millis(50);

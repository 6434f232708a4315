use std::{fmt, net::Ipv4Addr, time::Duration};

use super::{
    Speaker, Trick, echoed::EchoedAccounts, endless::EndlessDevices, entities::EntityBombs,
    exchange::ForgedExchange, garbage::Garbage, huge::HugeDocuments, stolen::StolenMacs,
    texts::HostileTexts,
};
use crate::Device;

/// What a simulated attacker can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attack {
    /// Floods with bytes that are no reply, or nearly one.
    Garbage,
    /// Answers key exchanges of the simulated devices, from another address, a
    /// little later than they.
    ForgedExchange,
    /// Answers them from their own address, faster than they.
    RacedExchange,
    /// Answers inquiries with their MACs, at another address.
    StolenMacs,
    /// Answers inquiries as they do, word for word, and their key exchanges,
    /// from its own address.
    EchoedAccounts,
    /// Sends XML that grows without end where entities are expanded, or that
    /// would be read from a file.
    EntityBombs,
    /// Sends documents as long as a datagram can be, of ever new devices.
    HugeDocuments,
    /// Sends texts that terminals, spreadsheets and file systems obey.
    HostileTexts,
    /// Sends a new device with each datagram.
    EndlessDevices,
}

impl Attack {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Garbage,
        Self::ForgedExchange,
        Self::RacedExchange,
        Self::StolenMacs,
        Self::EchoedAccounts,
        Self::EntityBombs,
        Self::HugeDocuments,
        Self::HostileTexts,
        Self::EndlessDevices,
    ];

    /// Its name on command lines, e.g. `stolen-macs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Garbage => "garbage",
            Self::ForgedExchange => "forged-exchange",
            Self::RacedExchange => "raced-exchange",
            Self::StolenMacs => "stolen-macs",
            Self::EchoedAccounts => "echoed-accounts",
            Self::EntityBombs => "entity-bombs",
            Self::HugeDocuments => "huge-documents",
            Self::HostileTexts => "hostile-texts",
            Self::EndlessDevices => "endless-devices",
        }
    }

    pub(super) fn trick(self, address: Ipv4Addr, devices: &[Device]) -> Box<dyn Trick> {
        match self {
            Self::Garbage => Box::new(Garbage::new(address)),
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
            Self::EntityBombs => Box::new(EntityBombs::new(address)),
            Self::HugeDocuments => Box::new(HugeDocuments::new(address)),
            Self::HostileTexts => Box::new(HostileTexts::new(address)),
            Self::EndlessDevices => Box::new(EndlessDevices::new(address)),
        }
    }
}

/// Within the time a careful asker waits for a second answer.
const LATER_THAN_DEVICES: Duration = Duration::from_millis(50);

impl fmt::Display for Attack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

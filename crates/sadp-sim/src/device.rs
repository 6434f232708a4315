//! One simulated device: what it is, what it says of itself, what its owner set.

mod access;
mod cloud;
mod frame;
mod recovery;
mod settings;
mod telling;
mod tries;

use std::{net::Ipv6Addr, sync::Arc};

use jiff::civil::DateTime;
use sadp_model::MacAddr;
use sadp_proto::seal::UpdateDigest;

pub(crate) use self::{
    access::NewPassword, recovery::Support, settings::read_flag, telling::Telling, tries::Denied,
};
pub use self::{
    access::{Access, Secret},
    cloud::Cloud,
    recovery::{Questions, QuestionsError, Recovery},
    settings::{Extras, Settings},
    tries::Tries,
};
use crate::{Conduct, Delay, Profile};

/// A simulated device. What it is, what its owner set, what commands change and
/// how it behaves on the wire stand apart.
#[derive(Clone, Debug)]
pub struct Device {
    /// What its firmware says, and how.
    pub profile: Arc<Profile>,
    /// What it left the factory with.
    pub identity: Identity,
    /// Its network settings.
    pub settings: Settings,
    /// What becomes of it.
    pub state: State,
    /// Who may change it.
    pub access: Access,
    /// What brings its password back.
    pub recovery: Recovery,
    /// What commands made of its Hik-Connect settings.
    pub cloud: Cloud,
    /// How it behaves on the wire.
    pub conduct: Conduct,
    /// Where it departs from its profile.
    pub quirks: Option<Box<Quirks>>,
}

/// What a device leaves the factory with and keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The model name.
    pub model: Box<str>,
    /// The full serial number.
    pub serial: Box<str>,
    /// The hardware address.
    pub mac: MacAddr,
    /// What its passwords are salted with.
    pub salt: [u8; 32],
}

/// What becomes of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it has a password.
    pub activated: bool,
    /// When it started, by its own clock.
    pub boot: DateTime,
    /// Whether the lamp shines by which it is found.
    pub lamp: bool,
}

/// Where one device departs from its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Elements with another text, or added at the end.
    pub fields: Vec<(Box<str>, Box<str>)>,
    /// Elements left out.
    pub omit: Vec<Box<str>>,
    /// What stands before the document.
    pub before: Box<str>,
    /// What stands behind the document.
    pub after: Box<str>,
    /// Whether it writes GB18030 in place of UTF-8.
    pub gb18030: bool,
    /// Whether it leaves `&` as it is.
    pub bare_ampersand: bool,
    /// How many security questions it lists beyond [`Questions::MAX_ID`]. None of
    /// them can be set.
    pub surplus_questions: u8,
    /// Commands it refuses whatever they say.
    pub refusals: Vec<Refuse>,
    /// Commands, by their `Types`, that it answers later than
    /// [`Conduct::delay`] says.
    pub late: Vec<(Box<str>, Delay)>,
}

/// A command that a device refuses whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refuse {
    /// The command's `Types`. It need be none that the simulator plays.
    pub types: Box<str>,
    /// The `Result` it is refused with.
    pub word: Box<str>,
    /// How many tries it says are left.
    pub retry_times: Option<u32>,
    /// How many minutes it says it is locked.
    pub lock_minutes: Option<u32>,
}

impl Device {
    /// Its IPv6 address: the one it was given, else the one it makes for itself
    /// from its MAC, in a network reserved for documentation.
    pub fn ipv6(&self) -> Ipv6Addr {
        if let Some(extras) = self.settings.extras {
            return extras.ipv6_address;
        }
        let mac = self.identity.mac.octets();
        let mut octets = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0x12, 0, 0xff, 0xfe00, 0).octets();
        octets[8..11].copy_from_slice(&mac[..3]);
        octets[13..].copy_from_slice(&mac[3..]);
        // The bit that tells a MAC assigned by its maker.
        octets[8] ^= 2;
        octets.into()
    }

    /// The name of its account, whether it tells it or not.
    pub(crate) fn user(&self) -> String {
        let said = self.says("UserName").filter(|user| !user.is_empty());
        said.unwrap_or_else(|| {
            let untold = self.profile.account.as_deref();
            untold.unwrap_or(UpdateDigest::DEFAULT_USER).to_owned()
        })
    }

    /// What it answers to a command of this kind, where it was told to refuse
    /// it.
    pub(crate) fn refusal(&self, types: &str) -> Option<&Refuse> {
        let refusals = &self.quirks.as_ref()?.refusals;
        refusals.iter().find(|refuse| *refuse.types == *types)
    }

    /// How late it answers a command of this kind.
    pub(crate) fn delay_of(&self, types: &str) -> Delay {
        let late = self.quirks.iter().flat_map(|quirks| &quirks.late);
        let found = late.into_iter().find(|(late, _)| **late == *types);
        found.map_or(self.conduct.delay, |&(_, delay)| delay)
    }
}

#[cfg(test)]
mod tests;

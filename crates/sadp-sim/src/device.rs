//! One simulated device: identity, reports and settings.

mod access;
mod cloud;
pub(crate) mod factory;
mod frame;
mod recovery;
mod replies;
mod settings;
mod tries;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv6Addr,
    sync::Arc,
};

use jiff::civil::DateTime;
use sadp_model::MacAddr;
use sadp_proto::seal::UpdateDigest;
use secrecy::SecretString;
use serde::Deserialize;

use self::access::RiskyPassword;
pub use self::{
    access::{Access, Secret},
    cloud::CloudSettings,
    recovery::{Questions, QuestionsError, RecoverySettings},
    settings::{DeviceSettings, Extras},
    tries::Tries,
};
pub(crate) use self::{recovery::Support, replies::SelfReport, settings::read_flag, tries::Denied};
use crate::{Behavior, Delay, HttpSettings, LinkAnswer, Profile};

/// A simulated device: identity, settings, state and network behavior.
#[derive(Clone, Debug)]
pub struct Device {
    /// The reports of its firmware.
    pub profile: Arc<Profile>,
    /// Its identity from the factory.
    pub identity: Identity,
    /// Its network settings.
    pub settings: DeviceSettings,
    /// Its state.
    pub state: DeviceState,
    /// Its password.
    pub access: Access,
    /// Its recovery methods.
    pub recovery: RecoverySettings,
    /// Hik-Connect settings from commands.
    pub cloud: CloudSettings,
    /// Its HTTP interface.
    pub http: HttpSettings,
    /// Its network behavior.
    pub behavior: Behavior,
    /// Differences from its profile.
    pub quirks: Arc<Quirks>,
}

/// The permanent identity of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The model name.
    pub model: Box<str>,
    /// The full serial number.
    pub serial: Box<str>,
    /// The hardware address.
    pub mac: MacAddr,
    /// The salt of its passwords.
    pub salt: [u8; 32],
}

/// The state of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceState {
    /// Whether it has a password.
    pub activated: bool,
    /// When it started, by its own clock.
    pub boot: DateTime,
    /// Whether the lamp for locating it is on.
    pub lamp: bool,
}

/// Differences of one device from its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Elements with another text, or added at the end.
    pub fields: BTreeMap<Box<str>, Box<str>>,
    /// Omitted elements.
    pub omit: BTreeSet<Box<str>>,
    /// Text before the document.
    pub before: Box<str>,
    /// Text after the document.
    pub after: Box<str>,
    /// Whether it writes GB18030 instead of UTF-8.
    pub gb18030: bool,
    /// Whether it does not escape `&`.
    pub bare_ampersand: bool,
    /// The number of security questions beyond [`Questions::MAX_ID`] that it lists. They
    /// cannot be set.
    pub surplus_questions: u8,
    /// The `Types` of commands of which it obeys each copy that arrives.
    pub obeys_copies: BTreeSet<Box<str>>,
    /// Commands, by their `Types`, that it always refuses. The simulator need not know
    /// them.
    pub refusals: BTreeMap<Box<str>, Refuse>,
    /// Commands, by their `Types`, with a longer delay than [`Behavior::delay`].
    pub late: BTreeMap<Box<str>, Delay>,
}

/// How a device refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The `Result` of the refusal.
    pub word: Box<str>,
    /// The reported number of tries left.
    pub retry_times: Option<u32>,
    /// The reported lock time, in minutes.
    pub lock_minutes: Option<u32>,
}

impl Device {
    /// Its IPv6 address: the configured one, else one made from its MAC, in a network
    /// reserved for documentation.
    pub fn ipv6(&self) -> Ipv6Addr {
        if let Some(extras) = self.settings.extras {
            return extras.ipv6_address;
        }
        let mac = self.identity.mac.octets();
        let mut octets = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0x12, 0, 0xff, 0xfe00, 0).octets();
        octets[8..11].copy_from_slice(&mac[..3]);
        octets[13..].copy_from_slice(&mac[3..]);
        // The bit of a MAC that its maker assigned.
        octets[8] ^= 2;
        octets.into()
    }

    /// The name of its account, reported or not.
    pub(crate) fn user(&self) -> String {
        let reported = self.says("UserName").filter(|user| !user.is_empty());
        reported.unwrap_or_else(|| {
            let silent = self.profile.account.as_deref();
            silent.unwrap_or(UpdateDigest::DEFAULT_USER).to_owned()
        })
    }

    /// Sets a new password, unless it rejects it as risky.
    pub(crate) fn set_password(&mut self, password: SecretString) -> Result<(), RiskyPassword> {
        let user = self.user();
        self.access.set(password, &user)
    }

    /// Whether it sends and receives SADP datagrams: not where it knows frames only, or was
    /// hidden over HTTP.
    pub(crate) fn speaks_udp(&self) -> bool {
        self.behavior.link != LinkAnswer::Only && self.http.discoverable
    }

    /// Whether it announces its starts.
    pub(crate) fn says_hello(&self) -> bool {
        self.behavior.hello && self.speaks_udp()
    }

    /// Whether it answers raw frames.
    pub(crate) fn speaks_frames(&self) -> bool {
        self.behavior.link != LinkAnswer::Never && self.http.discoverable_by_frames
    }

    /// The delay of its reply to this kind of command.
    pub(crate) fn delay_of(&self, types: &str) -> Delay {
        let late = self.quirks.late.get(types);
        late.copied().unwrap_or(self.behavior.delay)
    }
}

#[cfg(test)]
mod tests;

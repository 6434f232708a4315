//! A site written down: which devices there are and how they behave.
//!
//! ```
//! let site = sadp_sim::Site::parse(r#"
//!     [defaults]
//!     delay = "0..300ms"
//!
//!     [[device]]
//!     profile = "ipc-v5.5.82"
//!     count = 3
//!     ip = "192.168.1.101"
//!
//!     [[device]]
//!     profile = "nvr-v3.4.106"
//!     omit = ["MAC"]
//!     fields = { DeviceDescription = "Back office" }
//! "#)?;
//! let devices = site.build("192.168.1.5/24".parse()?)?;
//! assert_eq!(devices.len(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `[defaults]` may hold the keys marked with a star, for all devices that do not
//! say otherwise. A `[[device]]` has these:
//!
//! | key | what it says |
//! |---|---|
//! | `profile` | which of the simulator's profiles; the only one that must stand |
//! | `count` | how many, 1 unless it stands |
//! | `mac`, `serial`, `model`, `boot` | what it is |
//! | `ip`, `mask`*, `gateway`*, `dhcp`, `http_port`, `sdk_port` | its settings; addresses of several count up |
//! | `activated` | whether it has a password, `true` unless it stands |
//! | `password`* | of active devices; [`Access::PASSWORD`](crate::Access::PASSWORD) unless it stands |
//! | `soft_rules`* | whether it refuses new passwords that break the softer rules, too; else as its profile |
//! | `tries`*, `lock_minutes`* | wrong passwords in a row until it locks, 7, and for how long, 30; the same for the secrets of all ways to bring a password back, counted apart |
//! | `tries_left`, `recovery_tries_left` | how many of each are left at the start; with 0 it starts locked |
//! | `questions` | security questions that are set, three by their numbers: `{ 1 = "Paris", 4 = "Rex", 9 = "blue" }` |
//! | `mailbox`* | the reserved e-mail address of active devices |
//! | `request_valid`* | how long a request to the vendor and a code by e-mail are good, `48h` unless it stands |
//! | `cameras` | addresses of the cameras a recorder passes a new password on to; else all active cameras that had the recorder's |
//! | `restart` | when it loses power and starts anew, counted from the fleet's start: `30s`, `2h` |
//! | `button` | when somebody holds its reset button: it comes back unactivated, with the settings of the factory |
//! | `link`* | whether it answers by bare Ethernet frames, where those are played: `never`, `too` (the default), `only` |
//! | `reboot`* | how long it is silent after new settings, to come back with a Hello: `20s`, `5s..40s`; without, it takes them over as it runs, and is away for 10 s after `restart` or `button` |
//! | `refuse` | commands it refuses whatever they say, by their `Types`; see below |
//! | `late` | commands it carries out at once and answers later than others, by their `Types`: `{ activate = "8s", exchangecode = "3600s" }` |
//! | `reply`*, `delay`*, `hello`* | how it answers: `multicast`, `unicast`, `both`; how late; whether it says Hello |
//! | `loss`*, `duplicate`*, `reorder`*, `corrupt`*, `truncate`* | faults on the way, 0 to 1 |
//! | `fields`, `omit`, `before`, `after`, `encoding`, `bare_ampersand` | where its replies depart from its profile |
//! | `surplus_questions` | how many security questions it lists beyond the 15 that clients read |
//!
//! A refusal is a word, or a word with what is said of the tries; the command need
//! not be one the simulator plays otherwise:
//!
//! ```toml
//! refuse = { activate = "riskPassword", update = { word = "locked", retry_times = 0, lock_minutes = 12 } }
//! ```

mod entry;
mod guard;
mod prepared;

use ipnet::Ipv4Net;
use serde::Deserialize;
use toml::Spanned;

use self::entry::{DeviceEntry, Fault, Manners, Order};
use crate::{Device, factory::Factory};

/// The devices of a site file.
#[derive(Debug)]
pub struct Site {
    seed: u64,
    orders: Vec<Order>,
}

impl Site {
    /// The most devices a site file asks for, all entries together.
    pub const MAX_DEVICES: u32 = 100_000;

    /// Reads a site file.
    pub fn parse(text: &str) -> Result<Self, SiteError> {
        let file: SiteFile =
            toml::from_str(text).map_err(|error| SiteError::syntax(text, &error))?;
        let mut left = Self::MAX_DEVICES;
        let mut order = |entry: Spanned<DeviceEntry>| {
            let line = line_at(text, entry.span().start);
            let order =
                Order::new(entry.into_inner(), &file.defaults).map_err(|fault| fault.at(line))?;
            left = left
                .checked_sub(order.count)
                .ok_or(SiteError::TooMany { line })?;
            Ok(order)
        };
        let orders: Vec<Order> = file
            .device
            .into_iter()
            .map(&mut order)
            .collect::<Result<_, SiteError>>()?;
        Ok(Self {
            seed: file.seed,
            orders,
        })
    }

    /// What chance is drawn from, for the devices and their behaviour.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Makes the devices. Those without an address of their own get one of
    /// `network`, whose address part is this machine's and given to none.
    pub fn build(&self, network: Ipv4Net) -> Result<Vec<Device>, SiteError> {
        let mut factory = Factory::new(self.seed, network);
        for order in &self.orders {
            for number in 0..order.count {
                factory.reserve(order.mac, order.serial.as_deref(), order.address(number));
            }
        }
        let mut devices = Vec::new();
        for order in &self.orders {
            for number in 0..order.count {
                let full = || SiteError::Full {
                    network: network.trunc(),
                };
                devices.push(order.make(number, &mut factory).ok_or_else(full)?);
            }
        }
        Ok(devices)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    defaults: Manners,
    #[serde(default)]
    device: Vec<Spanned<DeviceEntry>>,
}

/// Why a site file cannot be used. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// It is no TOML, has an element no site file has, or a text that is not
    /// what stands there.
    #[error("line {line}: {message}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A MAC or serial for several devices.
    #[error("line {line}: a {what} names one device, and `count` is {count}")]
    Shared {
        /// Where the entry begins.
        line: usize,
        /// `MAC` or `serial`.
        what: &'static str,
        /// How many devices the entry asks for.
        count: u32,
    },
    /// An unactivated device whose firmware does not know activation.
    #[error("line {line}: firmware of the profile `{profile}` cannot be unactivated")]
    KnowsNoActivation {
        /// Where the entry begins.
        line: usize,
        /// Which profile.
        profile: Box<str>,
    },
    /// Addresses counted up from `ip` run out.
    #[error("line {line}: no {count} addresses follow `ip`")]
    AddressesEnd {
        /// Where the entry begins.
        line: usize,
        /// How many devices the entry asks for.
        count: u32,
    },
    /// Something its owner would have set, for an unactivated device.
    #[error("line {line}: an unactivated device has no {what}")]
    OfNobody {
        /// Where the entry begins.
        line: usize,
        /// What.
        what: &'static str,
    },
    /// More tries left than the device grants.
    #[error("line {line}: `{key}` is {tries}, the `tries` of the device, at most")]
    TriesLeft {
        /// Where the entry begins.
        line: usize,
        /// Which key says so.
        key: &'static str,
        /// How many it grants.
        tries: u32,
    },
    /// More than [`Site::MAX_DEVICES`].
    #[error("line {line}: a site has {} devices at most", Site::MAX_DEVICES)]
    TooMany {
        /// Where the entry begins that is too much.
        line: usize,
    },
    /// The network has too few addresses for the devices without one.
    #[error("{network} has no room for the devices without an `ip`")]
    Full {
        /// Which network.
        network: Ipv4Net,
    },
}

impl SiteError {
    fn syntax(text: &str, error: &toml::de::Error) -> Self {
        Self::Syntax {
            line: line_at(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        }
    }
}

impl Fault {
    fn at(self, line: usize) -> SiteError {
        match self {
            Self::Shared { what, count } => SiteError::Shared { line, what, count },
            Self::KnowsNoActivation { profile } => SiteError::KnowsNoActivation { line, profile },
            Self::AddressesEnd { count } => SiteError::AddressesEnd { line, count },
            Self::OfNobody { what } => SiteError::OfNobody { line, what },
            Self::TriesLeft { key, tries } => SiteError::TriesLeft { line, key, tries },
        }
    }
}

/// The line a byte of a text stands on, counted from 1.
fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    before.split(|&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests;

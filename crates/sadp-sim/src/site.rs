//! Site files: the devices of a site and their behavior.
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
//! `[defaults]` may have the keys marked with a star, for all devices without them. A
//! `[[device]]` has these:
//!
//! | key | meaning |
//! |---|---|
//! | `profile` | the simulator's profile; the only required key |
//! | `count` | the number of devices, default 1 |
//! | `mac`, `serial`, `model`, `boot` | identity and boot time |
//! | `ip`, `mask`*, `gateway`*, `dhcp`, `http_port`, `sdk_port` | network settings; addresses of several devices count up |
//! | `activated` | whether it has a password, default `true` |
//! | `password`* | the password of active devices, default [`Access::PASSWORD`](crate::Access::PASSWORD) |
//! | `soft_rules`* | whether it also refuses new passwords that break the soft rules, default as its profile |
//! | `tries`*, `lock_minutes`* | wrong passwords in a row until it locks, default 7, and the lock time, default 30; the same, counted separately, for the secrets of all recovery methods |
//! | `tries_left`, `recovery_tries_left` | the tries left of each at the start; with 0 it starts locked |
//! | `questions` | the three security questions that are set, by their numbers: `{ 1 = "Paris", 4 = "Rex", 9 = "blue" }` |
//! | `mailbox`* | the recovery e-mail address of active devices |
//! | `request_valid`* | how long a request to the vendor and a mailed code are valid, default `48h` |
//! | `cameras` | addresses of the cameras that a recorder passes a new password on to, default all active cameras with the recorder's password |
//! | `restart` | when it loses power and restarts, from the fleet's start: `30s`, `2h` |
//! | `button` | when its reset button is held: it restarts unactivated, with factory settings |
//! | `link`* | whether it answers by raw Ethernet frames, where those are simulated: `never`, `too` (the default), `only` |
//! | `reboot`* | how long it restarts after new settings, followed by a Hello: `20s`, `5s..40s`; without this key it applies them without a restart, and is offline for 10 s after `restart` or `button` |
//! | `refuse` | commands that it always refuses, by their `Types`; see below |
//! | `late` | commands whose reply is delayed, by their `Types`; they are carried out at once: `{ activate = "8s", exchangecode = "3600s" }` |
//! | `reply`*, `delay`*, `hello`* | its replies: `multicast`, `unicast`, `both`; their delay; whether it sends a Hello |
//! | `loss`*, `duplicate`*, `reorder`*, `corrupt`*, `truncate`* | probabilities of network faults, 0 to 1 |
//! | `http`* | its HTTP interface, where HTTP is simulated; see below |
//! | `fields`, `omit`, `before`, `after`, `encoding`, `bare_ampersand` | differences of its replies from its profile |
//! | `obeys_copies` | the commands of which it obeys each copy that the network made; of others, each copy gets the first one's reply |
//! | `surplus_questions` | the number of security questions that it lists beyond the 15 that clients read |
//!
//! A refusal is a word, or a word with the reported tries; the simulator need not know the
//! command:
//!
//! ```toml
//! refuse = { activate = "riskPassword", update = { word = "locked", retry_times = 0, lock_minutes = 12 } }
//! ```
//!
//! `http` is a table of these, each of them optional:
//!
//! | key | meaning |
//! |---|---|
//! | `off` | whether it speaks no HTTP, default as its profile |
//! | `profile` | the firmware generation whose HTTP it speaks, default as its profile: `camera-v4.1`, `-v5.2`, `-v5.5`, `-v5.6`, `-v5.7`, `-v5.8`, `oem-v5.8`, `recorder-v4.30`, `-v4.62`, `-v5.03` |
//! | `shared_lock` | whether wrong passwords count together with SADP's, default `false`: for each client address, apart from SADP |
//! | `clock` | how far its clock is ahead: `90s`, `-8h` |
//! | `ntp` | whether a time server can set its clock: `answers` (the default), `silent`, or `none`: the firmware knows none |
//! | `boot_time` | how long it refuses changes after a restart, default `0s` |
//! | `hidden` | whether it ignores SADP |
//! | `attack` | what it does to its clients: `endless-body`, `slow-body`, `header-bomb`, `redirect`, `wrong-length`, `lost-replies`, `long-realm`, `changing-challenge` |

mod entry;
mod http;
mod values;

use ipnet::Ipv4Net;
use serde::Deserialize;
use toml::Spanned;

use self::entry::{DeviceEntry, SharedSettings};
use crate::{Device, device::factory::Factory};

/// The devices of a site file.
#[derive(Debug)]
pub struct Site {
    seed: u64,
    entries: Vec<DeviceEntry>,
}

impl Site {
    /// The maximum number of devices of a site file.
    pub const MAX_DEVICES: u32 = 100_000;

    /// Parses a site file.
    pub fn parse(text: &str) -> Result<Self, SiteError> {
        let file: SiteFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            SiteFault::Syntax(error.message().to_owned()).at(line_at(text, start))
        })?;
        let mut left = Self::MAX_DEVICES;
        let mut entries = Vec::new();
        for entry in file.device {
            let line = line_at(text, entry.span().start);
            let entry = entry.into_inner().completed(&file.defaults);
            let entry = entry.map_err(|fault| fault.at(line))?;
            left = left
                .checked_sub(entry.count())
                .ok_or_else(|| SiteFault::TooMany.at(line))?;
            entries.push(entry);
        }
        Ok(Self {
            seed: file.seed,
            entries,
        })
    }

    /// The seed of all random decisions.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Makes the devices. Those without an address get one of `network`, whose address part
    /// is this computer's and never assigned.
    pub fn build(&self, network: Ipv4Net) -> Result<Vec<Device>, SiteError> {
        let mut factory = Factory::new(self.seed, network);
        for entry in &self.entries {
            for number in 0..entry.count() {
                factory.reserve(entry.mac, entry.serial.as_deref(), entry.address(number));
            }
        }
        let mut devices = Vec::new();
        for entry in &self.entries {
            for number in 0..entry.count() {
                let device = entry.make(number, &mut factory);
                devices.push(device.ok_or_else(|| SiteError::Full {
                    network: network.trunc(),
                })?);
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
    defaults: SharedSettings,
    #[serde(default)]
    device: Vec<Spanned<DeviceEntry>>,
}

/// Why a site file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// A mistake in the file.
    #[error("line {line}: {fault}")]
    Mistake {
        /// The line, from 1; of a contradiction, the first line of its entry.
        line: usize,
        /// The mistake.
        fault: SiteFault,
    },
    /// The network has too few addresses for the devices without one.
    #[error("{network} has no room for the devices without an `ip`")]
    Full {
        /// The network.
        network: Ipv4Net,
    },
}

/// A mistake in a site file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteFault {
    /// It is not TOML, or has an unknown key or an invalid value.
    #[error("{0}")]
    Syntax(String),
    /// One MAC or serial for several devices.
    #[error("a {what} names one device, and `count` is {count}")]
    Shared {
        /// `MAC` or `serial`.
        what: &'static str,
        /// The number of devices of the entry.
        count: u32,
    },
    /// An unactivated device whose firmware does not know activation.
    #[error("firmware of the profile `{profile}` cannot be unactivated")]
    KnowsNoActivation {
        /// The profile.
        profile: Box<str>,
    },
    /// Too few addresses follow `ip`.
    #[error("no {count} addresses follow `ip`")]
    AddressesEnd {
        /// The number of devices of the entry.
        count: u32,
    },
    /// An owner's setting for an unactivated device.
    #[error("an unactivated device has no {what}")]
    OfNobody {
        /// The setting.
        what: &'static str,
    },
    /// More tries left than the device has.
    #[error("`{key}` is {tries}, the `tries` of the device, at most")]
    TriesLeft {
        /// The key.
        key: &'static str,
        /// The maximum.
        tries: u32,
    },
    /// More than [`Site::MAX_DEVICES`].
    #[error("a site has {} devices at most", Site::MAX_DEVICES)]
    TooMany,
}

impl SiteFault {
    fn at(self, line: usize) -> SiteError {
        SiteError::Mistake { line, fault: self }
    }
}

/// Returns the line of a byte of a text, from 1.
fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    before.split(|&byte| byte == b'\n').count()
}

#[cfg(test)]
mod tests;

//! The entries of a site file.

use std::{
    collections::BTreeMap, net::Ipv4Addr, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration,
};

use jiff::civil::DateTime;
use sadp_model::MacAddr;
use serde::{Deserialize, Deserializer, de};

use super::{
    guard::{GuardSettings, Refusing, Unguarded},
    http::HttpKeys,
    prepared::{self, RecoveryPreparation},
};
use crate::{
    Behavior, Catalogue, Delay, Device, LinkAnswer, Probability, Profile, Questions, Quirks, Reply,
    Secret, device::factory::Factory,
};

/// The settings that `[defaults]` may have, too.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedSettings {
    reply: Option<Reply>,
    delay: Option<Delay>,
    loss: Option<Probability>,
    duplicate: Option<Probability>,
    reorder: Option<Probability>,
    corrupt: Option<Probability>,
    truncate: Option<Probability>,
    hello: Option<bool>,
    mask: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    reboot: Option<Delay>,
    link: Option<LinkAnswer>,
    #[serde(default, deserialize_with = "password")]
    password: Option<Secret>,
    soft_rules: Option<bool>,
    tries: Option<NonZeroU32>,
    lock_minutes: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "prepared::mailbox")]
    mailbox: Option<Box<str>>,
    #[serde(default, deserialize_with = "prepared::time")]
    request_valid: Option<Duration>,
    http: Option<HttpKeys>,
}

impl SharedSettings {
    /// These settings, completed by others.
    fn or(self, other: &Self) -> Self {
        Self {
            reply: self.reply.or(other.reply),
            delay: self.delay.or(other.delay),
            loss: self.loss.or(other.loss),
            duplicate: self.duplicate.or(other.duplicate),
            reorder: self.reorder.or(other.reorder),
            corrupt: self.corrupt.or(other.corrupt),
            truncate: self.truncate.or(other.truncate),
            hello: self.hello.or(other.hello),
            mask: self.mask.or(other.mask),
            gateway: self.gateway.or(other.gateway),
            reboot: self.reboot.or(other.reboot),
            link: self.link.or(other.link),
            password: self.password.or_else(|| other.password.clone()),
            soft_rules: self.soft_rules.or(other.soft_rules),
            tries: self.tries.or(other.tries),
            lock_minutes: self.lock_minutes.or(other.lock_minutes),
            mailbox: self.mailbox.or_else(|| other.mailbox.clone()),
            request_valid: self.request_valid.or(other.request_valid),
            http: self.http.or_else(|| other.http.clone()),
        }
    }

    fn guard(&self, entry: &DeviceEntry) -> Result<GuardSettings, Unguarded> {
        GuardSettings {
            password: self.password.clone(),
            soft_rules: self.soft_rules,
            tries: self.tries,
            tries_left: entry.tries_left,
            recovery_tries_left: entry.recovery_tries_left,
            lock_minutes: self.lock_minutes,
        }
        .checked()
    }

    fn behavior(&self, entry: &DeviceEntry) -> Behavior {
        let usual = Behavior::default();
        let mut faults = usual.faults;
        for (fault, said) in [
            (&mut faults.loss, self.loss),
            (&mut faults.duplicate, self.duplicate),
            (&mut faults.reorder, self.reorder),
            (&mut faults.corrupt, self.corrupt),
            (&mut faults.truncate, self.truncate),
        ] {
            *fault = said.unwrap_or(*fault);
        }
        Behavior {
            reply: self.reply.unwrap_or(usual.reply),
            delay: self.delay.unwrap_or(usual.delay),
            hello: self.hello.unwrap_or(usual.hello),
            reboot: self.reboot,
            restart: entry.restart,
            button: entry.button,
            link: self.link.unwrap_or(usual.link),
            faults,
        }
    }
}

/// A `[[device]]`.
// The shared settings are repeated from `SharedSettings`, because serde cannot flatten
// a struct that denies unknown fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceEntry {
    #[serde(deserialize_with = "profile")]
    profile: Arc<Profile>,
    count: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "text")]
    mac: Option<MacAddr>,
    serial: Option<Box<str>>,
    model: Option<Box<str>>,
    ip: Option<Ipv4Addr>,
    mask: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    dhcp: Option<bool>,
    http_port: Option<u16>,
    sdk_port: Option<u16>,
    activated: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    boot: Option<DateTime>,
    reply: Option<Reply>,
    delay: Option<Delay>,
    loss: Option<Probability>,
    duplicate: Option<Probability>,
    reorder: Option<Probability>,
    corrupt: Option<Probability>,
    truncate: Option<Probability>,
    hello: Option<bool>,
    reboot: Option<Delay>,
    link: Option<LinkAnswer>,
    #[serde(default, deserialize_with = "password")]
    password: Option<Secret>,
    soft_rules: Option<bool>,
    tries: Option<NonZeroU32>,
    tries_left: Option<u32>,
    recovery_tries_left: Option<u32>,
    lock_minutes: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "prepared::questions")]
    questions: Option<Questions>,
    #[serde(default, deserialize_with = "prepared::mailbox")]
    mailbox: Option<Box<str>>,
    #[serde(default, deserialize_with = "prepared::time")]
    request_valid: Option<Duration>,
    http: Option<HttpKeys>,
    cameras: Option<Box<[Ipv4Addr]>>,
    #[serde(default, deserialize_with = "prepared::time")]
    restart: Option<Duration>,
    #[serde(default, deserialize_with = "prepared::time")]
    button: Option<Duration>,
    #[serde(default)]
    refuse: BTreeMap<Box<str>, Refusing>,
    #[serde(default)]
    late: BTreeMap<Box<str>, Delay>,
    #[serde(default)]
    fields: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    omit: Vec<Box<str>>,
    #[serde(default)]
    before: Box<str>,
    #[serde(default)]
    after: Box<str>,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    bare_ampersand: bool,
    #[serde(default)]
    surplus_questions: u8,
    #[serde(default)]
    obeys_copies: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Utf8,
    Gb18030,
}

impl DeviceEntry {
    fn shared(&self) -> SharedSettings {
        SharedSettings {
            reply: self.reply,
            delay: self.delay,
            loss: self.loss,
            duplicate: self.duplicate,
            reorder: self.reorder,
            corrupt: self.corrupt,
            truncate: self.truncate,
            hello: self.hello,
            mask: self.mask,
            gateway: self.gateway,
            reboot: self.reboot,
            link: self.link,
            password: self.password.clone(),
            soft_rules: self.soft_rules,
            tries: self.tries,
            lock_minutes: self.lock_minutes,
            mailbox: self.mailbox.clone(),
            request_valid: self.request_valid,
            http: self.http.clone(),
        }
    }

    /// Returns a setting that an unactivated device cannot have.
    fn owner_setting(&self) -> Option<&'static str> {
        [
            ("password", self.password.is_some()),
            ("security questions", self.questions.is_some()),
            ("reserved e-mail address", self.mailbox.is_some()),
        ]
        .into_iter()
        .find_map(|(what, said)| said.then_some(what))
    }

    fn prepared(&self, shared: &SharedSettings) -> RecoveryPreparation {
        RecoveryPreparation {
            questions: self.questions.clone(),
            mailbox: shared.mailbox.clone(),
            valid: shared.request_valid,
            cameras: self.cameras.clone(),
        }
    }

    fn quirks(&mut self) -> Option<Box<Quirks>> {
        let quirks = Quirks {
            fields: std::mem::take(&mut self.fields).into_iter().collect(),
            omit: std::mem::take(&mut self.omit),
            before: std::mem::take(&mut self.before),
            after: std::mem::take(&mut self.after),
            gb18030: self.encoding == Encoding::Gb18030,
            bare_ampersand: self.bare_ampersand,
            surplus_questions: self.surplus_questions,
            obeys_copies: std::mem::take(&mut self.obeys_copies),
            refusals: std::mem::take(&mut self.refuse)
                .into_iter()
                .map(|(types, refusing)| refusing.of(types))
                .collect(),
            late: std::mem::take(&mut self.late).into_iter().collect(),
        };
        (quirks != Quirks::default()).then(|| Box::new(quirks))
    }
}

/// A contradiction within an entry.
pub(super) enum Fault {
    Shared { what: &'static str, count: u32 },
    KnowsNoActivation { profile: Box<str> },
    AddressesEnd { count: u32 },
    OfNobody { what: &'static str },
    TriesLeft { key: &'static str, tries: u32 },
}

/// Devices of one kind, without contradictions.
#[derive(Debug)]
pub(super) struct DeviceGroup {
    pub(super) count: u32,
    pub(super) mac: Option<MacAddr>,
    pub(super) serial: Option<Box<str>>,
    profile: Arc<Profile>,
    behavior: Behavior,
    first_address: Option<Ipv4Addr>,
    mask: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    model: Option<Box<str>>,
    dhcp: Option<bool>,
    http_port: Option<u16>,
    sdk_port: Option<u16>,
    activated: bool,
    boot: Option<DateTime>,
    guard: GuardSettings,
    prepared: RecoveryPreparation,
    http: Option<HttpKeys>,
    quirks: Option<Box<Quirks>>,
}

impl DeviceGroup {
    pub(super) fn new(mut entry: DeviceEntry, defaults: &SharedSettings) -> Result<Self, Fault> {
        let count = entry.count.map_or(1, NonZeroU32::get);
        let unique = [
            ("MAC", entry.mac.is_some()),
            ("serial", entry.serial.is_some()),
        ];
        if let Some((what, _)) = unique.into_iter().find(|&(_, given)| given && count > 1) {
            return Err(Fault::Shared { what, count });
        }
        let activated = entry.activated.unwrap_or(true);
        if !activated && !entry.profile.knows_activation() {
            return Err(Fault::KnowsNoActivation {
                profile: entry.profile.name().into(),
            });
        }
        if entry
            .ip
            .is_some_and(|first| u32::from(first).checked_add(count - 1).is_none())
        {
            return Err(Fault::AddressesEnd { count });
        }
        if let Some(what) = entry.owner_setting().filter(|_| !activated) {
            return Err(Fault::OfNobody { what });
        }
        let shared = entry.shared().or(defaults);
        let guard = shared.guard(&entry);
        let guard = guard.map_err(|Unguarded { key, tries }| Fault::TriesLeft { key, tries })?;
        let behavior = shared.behavior(&entry);
        let prepared = entry.prepared(&shared);
        let quirks = entry.quirks();
        Ok(Self {
            count,
            mac: entry.mac,
            serial: entry.serial,
            behavior,
            first_address: entry.ip,
            mask: shared.mask,
            gateway: shared.gateway,
            model: entry.model,
            dhcp: entry.dhcp,
            http_port: entry.http_port,
            sdk_port: entry.sdk_port,
            activated,
            boot: entry.boot,
            guard,
            prepared,
            http: shared.http,
            quirks,
            profile: entry.profile,
        })
    }

    /// The address of one of the devices, where configured.
    pub(super) fn address(&self, number: u32) -> Option<Ipv4Addr> {
        let first = u32::from(self.first_address?);
        first.checked_add(number).map(Ipv4Addr::from)
    }

    /// Makes one of the devices. `None` where no address is left.
    pub(super) fn make(&self, number: u32, factory: &mut Factory) -> Option<Device> {
        let address = self.address(number).or_else(|| factory.next_address())?;
        let mut device =
            factory.make_at(&self.profile, self.model.as_deref(), address, self.behavior);
        let Device {
            identity,
            settings,
            state,
            access,
            recovery,
            http,
            ..
        } = &mut device;
        set(&mut identity.mac, self.mac.as_ref());
        set(&mut identity.serial, self.serial.as_ref());
        set(&mut settings.mask, self.mask.as_ref());
        set(&mut settings.gateway, self.gateway.as_ref());
        set(&mut settings.dhcp, self.dhcp.as_ref());
        set(&mut settings.http_port, self.http_port.as_ref());
        set(&mut settings.sdk_port, self.sdk_port.as_ref());
        set(&mut state.boot, self.boot.as_ref());
        state.activated = self.activated;
        self.guard.set(access, recovery);
        self.prepared.set(recovery);
        if let Some(keys) = &self.http {
            keys.set(http);
        }
        if !self.activated {
            recovery.mailbox = None;
        }
        device.quirks.clone_from(&self.quirks);
        Some(device)
    }
}

fn set<T: Clone>(slot: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        slot.clone_from(said);
    }
}

fn profile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Profile>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let catalogue = Catalogue::built_in();
    catalogue.find(&name).cloned().ok_or_else(|| {
        let known: Vec<&str> = catalogue
            .profiles()
            .iter()
            .map(|profile| profile.name())
            .collect();
        de::Error::custom(format_args!(
            "no profile is called `{name}`; there are {}",
            known.join(", ")
        ))
    })
}

/// Deserializes a value from its text.
fn text<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: std::fmt::Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Secret::new(&text).map(Some).map_err(de::Error::custom)
}

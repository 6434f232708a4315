//! The entries of a site file.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use jiff::civil::DateTime;
use sadp_model::MacAddr;
use serde::Deserialize;

use super::{
    SiteFault,
    http::HttpKeys,
    values::{self, Refusing},
};
use crate::{
    Behavior, Delay, Device, Faults, LinkAnswer, Probability, Profile, Questions, Quirks, Reply,
    Secret, Tries, device::factory::Factory,
};

/// The settings that `[defaults]` may have, too.
#[derive(Debug, Default, Deserialize)]
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
    #[serde(default, deserialize_with = "values::text")]
    password: Option<Secret>,
    soft_rules: Option<bool>,
    tries: Option<NonZeroU32>,
    lock_minutes: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "values::mailbox")]
    mailbox: Option<Box<str>>,
    #[serde(default, deserialize_with = "values::time")]
    request_valid: Option<Duration>,
    http: Option<HttpKeys>,
}

/// A `[[device]]`.
// The shared settings are repeated from `SharedSettings`, because serde cannot flatten
// a struct that denies unknown fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceEntry {
    #[serde(deserialize_with = "values::profile")]
    profile: Arc<Profile>,
    count: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "values::text")]
    pub(super) mac: Option<MacAddr>,
    pub(super) serial: Option<Box<str>>,
    model: Option<Box<str>>,
    ip: Option<Ipv4Addr>,
    mask: Option<Ipv4Addr>,
    gateway: Option<Ipv4Addr>,
    dhcp: Option<bool>,
    http_port: Option<u16>,
    sdk_port: Option<u16>,
    activated: Option<bool>,
    #[serde(default, deserialize_with = "values::text")]
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
    #[serde(default, deserialize_with = "values::text")]
    password: Option<Secret>,
    soft_rules: Option<bool>,
    tries: Option<NonZeroU32>,
    tries_left: Option<u32>,
    recovery_tries_left: Option<u32>,
    lock_minutes: Option<NonZeroU32>,
    #[serde(default, deserialize_with = "values::questions")]
    questions: Option<Questions>,
    #[serde(default, deserialize_with = "values::mailbox")]
    mailbox: Option<Box<str>>,
    #[serde(default, deserialize_with = "values::time")]
    request_valid: Option<Duration>,
    http: Option<HttpKeys>,
    cameras: Option<Box<[Ipv4Addr]>>,
    #[serde(default, deserialize_with = "values::time")]
    restart: Option<Duration>,
    #[serde(default, deserialize_with = "values::time")]
    button: Option<Duration>,
    #[serde(default)]
    refuse: BTreeMap<Box<str>, Refusing>,
    #[serde(default)]
    late: BTreeMap<Box<str>, Delay>,
    #[serde(default)]
    fields: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    omit: BTreeSet<Box<str>>,
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
    obeys_copies: BTreeSet<Box<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Utf8,
    Gb18030,
}

impl DeviceEntry {
    /// Checks it, and takes the settings that it lacks from the defaults.
    pub(super) fn completed(mut self, defaults: &SharedSettings) -> Result<Self, SiteFault> {
        let count = self.count();
        let unique = [
            ("MAC", self.mac.is_some()),
            ("serial", self.serial.is_some()),
        ];
        if let Some((what, _)) = unique.into_iter().find(|&(_, given)| given && count > 1) {
            return Err(SiteFault::Shared { what, count });
        }
        if !self.is_activated() && !self.profile.knows_activation() {
            let profile = self.profile.name().into();
            return Err(SiteFault::KnowsNoActivation { profile });
        }
        if self.ip.is_some() && self.address(count - 1).is_none() {
            return Err(SiteFault::AddressesEnd { count });
        }
        if let Some(what) = self.owner_setting().filter(|_| !self.is_activated()) {
            return Err(SiteFault::OfNobody { what });
        }
        self.complete(defaults);
        let tries = self.tries();
        for (key, left) in [
            ("tries_left", self.tries_left),
            ("recovery_tries_left", self.recovery_tries_left),
        ] {
            if left.is_some_and(|left| left > tries) {
                return Err(SiteFault::TriesLeft { key, tries });
            }
        }
        Ok(self)
    }

    fn complete(&mut self, defaults: &SharedSettings) {
        // A setting that is not named here does not compile.
        macro_rules! complete {
            ($($key:ident)+) => {
                let SharedSettings { $($key),+ } = defaults;
                $(if self.$key.is_none() {
                    self.$key.clone_from($key);
                })+
            };
        }
        complete! {
            reply delay loss duplicate reorder corrupt truncate hello mask gateway reboot link
            password soft_rules tries lock_minutes mailbox request_valid http
        }
    }

    /// The number of devices.
    pub(super) fn count(&self) -> u32 {
        self.count.map_or(1, NonZeroU32::get)
    }

    /// The address of one of the devices, where configured.
    pub(super) fn address(&self, number: u32) -> Option<Ipv4Addr> {
        let first = u32::from(self.ip?);
        first.checked_add(number).map(Ipv4Addr::from)
    }

    /// Makes one of the devices. `None` where no address is left.
    pub(super) fn make(&self, number: u32, factory: &mut Factory) -> Option<Device> {
        let address = self.address(number).or_else(|| factory.next_address())?;
        let model = self.model.as_deref();
        let mut device = factory.make_at(&self.profile, model, address, self.behavior());
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
        state.activated = self.is_activated();
        set(&mut access.password, self.password.as_ref());
        set(&mut access.soft_rules, self.soft_rules.as_ref());
        access.tries = self.tries_from(self.tries_left);
        recovery.tries = self.tries_from(self.recovery_tries_left);
        set(&mut recovery.questions, self.questions.as_ref());
        recovery.mailbox = self.mailbox.clone().filter(|_| state.activated);
        set(&mut recovery.valid, self.request_valid.as_ref());
        recovery.cameras.clone_from(&self.cameras);
        if let Some(keys) = &self.http {
            keys.set(http);
        }
        device.quirks = Arc::new(self.quirks());
        Some(device)
    }

    fn is_activated(&self) -> bool {
        self.activated.unwrap_or(true)
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

    fn tries(&self) -> u32 {
        self.tries.map_or(Tries::MOST, NonZeroU32::get)
    }

    fn tries_from(&self, left: Option<u32>) -> Tries {
        let most = self.tries();
        let lock = self.lock_minutes.map_or(Tries::LOCK, |minutes| {
            Duration::from_mins(minutes.get().into())
        });
        Tries {
            most,
            left: left.unwrap_or(most),
            lock,
            locked_until: (left == Some(0)).then_some(lock),
        }
    }

    fn behavior(&self) -> Behavior {
        let usual = Behavior::default();
        Behavior {
            reply: self.reply.unwrap_or(usual.reply),
            delay: self.delay.unwrap_or(usual.delay),
            faults: Faults {
                loss: self.loss.unwrap_or_default(),
                duplicate: self.duplicate.unwrap_or_default(),
                reorder: self.reorder.unwrap_or_default(),
                corrupt: self.corrupt.unwrap_or_default(),
                truncate: self.truncate.unwrap_or_default(),
            },
            hello: self.hello.unwrap_or(usual.hello),
            reboot: self.reboot,
            restart: self.restart,
            button: self.button,
            link: self.link.unwrap_or(usual.link),
        }
    }

    fn quirks(&self) -> Quirks {
        let refusals = self.refuse.clone().into_iter();
        Quirks {
            fields: self.fields.clone(),
            omit: self.omit.clone(),
            before: self.before.clone(),
            after: self.after.clone(),
            gb18030: self.encoding == Encoding::Gb18030,
            bare_ampersand: self.bare_ampersand,
            surplus_questions: self.surplus_questions,
            obeys_copies: self.obeys_copies.clone(),
            refusals: refusals
                .map(|(types, refusing)| (types, refusing.into()))
                .collect(),
            late: self.late.clone(),
        }
    }
}

fn set<T: Clone>(slot: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        slot.clone_from(said);
    }
}

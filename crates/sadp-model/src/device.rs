use jiff::{Timestamp, civil::DateTime};

use crate::{
    Firmware, Ipv4Settings, Ipv6Settings, Kind, MacAddr, Ports, RawFields, Serial, Vendor,
};

/// One device's account of itself, as read from one reply or from several
/// merged. `None` is "not said" throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The full serial number.
    pub serial: Option<Serial>,
    /// The model name, e.g. `DS-2CD2320D-I`.
    pub model: Option<Box<str>>,
    /// What sort of device the model is.
    pub kind: Kind,
    /// The hardware address. May be one that names no device: see
    /// [`MacAddr::is_identity`].
    pub mac: Option<MacAddr>,
    /// IPv4 settings.
    pub ipv4: Ipv4Settings,
    /// IPv6 settings.
    pub ipv6: Ipv6Settings,
    /// TCP ports.
    pub ports: Ports,
    /// The firmware version.
    pub firmware: Option<Firmware>,
    /// The signal processor's version text.
    pub dsp: Option<Box<str>>,
    /// When the device started, by its own wall clock, without a zone. In 1970
    /// where it has no clock.
    pub boot_time: Option<DateTime>,
    /// What may be done with it now.
    pub state: Option<State>,
    /// Video channels.
    pub channels: Channels,
    /// Disks built in.
    pub disks: Option<u32>,
    /// Under whose name it is sold, where that can be told.
    pub vendor: Option<Vendor>,
    /// The OEM's text about itself.
    pub oem: Option<Box<str>>,
    /// Ways the device offers to recover a password.
    pub recovery: Recovery,
    /// The vendor's cloud service.
    pub cloud: Cloud,
    /// Whether the device verifies that somebody stands beside it before it
    /// accepts certain changes, by its own account.
    pub access_verification: Option<bool>,
    /// Whether the device says that it can be returned to the unactivated state.
    pub can_deactivate: Option<bool>,
    /// Whether a password sent to change its network settings could be replayed
    /// by whoever overhears it: the device takes no encrypted form.
    pub replayable_password: Option<bool>,
    /// Whether the reply could be read to its end.
    pub complete: bool,
    /// Whether the account is the first IP fragment of a reply whose others did
    /// not come. Such an account is not complete either.
    pub fragment_only: bool,
    /// Every element as received.
    pub raw: RawFields,
}

impl Device {
    /// A device of which nothing is known.
    pub fn unknown() -> Self {
        Self {
            serial: None,
            model: None,
            kind: Kind::Unknown,
            mac: None,
            ipv4: Ipv4Settings::default(),
            ipv6: Ipv6Settings::default(),
            ports: Ports::default(),
            firmware: None,
            dsp: None,
            boot_time: None,
            state: None,
            channels: Channels::default(),
            disks: None,
            vendor: None,
            oem: None,
            recovery: Recovery::default(),
            cloud: Cloud::default(),
            access_verification: None,
            can_deactivate: None,
            replayable_password: None,
            complete: true,
            fragment_only: false,
            raw: RawFields::default(),
        }
    }

    /// The hardware address, where it names this device alone.
    pub fn identity(&self) -> Option<MacAddr> {
        self.mac.filter(|mac| mac.is_identity())
    }

    /// Takes in a later account of the same device: what it says replaces what
    /// was known, what it leaves out stays. An incomplete account never
    /// replaces a complete one. Returns whether anything but the raw elements
    /// changed.
    pub fn update(&mut self, later: Self) -> bool {
        let raw = std::mem::take(&mut self.raw);
        let (mut later, later_raw) = later.without_raw();
        if (later.complete || !self.complete) && *self != later {
            later.fill_from(self);
            if *self != later {
                *self = later;
                self.raw = later_raw;
                return true;
            }
        }
        // Nothing new: keep the fuller account, e.g. an inquiry reply over a Hello.
        self.raw = if later_raw.len() < raw.len() {
            raw
        } else {
            later_raw
        };
        false
    }

    /// How many bytes this account takes in memory, its texts included. The
    /// serial counts twice: devices are looked up by it.
    pub(crate) fn footprint(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_deref().map_or(0, str::len);
        let serial = self.serial.as_ref().map_or(0, |it| it.as_str().len());
        let firmware = self.firmware.as_ref().map_or(0, |it| it.text().len());
        size_of::<Self>()
            + self.raw.footprint()
            + 2 * serial
            + text(&self.model)
            + firmware
            + text(&self.dsp)
            + text(&self.oem)
    }

    fn without_raw(mut self) -> (Self, RawFields) {
        let raw = std::mem::take(&mut self.raw);
        (self, raw)
    }

    /// Takes from `earlier` what this account leaves out, raw elements aside.
    pub(crate) fn fill_from(&mut self, earlier: &Self) {
        fn fill<T: Clone>(slot: &mut Option<T>, earlier: Option<&T>) {
            if slot.is_none() {
                *slot = earlier.cloned();
            }
        }
        fill(&mut self.serial, earlier.serial.as_ref());
        if self.model.is_none() {
            self.kind = earlier.kind;
        }
        fill(&mut self.model, earlier.model.as_ref());
        if self.identity().is_none() {
            self.mac = earlier.mac.or(self.mac);
        }
        fill(&mut self.ipv4.address, earlier.ipv4.address.as_ref());
        fill(&mut self.ipv4.mask, earlier.ipv4.mask.as_ref());
        fill(&mut self.ipv4.gateway, earlier.ipv4.gateway.as_ref());
        fill(&mut self.ipv4.dhcp, earlier.ipv4.dhcp.as_ref());
        fill(&mut self.ipv6.address, earlier.ipv6.address.as_ref());
        fill(&mut self.ipv6.prefix, earlier.ipv6.prefix.as_ref());
        fill(&mut self.ipv6.gateway, earlier.ipv6.gateway.as_ref());
        fill(&mut self.ports.sdk, earlier.ports.sdk.as_ref());
        fill(&mut self.ports.http, earlier.ports.http.as_ref());
        fill(&mut self.ports.sdk_tls, earlier.ports.sdk_tls.as_ref());
        fill(&mut self.firmware, earlier.firmware.as_ref());
        fill(&mut self.dsp, earlier.dsp.as_ref());
        fill(&mut self.boot_time, earlier.boot_time.as_ref());
        fill(&mut self.state, earlier.state.as_ref());
        fill(&mut self.channels.analog, earlier.channels.analog.as_ref());
        fill(
            &mut self.channels.digital,
            earlier.channels.digital.as_ref(),
        );
        fill(&mut self.disks, earlier.disks.as_ref());
        fill(&mut self.vendor, earlier.vendor.as_ref());
        fill(&mut self.oem, earlier.oem.as_ref());
        self.recovery.fill_from(&earlier.recovery);
        self.cloud.fill_from(&earlier.cloud);
        fill(
            &mut self.access_verification,
            earlier.access_verification.as_ref(),
        );
        fill(&mut self.can_deactivate, earlier.can_deactivate.as_ref());
        fill(
            &mut self.replayable_password,
            earlier.replayable_password.as_ref(),
        );
    }
}

/// What may be done with a device now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Factory state: it has no password yet and waits for its first.
    Unactivated,
    /// It has a password.
    Active,
    /// It refuses passwords for a while. No reply says so: it is remembered
    /// from a refused command.
    Locked {
        /// When the lock ends.
        until: Timestamp,
    },
}

impl State {
    /// The name scripts see, e.g. `unactivated`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unactivated => "unactivated",
            Self::Active => "active",
            Self::Locked { .. } => "locked",
        }
    }
}

/// How many video channels a device has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// Analogue inputs.
    pub analog: Option<u32>,
    /// Network channels.
    pub digital: Option<u32>,
}

/// The ways to recover a password that a device says it offers. Whether a way
/// was prepared is another matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// By a request to the vendor's support.
    pub request: Option<RequestWay>,
    /// By a GUID file exported earlier.
    pub guid: Option<bool>,
    /// By security questions.
    pub questions: Option<bool>,
    /// By a reserved e-mail address.
    pub mailbox: Option<bool>,
    /// Whether a recorder can pass the new password on to its cameras.
    pub sync_camera_passwords: Option<bool>,
    /// Whether the device answers which of these ways are set up.
    pub reports_set_up: Option<bool>,
    /// Which ways are set up. An inquiry reply does not say so: the device has
    /// to be asked.
    pub set_up: SetUp,
}

/// Which recovery ways are set up on a device, by its own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetUp {
    /// Security questions are set.
    pub questions: Option<bool>,
    /// A GUID file was exported.
    pub guid: Option<bool>,
    /// An e-mail address is reserved.
    pub mailbox: Option<bool>,
    /// A Hik-Connect verification code is set.
    pub verification_code: Option<bool>,
}

impl Recovery {
    fn fill_from(&mut self, earlier: &Self) {
        self.request = self.request.or(earlier.request);
        self.guid = self.guid.or(earlier.guid);
        self.questions = self.questions.or(earlier.questions);
        self.mailbox = self.mailbox.or(earlier.mailbox);
        self.sync_camera_passwords = self.sync_camera_passwords.or(earlier.sync_camera_passwords);
        self.reports_set_up = self.reports_set_up.or(earlier.reports_set_up);
        self.set_up = self.set_up.or(earlier.set_up);
    }
}

impl SetUp {
    /// What is known here, else what is known there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            questions: self.questions.or(other.questions),
            guid: self.guid.or(other.guid),
            mailbox: self.mailbox.or(other.mailbox),
            verification_code: self.verification_code.or(other.verification_code),
        }
    }
}

/// What goes to the vendor's support and what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestWay {
    /// Nothing to ask for: the device has no password yet.
    None,
    /// Start time and serial go out, a dated code comes back.
    LegacyCode,
    /// A request file goes out, an encrypted file comes back.
    File,
    /// A request file or QR code goes out, a file or a short key comes back.
    FileOrKey,
}

impl RequestWay {
    /// The name scripts see, e.g. `file-or-key`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LegacyCode => "legacy-code",
            Self::File => "file",
            Self::FileOrKey => "file-or-key",
        }
    }
}

/// The vendor's cloud service, Hik-Connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cloud {
    /// Whether the device has it.
    pub supported: Option<bool>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Whether the device is bound to an account.
    pub bound: Option<bool>,
    /// Whether the device says that it can be unbound by a command.
    pub can_unbind: Option<bool>,
}

impl Cloud {
    fn fill_from(&mut self, earlier: &Self) {
        self.supported = self.supported.or(earlier.supported);
        self.enabled = self.enabled.or(earlier.enabled);
        self.bound = self.bound.or(earlier.bound);
        self.can_unbind = self.can_unbind.or(earlier.can_unbind);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn device(address: [u8; 4]) -> Device {
        let mut device = Device::unknown();
        device.ipv4.address = Some(Ipv4Addr::from(address));
        device
    }

    #[test]
    fn a_later_account_replaces_what_it_says_and_keeps_the_rest() {
        let mut known = device([10, 0, 0, 1]);
        known.model = Some("DS-2CD2320D-I".into());
        known.kind = Kind::IpCamera;
        assert!(known.update(device([10, 0, 0, 2])));
        assert_eq!(known.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(known.model.as_deref(), Some("DS-2CD2320D-I"));
        assert_eq!(known.kind, Kind::IpCamera);
    }

    #[test]
    fn an_account_that_differs_in_raw_elements_only_is_no_change() {
        let mut known = device([10, 0, 0, 1]);
        let mut later = known.clone();
        later.raw.push("Uuid", "2");
        assert!(!known.update(later));
        assert_eq!(known.raw.first("Uuid"), Some("2"));
    }

    #[test]
    fn an_incomplete_account_never_replaces_a_complete_one() {
        let mut known = device([10, 0, 0, 1]);
        known.raw.push("IPv4Address", "10.0.0.1");
        let mut torn = device([10, 0, 0, 9]);
        torn.complete = false;
        assert!(!known.update(torn.clone()));
        assert_eq!(known.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(known.raw.len(), 1);
        assert!(torn.update(known));
        assert!(torn.complete);
    }
}

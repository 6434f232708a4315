use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use jiff::{Timestamp, civil::DateTime};
use strum::{IntoStaticStr, VariantNames};

use crate::{Firmware, Kind, MacAddr, RawFields, Serial, Vendor};

/// What one device reports of itself, in one reply or in several merged ones.
/// `None` means not reported. The default is an incomplete report;
/// [`Device::unknown`] is a complete one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The full serial number.
    pub serial: Option<Serial>,
    /// The model name, e.g. `DS-2CD2320D-I`.
    pub model: Option<Box<str>>,
    /// The kind of device, by its model.
    pub kind: Kind,
    /// The hardware address. It may not identify the device: see
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
    /// When the device started, by its own wall clock and without a time zone. In
    /// 1970 if it has no clock.
    pub boot_time: Option<DateTime>,
    /// Whether it is activated.
    pub state: Option<State>,
    /// Video channels.
    pub channels: Channels,
    /// Disks built in.
    pub disks: Option<u32>,
    /// The brand it is sold under, if known.
    pub vendor: Option<Vendor>,
    /// The OEM's text.
    pub oem: Option<Box<str>>,
    /// The recovery methods it offers.
    pub recovery: Recovery,
    /// The vendor's cloud service.
    pub cloud: Cloud,
    /// Whether it checks that a person is present before certain changes.
    pub access_verification: Option<bool>,
    /// Whether it can be returned to the unactivated state.
    pub can_deactivate: Option<bool>,
    /// Whether a recorded password of a network change can be replayed: the device
    /// takes no encrypted form.
    pub replayable_password: Option<bool>,
    /// Whether the reply was read to its end.
    pub complete: bool,
    /// Whether only the first IP fragment of a reply was received. Such a report is
    /// not complete either.
    pub fragment_only: bool,
    /// Every element as received.
    pub raw: RawFields,
}

/// Fills the fields that are `None` from an earlier report.
macro_rules! fill {
    ($later:expr, $earlier:expr; $($field:ident),+) => {$(
        if $later.$field.is_none() {
            $later.$field.clone_from(&$earlier.$field);
        }
    )+};
}

impl Device {
    /// A device about which nothing is known.
    pub fn unknown() -> Self {
        Self {
            complete: true,
            ..Self::default()
        }
    }

    /// The hardware address, if it identifies this device.
    pub fn identity(&self) -> Option<MacAddr> {
        self.mac.filter(|mac| mac.is_identity())
    }

    /// Merges a later report of the same device: what it contains replaces what was
    /// known, what it omits stays. An incomplete report never replaces a complete
    /// one. Returns whether anything but the raw elements changed.
    pub fn update(&mut self, mut later: Self) -> bool {
        let raw = std::mem::take(&mut self.raw);
        let later_raw = std::mem::take(&mut later.raw);
        if (later.complete || !self.complete) && *self != later {
            later.fill_from(self);
            if *self != later {
                *self = later;
                self.raw = later_raw;
                return true;
            }
        }
        // No change: keep the larger report, e.g. an inquiry reply instead of a
        // Hello.
        self.raw = if later_raw.len() < raw.len() {
            raw
        } else {
            later_raw
        };
        false
    }

    /// Takes from `earlier` the elements by which a password is sealed and which this
    /// report omits.
    pub(crate) fn keep_password_elements(&mut self, earlier: &Self) {
        if self.raw.told("Encrypt").is_none() && earlier.raw.told("Encrypt").is_some() {
            self.replayable_password = earlier.replayable_password;
        }
        self.raw.keep(&PASSWORD_ELEMENTS, &earlier.raw);
    }

    /// Whether both have the same network settings.
    pub(crate) fn has_settings_of(&self, other: &Self) -> bool {
        self.ipv4 == other.ipv4 && self.ipv6 == other.ipv6 && self.ports == other.ports
    }

    /// The memory this report takes, texts included, in bytes.
    pub(crate) fn footprint(&self) -> usize {
        let serial = self.serial.as_ref().map_or(0, |it| it.as_str().len());
        let firmware = self.firmware.as_ref().map_or(0, |it| it.text().len());
        let texts = [&self.model, &self.dsp, &self.oem].into_iter().flatten();
        let texts: usize = texts.map(|text| text.len()).sum();
        size_of::<Self>() + self.raw.footprint() + serial + firmware + texts
    }

    /// Takes from `earlier` what this report omits, raw elements aside.
    pub(crate) fn fill_from(&mut self, earlier: &Self) {
        if self.model.is_none() {
            self.kind = earlier.kind;
        }
        if self.identity().is_none() {
            self.mac = earlier.mac.or(self.mac);
        }
        fill!(self, earlier; serial, model, firmware, dsp, boot_time, state, disks, vendor, oem);
        fill!(self, earlier; access_verification, can_deactivate, replayable_password);
        fill!(self.ipv4, earlier.ipv4; address, mask, gateway, dhcp);
        fill!(self.ipv6, earlier.ipv6; address, prefix, gateway);
        fill!(self.ports, earlier.ports; sdk, http, sdk_tls);
        fill!(self.channels, earlier.channels; analog, digital);
        fill!(self.cloud, earlier.cloud; supported, enabled, bound, can_unbind);
        let (known, before) = (&mut self.recovery, &earlier.recovery);
        fill!(known, before; request, guid, questions, mailbox);
        fill!(known, before; sync_camera_passwords, reports_set_up);
        fill!(known.set_up, before.set_up; questions, guid, mailbox, verification_code);
        fill!(known.over_http, before.over_http; questions, guid, mailbox);
    }
}

/// The elements by which a password is sealed or digested. A reply that omits one does
/// not change it: a forged one could weaken the password otherwise.
const PASSWORD_ELEMENTS: [&str; 6] = [
    "Salt",
    "Salt2",
    "UserName",
    "SecurityMode",
    "Encrypt",
    "codeEncrypt",
];

/// Whether a device is activated, or locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum State {
    /// Factory state: it has no password yet.
    Unactivated,
    /// It has a password.
    Active,
    /// It refuses passwords for a while. Replies do not contain this: it is known
    /// from a refused command.
    Locked {
        /// When the lock ends.
        until: Timestamp,
    },
}

/// Factory default addresses: `192.168.1.64`, and `192.0.0.64` on older firmware.
pub const FACTORY_ADDRESSES: [Ipv4Addr; 2] =
    [Ipv4Addr::new(192, 168, 1, 64), Ipv4Addr::new(192, 0, 0, 64)];

/// A device's IPv4 settings. `None` means not reported; `0.0.0.0` counts as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv4Settings {
    /// The device's address.
    pub address: Option<Ipv4Addr>,
    /// The subnet mask.
    pub mask: Option<Ipv4Addr>,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Whether the address comes from DHCP.
    pub dhcp: Option<bool>,
}

impl Ipv4Settings {
    /// The network of the device's address, if address and mask define one.
    pub fn network(&self) -> Option<Ipv4Net> {
        Ipv4Net::with_netmask(self.address?, self.mask?).ok()
    }
}

/// A device's IPv6 settings. `None` means not reported; `::` counts as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv6Settings {
    /// The device's address.
    pub address: Option<Ipv6Addr>,
    /// The prefix length, 0 to 128.
    pub prefix: Option<u8>,
    /// The default gateway.
    pub gateway: Option<Ipv6Addr>,
}

/// TCP ports of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The vendor's SDK protocol, usually 8000.
    pub sdk: Option<u16>,
    /// HTTP, usually 80.
    pub http: Option<u16>,
    /// The SDK protocol over TLS, usually 8443.
    pub sdk_tls: Option<u16>,
}

/// How many video channels a device has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// Analogue inputs.
    pub analog: Option<u32>,
    /// Network channels.
    pub digital: Option<u32>,
}

/// The recovery methods that a device offers. Whether they are set up is another
/// matter.
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
    /// Whether the device reports which of these methods are set up, on request.
    pub reports_set_up: Option<bool>,
    /// Which methods are set up. Inquiry replies do not contain this.
    pub set_up: SetUp,
    /// Which methods it offers over HTTP. SADP replies do not contain this.
    pub over_http: OfferedOverHttp,
}

/// Which recovery methods a device offers over HTTP, as it tells without a login. That
/// means supported; whether it also means set up is not known. `None` where it does not
/// tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfferedOverHttp {
    /// By security questions.
    pub questions: Option<bool>,
    /// By a GUID file exported earlier.
    pub guid: Option<bool>,
    /// By a reserved e-mail address.
    pub mailbox: Option<bool>,
}

/// Which recovery methods are set up on a device, as it reports.
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

/// The kind of request to the vendor's support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum RequestWay {
    /// None: the device has no password yet.
    None,
    /// Start time and serial are sent; the answer is a dated code.
    LegacyCode,
    /// A request file is sent; the answer is an encrypted file.
    File,
    /// A request file or QR code is sent; the answer is a file or a short key.
    FileOrKey,
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
    /// Whether the device can be unbound by a command.
    pub can_unbind: Option<bool>,
}

#[cfg(test)]
mod tests {
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

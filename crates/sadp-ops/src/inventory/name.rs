//! Devices by the names that users give.

use std::{net::Ipv4Addr, str::FromStr};

use sadp_model::{MacAddr, Serial};
use sadp_reset::{DeviceKey, KnownDevice};

use crate::{DeviceRef, DiscoveredDevice, Inventory};

/// A name of a device: its full serial number, its label number, its MAC in any
/// notation, its IPv4 address, or a URL with one of these as its host. By
/// [`Naming::Ending`] also the serial as tables show it, and an ending of serial or MAC of
/// at least [`DeviceName::SHORTEST_ENDING`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName {
    text: Box<str>,
    mac: Option<MacAddr>,
    address: Option<Ipv4Addr>,
    web: Option<WebPort>,
}

/// Where the web page of a URL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebPort {
    /// At this port of HTTP.
    Http(u16),
    /// At this port of HTTPS.
    Https(u16),
}

/// A name selects no device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionError {
    /// The name.
    pub name: DeviceName,
    /// Why.
    pub why: NotSelected,
}

/// Why a name selects no device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSelected {
    /// No device has the name. These, at most [`SelectionError::MAX_LISTED`], have a similar
    /// one.
    NotFound(Vec<DeviceRef>),
    /// The ledger knows a device with the name, last seen there and then, and it was not
    /// found.
    NotFoundNow(KnownDevice),
    /// The name is only an ending, of these devices, and the device has to be named in full.
    Ending(Vec<DeviceRef>),
    /// Several devices have the name.
    Ambiguous {
        /// All devices that have it.
        devices: Vec<DeviceRef>,
        /// How it names them.
        naming: Naming,
    },
}

/// What names a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// A full name alone: for changes that nobody is asked about.
    Full,
    /// An ending, too, and the serial as tables show it.
    Ending,
}

impl SelectionError {
    /// The most devices that are listed for one name.
    pub const MAX_LISTED: usize = 16;
}

/// A text that names no device: a blank one, or what only looks like an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "name one device by its serial number, label number, MAC or IPv4 address, e.g. 192.168.1.64"
)]
pub struct BadName;

impl FromStr for DeviceName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let (text, web) = host_of(text.trim()).ok_or(BadName)?;
        let (mac, address) = (text.parse().ok(), text.parse().ok());
        let like_address = text.matches('.').count() > 1
            && text.starts_with(|it: char| it.is_ascii_digit())
            && text
                .chars()
                .all(|it| it.is_ascii_digit() || "./-".contains(it));
        if text.is_empty() || (like_address && address.is_none() && mac.is_none()) {
            return Err(BadName);
        }
        Ok(Self {
            text: text.into(),
            mac,
            address,
            web,
        })
    }
}

/// The host of a URL, without the user, and its port. Any other text stays as it is.
/// `None` for URLs of other kinds than web pages.
fn host_of(text: &str) -> Option<(&str, Option<WebPort>)> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some((text, None));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (host, None),
    };
    let web = match scheme.to_ascii_lowercase().as_str() {
        "http" => port.map(WebPort::Http),
        "https" => Some(WebPort::Https(port.unwrap_or(HTTPS_PORT))),
        _ => return None,
    };
    Some((host, web))
}

/// The port of HTTPS where a URL has none.
const HTTPS_PORT: u16 = 443;

impl DeviceName {
    /// The least characters of an ending.
    pub const SHORTEST_ENDING: usize = 4;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The MAC, where the name is one.
    pub fn mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// The address, where the name is one.
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    /// Where its web page is, where the name is a URL that says so.
    pub(crate) fn web(&self) -> Option<WebPort> {
        self.web
    }

    /// Whether it is the full serial, label number or MAC of a remembered device.
    pub fn names(&self, key: &DeviceKey) -> bool {
        self.is_serial(key.serial()) || (self.mac.is_some() && key.mac() == self.mac)
    }

    /// Whether it is the full serial number of this device.
    pub fn is_serial_of(&self, found: &DiscoveredDevice) -> bool {
        let serial = found.entry.device.serial.as_ref();
        serial.is_some_and(|serial| serial.as_str().eq_ignore_ascii_case(&self.text))
    }

    /// The one device with this name among those found. An ending counts where no device
    /// has it as a full name, and only where it is that of no absent device, too.
    pub fn find<'i>(
        &self,
        found: &'i Inventory,
        naming: Naming,
    ) -> Result<&'i DiscoveredDevice, SelectionError> {
        let mut kind = Naming::Full;
        let mut matches = self.matches(found, kind);
        if matches.is_empty() {
            kind = Naming::Ending;
            matches = self.matches(found, kind);
        }
        let devices = matches.refs();
        let why = match (&matches.found[..], &matches.absent[..]) {
            ([], []) => {
                let similar = found.devices.iter().filter(|it| self.resembles(it));
                let similar = similar.take(SelectionError::MAX_LISTED);
                NotSelected::NotFound(similar.map(DeviceRef::from).collect())
            }
            _ if kind == Naming::Ending && naming == Naming::Full => NotSelected::Ending(devices),
            ([device], []) => return Ok(*device),
            ([], [device]) => NotSelected::NotFoundNow((*device).clone()),
            _ => NotSelected::Ambiguous {
                devices,
                naming: kind,
            },
        };
        let name = self.clone();
        Err(SelectionError { name, why })
    }

    fn matches<'i>(&self, found: &'i Inventory, naming: Naming) -> Matches<'i> {
        let absent = found.absent.iter();
        let absent = absent.filter(|it| self.fits(naming, &it.device));
        let found = found.devices.iter().filter(|it| match naming {
            Naming::Full => self.is_name_of(it),
            Naming::Ending => it.key().is_some_and(|key| self.fits(naming, &key)),
        });
        Matches {
            found: found.collect(),
            absent: absent.collect(),
        }
    }

    fn fits(&self, naming: Naming, key: &DeviceKey) -> bool {
        match naming {
            Naming::Full => self.names(key),
            Naming::Ending => self.is_part_of(key),
        }
    }

    fn is_name_of(&self, found: &DiscoveredDevice) -> bool {
        let device = &found.entry.device;
        self.is_serial(device.serial.as_ref())
            || (self.mac.is_some() && device.mac == self.mac)
            || (self.address.is_some() && device.ipv4.address == self.address)
            || found.is_called(&self.text)
    }

    fn is_serial(&self, serial: Option<&Serial>) -> bool {
        let names = serial.map(|serial| [Some(serial.as_str()), serial.label()]);
        let mut names = names.into_iter().flatten().flatten();
        names.any(|name| name.eq_ignore_ascii_case(&self.text))
    }

    fn is_part_of(&self, key: &DeviceKey) -> bool {
        let of_serial = key.serial().is_some_and(|serial| {
            let short = serial.short().eq_ignore_ascii_case(&self.text);
            short || ends_with(serial.as_str(), &self.text)
        });
        let digits = MacAddr::digits_of(&self.text);
        let of_mac = key.mac().map(|mac| MacAddr::digits_of(&mac.to_string()));
        let of_mac = of_mac.is_some_and(|mac| ends_with(&mac, &digits));
        self.address.is_none() && (of_serial || of_mac)
    }

    /// Whether it is a part of a name of the device, or nearly one.
    fn resembles(&self, found: &DiscoveredDevice) -> bool {
        let device = &found.entry.device;
        let names = [
            device.serial.as_ref().map(ToString::to_string),
            device.mac.map(|mac| mac.to_string()),
            device.ipv4.address.map(|address| address.to_string()),
        ];
        let wanted = self.text.to_lowercase();
        wanted.len() >= 3
            && names.into_iter().flatten().any(|name| {
                let name = name.to_lowercase();
                name.contains(&wanted) || strsim::levenshtein(&name, &wanted) <= 2
            })
    }
}

fn ends_with(whole: &str, end: &str) -> bool {
    let start = whole.len().checked_sub(end.len());
    let tail = start.and_then(|start| whole.get(start..));
    end.len() >= DeviceName::SHORTEST_ENDING && tail.is_some_and(|it| it.eq_ignore_ascii_case(end))
}

/// The devices that a name may mean.
struct Matches<'i> {
    found: Vec<&'i DiscoveredDevice>,
    absent: Vec<&'i KnownDevice>,
}

impl Matches<'_> {
    fn is_empty(&self) -> bool {
        self.found.is_empty() && self.absent.is_empty()
    }

    fn refs(&self) -> Vec<DeviceRef> {
        let found = self.found.iter().copied().map(DeviceRef::from);
        let absent = self.absent.iter().copied().map(DeviceRef::from);
        found.chain(absent).collect()
    }
}

/// Of the devices that the ledger knows, those that a name means and that were not
/// found. A full name that a device was found by means that device alone.
pub(super) fn absent(
    names: &[DeviceName],
    found: &[DiscoveredDevice],
    known: &[KnownDevice],
) -> Vec<KnownDevice> {
    let is_found = |it: &&KnownDevice| {
        let mac = it.device.mac();
        let mut found = found.iter();
        found.any(|found| found.is(&it.device) || (mac.is_some() && found.entry.device.mac == mac))
    };
    let unseen: Vec<_> = known.iter().filter(|it| !is_found(it)).collect();
    let names = names
        .iter()
        .filter(|name| !found.iter().any(|it| name.is_name_of(it)));
    let mut absent: Vec<KnownDevice> = Vec::new();
    for name in names {
        let is_full = unseen.iter().any(|it| name.names(&it.device));
        let naming = if is_full {
            Naming::Full
        } else {
            Naming::Ending
        };
        let meant = unseen.iter().filter(|it| name.fits(naming, &it.device));
        absent.extend(meant.map(|it| (*it).clone()));
    }
    absent
}

/// The devices with any of these names, in their order. One that is named twice
/// is selected once.
pub fn select(
    found: &Inventory,
    names: &[DeviceName],
    naming: Naming,
) -> Result<Vec<DiscoveredDevice>, SelectionError> {
    let chosen = names.iter().map(|name| name.find(found, naming));
    let chosen = chosen.collect::<Result<Vec<_>, _>>()?;
    let devices = found.devices.iter();
    let selected = devices.filter(|it| chosen.iter().any(|chosen| std::ptr::eq(*chosen, *it)));
    Ok(selected.cloned().collect())
}

#[cfg(test)]
mod tests {
    use sadp_model::Device;

    use super::*;

    fn devices(serials: &[&str]) -> Inventory {
        let reports = (0u8..).zip(serials).map(|(number, serial)| {
            let mut device = Device::unknown();
            device.mac = Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number]));
            device.serial = Serial::new(serial);
            ([192, 168, 1, 5], device)
        });
        Inventory {
            devices: DiscoveredDevice::received(reports),
            ..Inventory::default()
        }
    }

    fn name(text: &str) -> DeviceName {
        text.parse().unwrap()
    }

    const CAMERA: &str = "DS-2CD2347G2-LU20230704AAWRAD1530862";
    const RECORDER: &str = "DS-7616NI-M2-1620220805CCRRK61840275WCVU";
    /// Its label number is not sure.
    const OTHER: &str = "DS-2CD2320D-I20180919AAWR0417263";

    #[test]
    fn the_label_number_names_a_device() {
        let devices = devices(&[CAMERA, RECORDER, OTHER]);
        for (text, place) in [("AD1530862", 0), ("k61840275", 1), (OTHER, 2)] {
            let found = name(text).find(&devices, Naming::Full).unwrap();
            let key = devices.devices[place].key().unwrap();
            assert!(found.is(&key), "{text}");
            assert!(name(text).names(&key), "{text}");
        }
        // No other part of a serial does.
        for text in ["D1530862", "1530862", "0417263", "WR0417263"] {
            assert!(name(text).find(&devices, Naming::Full).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_table_prints_names_a_device_for_reading_only() {
        let devices = devices(&[CAMERA, OTHER]);
        let printed = Serial::new(OTHER).unwrap().short();
        assert!(printed.starts_with(".."), "{printed}");
        let name = name(&printed);
        assert!(name.find(&devices, Naming::Full).is_err());
        let chosen = name.find(&devices, Naming::Ending).unwrap();
        assert_eq!(chosen.entry.device.serial, Serial::new(OTHER));
    }

    #[test]
    fn a_unique_ending_names_a_device_for_reading_only() {
        let devices = devices(&[CAMERA, OTHER]);
        for (text, place) in [("0862", 0), ("7263", 1), ("00:01", 1), ("cc00-0000", 0)] {
            assert!(name(text).find(&devices, Naming::Full).is_err(), "{text}");
            let chosen = name(text).find(&devices, Naming::Ending).unwrap();
            assert_eq!(chosen.key(), devices.devices[place].key(), "{text}");
            let ending = name(text).find(&devices, Naming::Full).unwrap_err();
            assert!(matches!(ending.why, NotSelected::Ending(_)), "{text}");
        }
        for text in ["862", "0:01", "9999"] {
            assert!(name(text).find(&devices, Naming::Ending).is_err(), "{text}");
        }
    }

    #[test]
    fn a_device_that_the_ledger_alone_knows_is_not_taken_for_another() {
        let known = |serial: &str, last| {
            let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 1, last]);
            KnownDevice {
                device: DeviceKey::new(Some(mac), Serial::new(serial)).unwrap(),
                address: Some([192, 168, 1, last].into()),
                at: jiff::Timestamp::UNIX_EPOCH,
            }
        };
        let ledger = [
            known(RECORDER, 1),
            known("DS-2CD2347G2-LU20230704AAWRAD9990862", 2),
        ];
        let found = |text: &str| {
            let mut found = devices(&[CAMERA, OTHER]);
            found.absent = absent(&[name(text)], &found.devices, &ledger);
            let device = name(text).find(&found, Naming::Ending);
            device.map(|it| it.entry.device.serial.clone())
        };
        assert_eq!(found("AD1530862"), Ok(Serial::new(CAMERA)));
        assert_eq!(found("7263"), Ok(Serial::new(OTHER)));
        for text in ["K61840275", "0275WCVU", "44:47:cc:00:01:01", "00:01:01"] {
            let error = found(text).unwrap_err();
            let expected = NotSelected::NotFoundNow(ledger[0].clone());
            assert_eq!(error.why, expected, "{text}");
        }
        // An ending of one that was found and of one that was not.
        let error = found("0862").unwrap_err();
        let NotSelected::Ambiguous { devices, naming } = error.why else {
            panic!("{error:?}");
        };
        assert_eq!((devices.len(), naming), (2, Naming::Ending));
    }

    #[test]
    fn the_host_of_a_url_is_a_name() {
        for text in [
            "192.168.1.64",
            "http://192.168.1.64",
            "https://admin@192.168.1.64:8443/doc/page/login.asp",
            " http://192.168.1.64?x ",
        ] {
            let address = Some([192, 168, 1, 64].into());
            assert_eq!(name(text).address(), address, "{text}");
        }
        for (text, web) in [
            ("192.168.1.64", None),
            ("http://192.168.1.64/", None),
            ("http://192.168.1.64:8080", Some(WebPort::Http(8080))),
            ("https://192.168.1.64", Some(WebPort::Https(443))),
            ("HTTPS://192.168.1.64:8443/", Some(WebPort::Https(8443))),
        ] {
            assert_eq!(name(text).web(), web, "{text}");
        }
        for bad in [
            "http:///x",
            "ftp://192.168.1.64",
            "http://192.168.1.64:99999",
            "",
            "192.168.1",
            "192.168.1.999",
            "192.168.1.0/24",
            "192.168.1.1-9",
        ] {
            assert_eq!(bad.parse::<DeviceName>(), Err(BadName), "{bad}");
        }
        // A serial that tables shorten begins with points; a MAC may have points.
        for good in ["..30862", "4447.1122.3344", "1.234"] {
            assert!(good.parse::<DeviceName>().is_ok(), "{good}");
        }
    }

    #[test]
    fn a_label_number_of_two_devices_names_neither() {
        let twin = "DS-2CD2143G0-I20210704AAWRAD1530862";
        let devices = devices(&[CAMERA, twin, "AD1530862"]);
        let error = name("AD1530862")
            .find(&devices, Naming::Ending)
            .unwrap_err();
        let NotSelected::Ambiguous { devices, .. } = error.why else {
            panic!("{error:?}");
        };
        let serials: Vec<_> = devices.into_iter().filter_map(|it| it.serial).collect();
        assert!(serials.contains(&Serial::new(CAMERA).unwrap()));
        assert!(serials.contains(&Serial::new(twin).unwrap()));
    }

    #[test]
    fn a_device_named_twice_is_selected_once() {
        let all = devices(&[CAMERA, RECORDER, OTHER]);
        let names = [name(OTHER), name("AD1530862"), name("44:47:cc:00:00:00")];
        let selected = select(&all, &names, Naming::Full).unwrap();
        let serials = selected.iter().map(|it| it.entry.device.serial.clone());
        assert!(serials.eq([Serial::new(CAMERA), Serial::new(OTHER)]));
        assert!(" ".parse::<DeviceName>().is_err());
    }
}

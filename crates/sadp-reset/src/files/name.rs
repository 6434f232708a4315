//! Names of files and folders, made of what a device told of itself.

use jiff::{Timestamp, tz::Offset};

use crate::DeviceKey;

/// The name of a package's folder: serial, MAC and UTC time, e.g.
/// `DS-2CD2320D-I20180919AACHC52601815_4447cc1d6d13_20261122T204107Z`.
///
/// The serial is bounded, and what is neither an ASCII letter or digit nor `-`
/// or `_` becomes `_`: no device can name a place outside the folder.
pub fn package_name(device: &DeviceKey, at: Timestamp) -> String {
    format!("{}_{}", device_name(device), at.to_name())
}

/// Serial and MAC alone, as a package's name begins: what a file is named by
/// that an import is to know whose it is.
pub fn device_name(device: &DeviceKey) -> String {
    let serial = device.serial().map(|serial| reduced(serial.as_str()));
    let mac = device.mac().map(|mac| plain(&mac.to_string()));
    format!(
        "{}_{}",
        serial.as_deref().unwrap_or("no-serial"),
        mac.as_deref().unwrap_or("no-mac")
    )
}

/// A serial as it stands in names.
pub(crate) fn reduced(serial: &str) -> String {
    let keep = |character: char| match character {
        '-' | '_' => character,
        _ if character.is_ascii_alphanumeric() => character,
        _ => '_',
    };
    let name: String = serial.chars().map(keep).take(MAX_SERIAL).collect();
    // Programs take a name that begins with a hyphen for an option.
    match name.strip_prefix('-') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

/// A MAC without its separators.
pub(crate) fn plain(mac: &str) -> String {
    mac.chars().filter(char::is_ascii_hexdigit).collect()
}

pub(crate) trait ToName {
    /// The time as it stands in names: `20261122T204107Z`.
    fn to_name(self) -> String;
}

impl ToName for Timestamp {
    fn to_name(self) -> String {
        let time = Offset::UTC.to_datetime(self);
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

/// Serials of the wire have up to 48 bytes; what is longer is no vendor's.
const MAX_SERIAL: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sadp_model::{MacAddr, Serial};

    use super::*;

    fn name(serial: &str, mac: Option<[u8; 6]>) -> Option<String> {
        let key = DeviceKey::new(mac.map(MacAddr::new), Serial::new(serial))?;
        Some(package_name(
            &key,
            Timestamp::from_second(1_790_000_000).unwrap(),
        ))
    }

    #[test]
    fn names_are_as_the_contract_has_them() {
        const MAC: [u8; 6] = [0x44, 0x47, 0xcc, 0x1d, 0x6d, 0x13];
        for (serial, mac, expected) in [
            (
                "DS-2CD2320D-I20180919AACHC52601815",
                Some(MAC),
                "DS-2CD2320D-I20180919AACHC52601815_4447cc1d6d13_20260921T141320Z",
            ),
            ("AB/12 34", None, "AB_12_34_no-mac_20260921T141320Z"),
            ("", Some(MAC), "no-serial_4447cc1d6d13_20260921T141320Z"),
            ("../../etc", None, "______etc_no-mac_20260921T141320Z"),
            ("-rf\\ü", None, "_rf___no-mac_20260921T141320Z"),
            ("CON", None, "CON_no-mac_20260921T141320Z"),
        ] {
            assert_eq!(name(serial, mac).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn every_name_is_one_bounded_harmless_folder(
            serial in prop_oneof![".{0,300}", "[./\\\\:\\x00-\\x1f\\u{202e}-]{1,80}"],
            mac in any::<Option<[u8; 6]>>(),
        ) {
            let Some(name) = name(&serial, mac) else { return Ok(()) };
            prop_assert!(name.len() <= MAX_SERIAL + 1 + 12 + 1 + 16);
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            prop_assert!(name.bytes().all(allowed), "{name}");
            prop_assert!(!name.starts_with('-'));
            prop_assert_eq!(std::path::Path::new(&name).components().count(), 1);
        }
    }
}

//! Names of files and folders, made from a device's serial and MAC.

use jiff::Timestamp;
use sadp_model::MacAddr;

use crate::DeviceKey;

/// Returns the name of a package's folder: serial, MAC and UTC time, e.g.
/// `DS-2CD2320D-I20180919AACHC52601815_4447cc1d6d13_20261122T204107Z`.
///
/// The serial's length is limited, and any other character than ASCII letters,
/// digits, `-` and `_` becomes `_`: no device can name a path outside the folder.
pub fn package_name(device: &DeviceKey, at: Timestamp) -> String {
    format!("{}_{}", device_name(device), at.strftime("%Y%m%dT%H%M%SZ"))
}

/// Returns serial and MAC, as a package's name begins. An import recognises the
/// device of a file with this in its name.
pub fn device_name(device: &DeviceKey) -> String {
    let serial = device.serial().map(|serial| reduced(serial.as_str()));
    let mac = device.mac().map(|mac| MacAddr::digits_of(&mac.to_string()));
    format!(
        "{}_{}",
        serial.as_deref().unwrap_or("no-serial"),
        mac.as_deref().unwrap_or("no-mac")
    )
}

/// Returns a serial as it appears in names.
pub(crate) fn reduced(serial: &str) -> String {
    let mut name = serial.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
    name.truncate(MAX_SERIAL);
    // Programs read a name that begins with a hyphen as an option.
    if name.starts_with('-') {
        name.replace_range(..1, "_");
    }
    name
}

/// Serials in datagrams have up to 48 bytes; the vendor uses none that is longer.
const MAX_SERIAL: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sadp_model::Serial;

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
            let letters = name.replace(['-', '_'], "");
            prop_assert!(letters.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            prop_assert!(!name.starts_with('-'));
            prop_assert_eq!(std::path::Path::new(&name).components().count(), 1);
        }
    }
}

//! Finds devices in the name of a file or folder.

use sadp_model::{MacAddr, Serial};

use crate::{
    DeviceKey,
    files::name::{device_name, reduced},
};

/// Returns the devices that a name can mean: one set for each hint in it. An empty set
/// stands for an unknown device. A name that this library made is one hint, whatever
/// its parts look like.
pub(super) fn named<'a>(name: &str, devices: &[&'a DeviceKey]) -> Vec<Vec<&'a DeviceKey>> {
    let name = name.to_ascii_lowercase();
    let whole = made_for(&name, devices);
    if !whole.is_empty() {
        return vec![whole];
    }
    let mut by_mac = devices.to_vec();
    by_mac.retain(|device| device.mac().is_some_and(|mac| contains_mac(&name, mac)));
    let mut by_serial = devices.to_vec();
    by_serial.retain(|device| {
        let serial = device.serial();
        serial.is_some_and(|serial| contains_serial(&name, serial))
    });
    let mut sets = Vec::new();
    let is_unknown = macs_in(&name).into_iter().any(|mac| {
        !devices
            .iter()
            .any(|device| device.mac() == Some(mac) || serial_contains(device, mac))
    });
    if is_unknown {
        sets.push(Vec::new());
    }
    for set in [by_mac, longest(&by_serial)] {
        if !set.is_empty() {
            sets.push(set);
        }
    }
    sets
}

/// Returns the devices for which a name, in lower case, was made: one word, then
/// [`device_name`], with an ending. A serial may look like another device's MAC.
fn made_for<'a>(name: &str, devices: &[&'a DeviceKey]) -> Vec<&'a DeviceKey> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let Some((_, made_of)) = stem.split_once('_') else {
        return Vec::new();
    };
    let mut fitting = devices.to_vec();
    fitting.retain(|device| device_name(device).to_ascii_lowercase() == made_of);
    fitting
}

/// Whether a name in lower case contains a MAC, in any notation, as a separate word.
fn contains_mac(name: &str, mac: MacAddr) -> bool {
    let colons = mac.to_string();
    let digits = MacAddr::digits_of(&colons);
    let mut notations = vec![digits.clone()];
    notations.extend(["-", "_", ".", " ", ":"].map(|between| colons.replace(':', between)));
    let quads: Vec<_> = digits
        .as_bytes()
        .chunks(4)
        .map(String::from_utf8_lossy)
        .collect();
    notations.extend(["-", "."].map(|between| quads.join(between)));
    notations
        .iter()
        .any(|notation| contains_word(name, notation))
}

/// Whether a name in lower case contains a complete serial, as reported or as in
/// names. Very short serials can be part of any name.
fn contains_serial(name: &str, serial: &Serial) -> bool {
    let spelled = [serial.as_str().to_owned(), reduced(serial.as_str())];
    spelled.iter().any(|serial| {
        serial.len() >= SHORTEST_SERIAL && contains_word(name, &serial.to_ascii_lowercase())
    })
}

/// Whether a device's serial contains characters that look like this MAC.
fn serial_contains(device: &DeviceKey, mac: MacAddr) -> bool {
    let serial = device.serial_text().unwrap_or_default();
    let serial = MacAddr::digits_of(&serial.to_ascii_lowercase());
    serial.contains(&MacAddr::digits_of(&mac.to_string()))
}

/// Removes devices whose serial is only a part of another's.
fn longest<'a>(found: &[&'a DeviceKey]) -> Vec<&'a DeviceKey> {
    let mut whole = found.to_vec();
    whole.retain(|one| {
        let own = reduced(one.serial_text().unwrap_or_default());
        let mut others = found.iter().filter(|it| it.serial() != one.serial());
        !others.any(|it| reduced(it.serial_text().unwrap_or_default()).contains(&own))
    });
    whole
}

/// Returns every part of a name that can only be a MAC: twelve digits in pairs, or in
/// one word with a letter in it. A time has no letter.
fn macs_in(name: &str) -> Vec<MacAddr> {
    let words: Vec<_> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let whole = words
        .iter()
        .filter(|word| word.len() == 12 && word.contains(|c: char| c.is_ascii_alphabetic()))
        .map(|word| (*word).to_owned());
    let pairs = words
        .windows(6)
        .filter(|pairs| pairs.iter().all(|pair| pair.len() == 2))
        .map(<[_]>::concat);
    whole
        .chain(pairs)
        .filter_map(|text| text.parse().ok())
        .filter(|mac: &MacAddr| mac.is_identity())
        .collect()
}

/// Whether a text contains a word with neither letter nor digit beside it.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at.saturating_add(word.len())..);
        !before.ends_with(char::is_alphanumeric)
            && !after.unwrap_or_default().starts_with(char::is_alphanumeric)
    })
}

const SHORTEST_SERIAL: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device_key::testing::key;

    fn devices() -> Vec<DeviceKey> {
        vec![
            key(0x10, "DS-2CD2320D-I20180919AACHC52601815"),
            key(0x11, "DS-2CD2320D-I20180919AACHC52601815-2"),
            key(0x12, "AB/12 34"),
            key(0x13, "S1"),
            key(0x14, "TWIN-SERIAL"),
            key(0x15, "TWIN-SERIAL"),
            key(0x16, "OEM AACDEF123456"),
        ]
    }

    /// The places of the devices that a name can mean.
    fn places(name: &str, devices: &[DeviceKey]) -> Vec<Vec<usize>> {
        let all: Vec<_> = devices.iter().collect();
        let place = |one: &DeviceKey| devices.iter().position(|it| it == one).unwrap();
        let sets = named(name, &all).into_iter();
        sets.map(|set| set.into_iter().map(place).collect())
            .collect()
    }

    #[test]
    fn a_name_made_for_a_device_is_its_alone() {
        // A serial like another's MAC, and one like the first word of the name.
        let devices = [key(1, "4447cc1d6d03"), key(2, ""), key(3, "Encrypt")];
        for (index, device) in devices.iter().enumerate() {
            let name = format!("Encrypt_{}.xml", device_name(device));
            assert_eq!(places(&name, &devices), [[index]], "{name}");
        }
    }

    #[test]
    fn names_show_devices_by_mac_and_serial() {
        let none: Vec<Vec<usize>> = Vec::new();
        for (name, expected) in [
            ("Encrypt.xml", none.clone()),
            ("4447cc1d6d10.xml", vec![vec![0]]),
            ("44-47-CC-1D-6D-10 answer.xml", vec![vec![0]]),
            ("44_47_cc_1d_6d_11_Encrypt", vec![vec![1]]),
            ("4447.cc1d.6d12", vec![vec![2]]),
            ("a4447cc1d6d10", none.clone()),
            ("4447cc1d6d100", none.clone()),
            ("ds-2cd2320d-i20180919aachc52601815.xml", vec![vec![0]]),
            (
                "DS-2CD2320D-I20180919AACHC52601815-2_Encrypt.xml",
                vec![vec![1]],
            ),
            ("DS-2CD2320D-I20180919AACHC526018155.xml", none.clone()),
            ("xDS-2CD2320D-I20180919AACHC52601815.xml", none.clone()),
            ("AB_12_34.xml", vec![vec![2]]),
            ("AB/12 34", vec![vec![2]]),
            ("S1.xml", none.clone()),
            ("TWIN-SERIAL.xml", vec![vec![4, 5]]),
            ("TWIN-SERIAL_4447cc1d6d15", vec![vec![5], vec![4, 5]]),
            ("4447cc1d6d10 4447cc1d6d11", vec![vec![0, 1]]),
            ("OEM_AACDEF123456_4447cc1d6d16", vec![vec![6], vec![6]]),
            ("AACDEF123456", none.clone()),
            ("AACDEF123457", vec![vec![]]),
            ("44-47-cc-1d-6d-99.xml", vec![vec![]]),
            ("4447cc1d6d99 TWIN-SERIAL", vec![vec![], vec![4, 5]]),
            ("202611230030", none.clone()),
            ("scan 2026-11-23 00-30-05", none),
        ] {
            assert_eq!(places(name, &devices()), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_survived(name in "\\PC{0,60}", serial in "\\PC{1,60}") {
            let Some(serial) = Serial::new(&serial) else { return Ok(()) };
            let device = DeviceKey::new(None, Some(serial)).unwrap();
            let _ = named(&name, &[&device]);
            let package = device_name(&device);
            let found = named(&package, &[&device]);
            // A package's own name always names its device, or nothing.
            proptest::prop_assert!(found.iter().all(|set| set == &[&device]), "{package}");
        }
    }
}

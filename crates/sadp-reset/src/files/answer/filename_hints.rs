//! What the name of a file or folder says of the device.

use sadp_model::{MacAddr, Serial};

use crate::{
    DeviceKey,
    files::name::{device_name, plain, reduced},
};

/// The devices that a name can mean: one set for each thing it says. An empty
/// set stands for a device that is not among those known. A name made as ours
/// are says one thing, whatever its parts look like.
pub(super) fn named(name: &str, devices: &[DeviceKey]) -> Vec<Vec<usize>> {
    let name = name.to_ascii_lowercase();
    let whole = made_for(&name, devices);
    if !whole.is_empty() {
        return vec![whole];
    }
    let holding = |holds: &dyn Fn(&DeviceKey) -> bool| -> Vec<usize> {
        let all = devices.iter().enumerate();
        all.filter(|(_, device)| holds(device))
            .map(|(index, _)| index)
            .collect()
    };
    let by_mac = holding(&|device| device.mac().is_some_and(|mac| holds_mac(&name, mac)));
    let by_serial = holding(&|device| {
        device
            .serial()
            .is_some_and(|serial| holds_serial(&name, serial))
    });
    let mut sets = Vec::new();
    let stranger = macs_in(&name).into_iter().any(|mac| {
        let is_of = |device: &DeviceKey| device.mac() == Some(mac) || serial_holds(device, mac);
        !devices.iter().any(is_of)
    });
    if stranger {
        sets.push(Vec::new());
    }
    for set in [by_mac, longest(&by_serial, devices)] {
        if !set.is_empty() {
            sets.push(set);
        }
    }
    sets
}

/// The devices for which a name in lower case was made from one word and
/// [`device_name`], with an ending. A serial may be another device's MAC.
fn made_for(name: &str, devices: &[DeviceKey]) -> Vec<usize> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let Some((_, made_of)) = stem.split_once('_') else {
        return Vec::new();
    };
    let is_it = |device: &DeviceKey| device_name(device).to_ascii_lowercase() == made_of;
    let all = devices.iter().enumerate();
    all.filter(|(_, device)| is_it(device))
        .map(|(index, _)| index)
        .collect()
}

/// Whether a name in lower case holds a MAC, in any notation, set off from
/// letters and digits.
fn holds_mac(name: &str, mac: MacAddr) -> bool {
    let colons = mac.to_string();
    let digits = plain(&colons);
    let mut notations = vec![digits.clone()];
    notations.extend(["-", "_", ".", " ", ":"].map(|between| colons.replace(':', between)));
    let quads: Vec<_> = digits
        .as_bytes()
        .chunks(4)
        .map(String::from_utf8_lossy)
        .collect();
    notations.extend(["-", "."].map(|between| quads.join(between)));
    notations.iter().any(|notation| holds_word(name, notation))
}

/// Whether a name in lower case holds a whole serial, as it is or as names have
/// it. Very short ones can stand in any name.
fn holds_serial(name: &str, serial: &Serial) -> bool {
    let spelled = [serial.as_str().to_owned(), reduced(serial.as_str())];
    spelled.iter().any(|serial| {
        serial.len() >= SHORTEST_SERIAL && holds_word(name, &serial.to_ascii_lowercase())
    })
}

/// Whether a device's serial has digits in it that look like this MAC.
fn serial_holds(device: &DeviceKey, mac: MacAddr) -> bool {
    let serial = device
        .serial()
        .map(|serial| serial.as_str().to_ascii_lowercase());
    let serial = serial
        .unwrap_or_default()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "");
    serial.contains(&plain(&mac.to_string()))
}

/// Leaves out those whose serial is only a part of another's.
fn longest(found: &[usize], devices: &[DeviceKey]) -> Vec<usize> {
    let serial = |index: usize| devices.get(index).and_then(DeviceKey::serial);
    let is_part = |index: usize| {
        found
            .iter()
            .any(|&other| match (serial(index), serial(other)) {
                (Some(one), Some(other)) => {
                    one != other && reduced(other.as_str()).contains(&reduced(one.as_str()))
                }
                _ => false,
            })
    };
    found
        .iter()
        .copied()
        .filter(|&index| !is_part(index))
        .collect()
}

/// Every text of a name that can only be a MAC: twelve digits in pairs, or in
/// one piece with a letter among them. A time has no letter.
fn macs_in(name: &str) -> Vec<MacAddr> {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<_> = words.collect();
    let whole = words
        .iter()
        .filter(|word| word.len() == 12 && word.bytes().any(|byte| byte.is_ascii_alphabetic()));
    let whole = whole.filter_map(|word| word.parse().ok());
    let pairs = words
        .windows(6)
        .filter(|pairs| pairs.iter().all(|pair| pair.len() == 2));
    let pairs = pairs.filter_map(|pairs| pairs.concat().parse().ok());
    whole
        .chain(pairs)
        .filter(|mac: &MacAddr| mac.is_identity())
        .collect()
}

/// Whether a text holds a word with neither letter nor digit beside it.
fn holds_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at.saturating_add(word.len())..);
        let after = after.and_then(|text| text.chars().next());
        [before, after]
            .into_iter()
            .flatten()
            .all(|character| !character.is_alphanumeric())
    })
}

const SHORTEST_SERIAL: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn devices() -> Vec<DeviceKey> {
        let key = |last: u8, serial: &str| {
            let mac = MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, last]);
            DeviceKey::new(Some(mac), Serial::new(serial)).unwrap()
        };
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

    #[test]
    fn a_name_made_for_a_device_is_its_alone() {
        let key = |last: u8, serial: &str| {
            let mac = MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, last]);
            DeviceKey::new(Some(mac), Serial::new(serial)).unwrap()
        };
        // A serial like another's MAC, and one like the first word of the name.
        let devices = [key(1, "4447cc1d6d03"), key(2, ""), key(3, "Encrypt")];
        for (index, device) in devices.iter().enumerate() {
            let name = format!("Encrypt_{}.xml", device_name(device));
            assert_eq!(named(&name, &devices), [[index]], "{name}");
        }
    }

    #[test]
    fn names_tell_devices_by_mac_and_serial() {
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
            assert_eq!(named(name, &devices()), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_survived(name in "\\PC{0,60}", serial in "\\PC{1,60}") {
            let Some(serial) = Serial::new(&serial) else { return Ok(()) };
            let device = DeviceKey::new(None, Some(serial)).unwrap();
            let _ = named(&name, std::slice::from_ref(&device));
            let package = device_name(&device);
            let found = named(&package, &[device]);
            // A package's own name always names its device, or nothing.
            proptest::prop_assert!(found.iter().all(|set| set == &[0]), "{package}");
        }
    }
}

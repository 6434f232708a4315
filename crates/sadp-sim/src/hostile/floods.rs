//! Attacks that send without being asked: bytes, documents and texts that readers may
//! not survive.

use std::{fmt::Write, net::Ipv4Addr};

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use sadp_model::RawFields;

use super::account;

/// Sends one datagram after the other, without being asked.
#[derive(Debug)]
pub(super) struct Flood {
    pub(super) address: Ipv4Addr,
    /// How many were made.
    pub(super) number: u32,
    pub(super) make: fn(u32, Ipv4Addr, &mut Xoshiro256PlusPlus) -> Vec<u8>,
}

impl Flood {
    pub(super) fn next_datagram(&mut self, rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        (self.make)(self.number, self.address, rng)
    }
}

/// Makes a new device with each datagram.
pub(super) fn endless_device(
    number: u32,
    address: Ipv4Addr,
    _: &mut Xoshiro256PlusPlus,
) -> Vec<u8> {
    account::reply(&account::invented(account::mac(1, number), address))
}

/// Makes XML that grows without end where entities are expanded, or that reads a file of
/// the reader.
pub(super) fn entity_bomb(number: u32, address: Ipv4Addr, _: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let number = number % 3;
    let mac = account::mac(3, number);
    let (declarations, model) = match number {
        0 => (nested(), "&l9;".to_owned()),
        1 => (
            format!("<!ENTITY l \"{}\">", "l".repeat(20_000)),
            "&l;".repeat(8_000),
        ),
        _ => (
            "<!ENTITY l SYSTEM \"file:///etc/passwd\">".into(),
            "&l;".into(),
        ),
    };
    let mac = mac.to_string().replace(':', "-");
    // No XML writer produces this.
    let document = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE ProbeMatch [{declarations}]>\
         <ProbeMatch><Types>inquiry</Types><DeviceDescription>{model}</DeviceDescription>\
         <DeviceSN>S{mac}</DeviceSN><MAC>{mac}</MAC><IPv4Address>{address}</IPv4Address>\
         </ProbeMatch>"
    );
    document.into_bytes()
}

/// Each entity is ten times the one before: three gigabytes in the end.
fn nested() -> String {
    let mut declarations = "<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let before = format!("&l{};", level - 1).repeat(10);
        let _ = write!(declarations, "<!ENTITY l{level} \"{before}\">");
    }
    declarations
}

/// Makes a document as long as a datagram can be, of a new device.
pub(super) fn huge_document(number: u32, address: Ipv4Addr, _: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    /// Leaves room for the other elements within a datagram.
    const BYTES: usize = 58_000;
    let mac = account::mac(2, number);
    let mut account = account::invented(mac, address);
    match number % 4 {
        // Looked up, shown, and split by date.
        0 => {
            let serial = format!("{}{mac}", "20240101".repeat(BYTES / 8));
            account = account::with(&account, &[("DeviceSN", &serial)]);
        }
        1 => {
            let model = "DS-2CD2043G2-I ".repeat(BYTES / 15);
            account = account::with(&account, &[("DeviceDescription", &model)]);
        }
        // One element takes more memory than bytes in the datagram.
        2 => {
            for _ in 0..BYTES / "<a></a>\r\n".len() {
                account.push("a", "");
            }
        }
        _ => {
            account.push("Text", &"x".repeat(BYTES));
        }
    }
    account::reply(&account)
}

/// Makes bytes that are not a reply, or almost one.
pub(super) fn garbage(_: u32, address: Ipv4Addr, rng: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    const MAX_GARBAGE: usize = 1400;
    let reply = account::reply(&account::invented(account::mac(4, 0), address));
    match rng.random_range(0..8u32) {
        0 => Vec::new(),
        1 => {
            let mut bytes = vec![0; rng.random_range(1..=MAX_GARBAGE)];
            rng.fill(&mut bytes[..]);
            bytes
        }
        2 => {
            let mut cut = reply;
            cut.truncate(rng.random_range(0..cut.len()));
            cut
        }
        3 => {
            let mut changed = reply;
            for _ in 0..rng.random_range(1..=16u32) {
                let place = rng.random_range(0..changed.len());
                if let Some(byte) = changed.get_mut(place) {
                    *byte = rng.random();
                }
            }
            changed
        }
        4 => "<ProbeMatch><a>"
            .repeat(rng.random_range(1..=90))
            .into_bytes(),
        5 => {
            let attributes = " a=\"&lt;\"".repeat(rng.random_range(1..=140));
            format!("<ProbeMatch{attributes}><![CDATA[").into_bytes()
        }
        6 => [&[0xff, 0xfe][..], &reply].concat(),
        _ => "<".repeat(rng.random_range(1..=MAX_GARBAGE)).into_bytes(),
    }
}

/// Makes a device whose serial, model and other texts terminals, spreadsheets or file
/// systems interpret.
pub(super) fn hostile_text(number: u32, address: Ipv4Addr, _: &mut Xoshiro256PlusPlus) -> Vec<u8> {
    let number = number as usize % (2 * TEXTS.len());
    let text = TEXTS[number % TEXTS.len()];
    let mac = account::mac(5, u32::try_from(number).unwrap_or_default());
    // Each device needs a serial of its own, or they would be one.
    let serial = format!("{text}{number}");
    let texts = [
        "DeviceDescription",
        "SoftwareVersion",
        "DSPVersion",
        "OEMinfo",
        "BootTime",
        "IPv4Gateway",
        "IPv6Address",
        "PasswordResetAbility",
        "Unheard-of",
    ]
    .map(|name| (name, text));
    let account = account::with(&account::invented(mac, address), &texts);
    let mut account = account::with(&account, &[("DeviceSN", &serial)]);
    account.push(&format!("Name{text}"), "1");
    if number < TEXTS.len() {
        return account::reply(&account);
    }
    // As character references, too: XML forbids most, readers may not.
    let plain_names: RawFields = account
        .iter()
        .filter(|(name, _)| name.is_ascii() && !name.starts_with("Name"))
        .collect();
    let mut document = String::new();
    for character in String::from_utf8_lossy(&account::reply(&plain_names)).chars() {
        match character {
            '\r' | '\n' | ' '..='~' => document.push(character),
            other => drop(write!(document, "&#{};", u32::from(other))),
        }
    }
    document.into_bytes()
}

const TEXTS: [&str; 24] = [
    // Clears the screen, sets the window's title, types for the user.
    "\u{1b}[2J\u{1b}[1;1H\u{1b}[31mhacked",
    "\u{1b}]0;hacked\u{7}",
    "\u{1b}[6n\u{1b}[c",
    "\u{9b}2J\u{9d}0;hacked\u{9c}",
    "\u{8}\u{8}\u{8}\u{7f}\u{0}",
    // Reverses the reading direction, hides characters.
    "\u{202e}gpj.exe",
    "\u{2066}\u{2067}left\u{2069}\u{200f}",
    "D\u{200b}S\u{feff}-2\u{ad}CD\u{e0041}",
    // Adds a line, a cell, a record.
    "line\r\n10.0.0.1  active  forged",
    "tab\tcell\u{b}\u{c}\u{85}\u{2028}",
    "\"quoted\",\"cell\"\n",
    // Formulas.
    "=cmd|'/c calc'!A1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=HYPERLINK(\"http://example.invalid\")",
    "＝1+1",
    // Paths and file names.
    "../../../../tmp/hacked",
    "..\\..\\hacked",
    "/etc/hacked",
    "CON",
    "-rf $(reboot) `reboot` ;reboot",
    // Placeholders of templates and printf.
    "%s%n{}{0}\\u001b[2J",
    "</DeviceSN><x>]]>&amp;&#27;[2J",
];

//! Texts that terminals, spreadsheets and file systems obey, where a device
//! tells its serial, its model and everything else.

use std::net::Ipv4Addr;

use rand::rngs::Xoshiro256PlusPlus;

use super::{Trick, account};

#[derive(Debug)]
pub(super) struct HostileTexts {
    address: Ipv4Addr,
    number: usize,
}

impl HostileTexts {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address, number: 0 }
    }
}

impl Trick for HostileTexts {
    fn floods(&self) -> bool {
        true
    }

    fn flood(&mut self, _: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        self.number = (self.number + 1) % (2 * TEXTS.len());
        let text = TEXTS.get(self.number % TEXTS.len())?;
        let mac = account::mac(5, u32::try_from(self.number).unwrap_or_default());
        let account = account::invented(mac, self.address);
        // Each device has a serial of its own, or they would be one.
        let serial = format!("{text}{}", self.number);
        let mut account = account::but(
            &account,
            &[
                ("DeviceDescription", text),
                ("DeviceSN", &serial),
                ("SoftwareVersion", text),
                ("DSPVersion", text),
                ("OEMinfo", text),
                ("BootTime", text),
                ("IPv4Gateway", text),
                ("IPv6Address", text),
                ("PasswordResetAbility", text),
                ("Unheard-of", text),
            ],
        );
        account.push(&format!("Name{text}"), "1");
        if self.number < TEXTS.len() {
            return Some(account::reply(&account));
        }
        // As character references, too: XML forbids most, readers may not.
        let by_number: sadp_model::RawFields = account
            .iter()
            .filter(|(name, _)| name.is_ascii() && !name.starts_with("Name"))
            .collect();
        let document = String::from_utf8(account::reply(&by_number)).ok()?;
        Some(referenced(&document).into_bytes())
    }
}

/// The document with all but plain characters as character references.
fn referenced(document: &str) -> String {
    let reference = |character: char| match character {
        '\r' | '\n' | ' '..='~' => character.to_string(),
        other => format!("&#{};", u32::from(other)),
    };
    document.chars().map(reference).collect()
}

const TEXTS: [&str; 24] = [
    // Clears the screen; sets the window's title; answers for the user.
    "\u{1b}[2J\u{1b}[1;1H\u{1b}[31mhacked",
    "\u{1b}]0;hacked\u{7}",
    "\u{1b}[6n\u{1b}[c",
    "\u{9b}2J\u{9d}0;hacked\u{9c}",
    "\u{8}\u{8}\u{8}\u{7f}\u{0}",
    // Turns the reading direction, hides itself.
    "\u{202e}gpj.exe",
    "\u{2066}\u{2067}left\u{2069}\u{200f}",
    "D\u{200b}S\u{feff}-2\u{ad}CD\u{e0041}",
    // A line, a cell, a record of its own.
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
    // Paths and names of files.
    "../../../../tmp/hacked",
    "..\\..\\hacked",
    "/etc/hacked",
    "CON",
    "-rf $(reboot) `reboot` ;reboot",
    // What templates and printf would fill in.
    "%s%n{}{0}\\u001b[2J",
    "</DeviceSN><x>]]>&amp;&#27;[2J",
];

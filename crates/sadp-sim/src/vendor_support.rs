//! A simulated vendor support: it answers requests of simulated devices only.
//!
//! It has no secret. A simulated device writes a random word into its request in plain
//! text, and the answer is that word again. An exported request that a key answers ends
//! with the serial number of its device; a request without it, as sadpctl 0.1.0 exported
//! it, is answered as well. Everything is marked as simulated, except the eight characters
//! of a key, which are readable in the request. No real device accepts any of it.

use std::{fmt, str::FromStr};

use jiff::civil::DateTime;
use rand::rngs::Xoshiro256PlusPlus;
use sadp_model::MacAddr;

use crate::random::SimulatedRng;

/// The request of a simulated device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestText {
    /// Whether a key can answer it, too.
    pub takes_key: bool,
    /// The device.
    pub mac: MacAddr,
    /// Distinguishes this request from others of the device.
    pub nonce: Nonce,
}

impl RequestText {
    const MARK: &'static str = "SADPCTL-SIMULATED-REQUEST";

    /// Parses an exported request and the serial number at its end, "" where there is none.
    /// Only a request that a key answers may have one; those of sadpctl 0.1.0, and of
    /// devices that report none, do not.
    pub fn read_exported(text: &str) -> Result<(Self, &str), NotSimulated> {
        let line = without_line_break(text);
        let nonce = line.match_indices(':').nth(2).ok_or(NotSimulated)?;
        let end = nonce.0 + 1 + Nonce::DIGITS;
        let (code, serial) = line.split_at_checked(end).ok_or(NotSimulated)?;
        let code: Self = code.parse()?;
        let fits = serial.is_empty() || code.takes_key && !serial.contains(char::is_control);
        fits.then_some((code, serial)).ok_or(NotSimulated)
    }

    /// The content of the answer file.
    pub fn answer(&self) -> String {
        format!("SADPCTL-SIMULATED-ANSWER:{}:{}", bare(self.mac), self.nonce)
    }

    /// The key that is typed instead of a file. `None` where the device takes a file only.
    pub fn key(&self) -> Option<String> {
        self.takes_key.then(|| self.nonce.start())
    }

    /// Whether the device of this request accepts this answer.
    pub(crate) fn is_answered_by(&self, answer: &str) -> bool {
        self.answer() == answer || self.key().is_some_and(|key| key == answer)
    }
}

impl fmt::Display for RequestText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.takes_key { BY_KEY } else { BY_FILE };
        write!(f, "{}:{kind}:{}:{}", Self::MARK, bare(self.mac), self.nonce)
    }
}

impl FromStr for RequestText {
    type Err = NotSimulated;

    fn from_str(text: &str) -> Result<Self, NotSimulated> {
        let [Self::MARK, kind @ (BY_KEY | BY_FILE), mac, nonce] = parts(text)? else {
            return Err(NotSimulated);
        };
        Ok(Self {
            takes_key: kind == BY_KEY,
            mac: mac.parse().map_err(|_| NotSimulated)?,
            nonce: nonce.parse()?,
        })
    }
}

const BY_FILE: &str = "file";
const BY_KEY: &str = "file-or-key";

/// The QR code of a simulated device that requests a mailed code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCode {
    /// The device.
    pub mac: MacAddr,
    /// Distinguishes this code from others of the device.
    pub nonce: Nonce,
}

impl MailCode {
    const MARK: &'static str = "SADPCTL-SIMULATED-MAIL";

    /// The mailed code.
    pub fn code(&self) -> String {
        self.nonce.start()
    }
}

impl fmt::Display for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", Self::MARK, bare(self.mac), self.nonce)
    }
}

impl FromStr for MailCode {
    type Err = NotSimulated;

    fn from_str(text: &str) -> Result<Self, NotSimulated> {
        let [Self::MARK, mac, nonce] = parts(text)? else {
            return Err(NotSimulated);
        };
        Ok(Self {
            mac: mac.parse().map_err(|_| NotSimulated)?,
            nonce: nonce.parse()?,
        })
    }
}

/// Returns the dated code of a simulated legacy device: the end of its serial number and
/// its boot time, as it reports both. After a restart another code is valid.
pub fn dated_code(serial: &str, boot: Option<DateTime>) -> String {
    const SERIAL_END: usize = 24;
    let serial = serial.chars().filter(char::is_ascii_alphanumeric);
    let serial: String = serial.collect();
    let end = &serial[serial.len().saturating_sub(SERIAL_END)..];
    let boot = boot.map(|boot| boot.strftime("%Y%m%d%H%M%S").to_string());
    let boot = boot.as_deref().unwrap_or("unknown");
    format!("SIMULATED-{end}-{boot}")
}

/// A random word: 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(Box<str>);

impl Nonce {
    const DIGITS: usize = 32;
    const START: usize = 8;

    /// Chooses a word.
    pub(crate) fn random(rng: &mut Xoshiro256PlusPlus) -> Self {
        Self(SimulatedRng(rng).hexadecimal().into())
    }

    fn start(&self) -> String {
        self.0.chars().take(Self::START).collect()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Nonce {
    type Err = NotSimulated;

    fn from_str(text: &str) -> Result<Self, NotSimulated> {
        let fits = text.len() == Self::DIGITS
            && text.chars().all(|it| matches!(it, '0'..='9' | 'a'..='f'));
        fits.then(|| Self(text.into())).ok_or(NotSimulated)
    }
}

/// The text is not a request of a simulated device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request of a simulated device; the simulated support answers no other")]
pub struct NotSimulated;

/// Splits a text at colons into this many parts, without a line break at the end.
fn parts<const COUNT: usize>(text: &str) -> Result<[&str; COUNT], NotSimulated> {
    let parts: Vec<&str> = without_line_break(text)
        .split(':')
        .take(COUNT + 1)
        .collect();
    parts.try_into().map_err(|_| NotSimulated)
}

fn without_line_break(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Returns the address without separators.
fn bare(mac: MacAddr) -> String {
    mac.to_string().replace(':', "")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    fn request(takes_key: bool) -> RequestText {
        RequestText {
            takes_key,
            mac: "c4:2f:90:00:00:05".parse().unwrap(),
            nonce: NONCE.parse().unwrap(),
        }
    }

    #[test]
    fn requests_are_read_as_they_are_written() {
        for takes_key in [false, true] {
            let text = request(takes_key).to_string();
            assert!(text.starts_with("SADPCTL-SIMULATED-REQUEST:file"));
            for saved in [text.clone(), format!("{text}\n"), format!("{text}\r\n")] {
                assert_eq!(saved.parse(), Ok(request(takes_key)));
            }
        }
        let mail = MailCode {
            mac: request(true).mac,
            nonce: NONCE.parse().unwrap(),
        };
        assert_eq!(mail.to_string().parse(), Ok(mail));
    }

    #[test]
    fn an_exported_request_may_end_in_the_serial_number() {
        const SERIAL: &str = "DS-2CD2042WD-I20160919AA:CH0123456";
        for takes_key in [false, true] {
            let code = request(takes_key);
            let text = code.to_string();
            for end in ["", "\n", "\r\n"] {
                let bare = format!("{text}{end}");
                assert_eq!(RequestText::read_exported(&bare), Ok((code.clone(), "")));
                let full = format!("{text}{SERIAL}{end}");
                let read = RequestText::read_exported(&full);
                let expected = takes_key.then_some((code.clone(), SERIAL));
                assert_eq!(read.ok(), expected, "{full}");
            }
        }
        let text = request(true).to_string();
        for wrong in [
            "",
            SERIAL,
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}{SERIAL}\n\n"),
            &format!("{text}a\u{1b}b"),
            &format!("{}\u{e4}{SERIAL}", &text[..text.len() - 1]),
        ] {
            let read = RequestText::read_exported(wrong);
            assert_eq!(read, Err(NotSimulated), "{wrong}");
        }
    }

    #[test]
    fn nothing_else_is_answered() {
        let own = request(true).to_string();
        for text in [
            "",
            "AAECAwQFBgcICQoLDA0ODw==",
            &own.replace("SIMULATED", "REAL"),
            &own.replace("file-or-key", "key"),
            &own.replace("c42f", "c4zz"),
            &own.replace("abcdef", "ABCDEF"),
            &format!("{own}0"),
            &format!("{own}:0"),
            &format!("{own}\n\n"),
            &request(true).answer(),
        ] {
            assert_eq!(text.parse::<RequestText>(), Err(NotSimulated), "{text}");
            assert_eq!(text.parse::<MailCode>(), Err(NotSimulated), "{text}");
        }
    }

    #[test]
    fn a_key_is_taken_only_where_the_request_says_so() {
        let file = request(false);
        let either = request(true);
        assert!(either.answer().len() <= 512);
        assert_eq!(file.key(), None);
        assert_eq!(either.key().as_deref(), Some("01234567"));
        assert!(file.is_answered_by(&file.answer()) && either.is_answered_by(&file.answer()));
        assert!(!file.is_answered_by("01234567") && either.is_answered_by("01234567"));
        assert!(!either.is_answered_by("") && !either.is_answered_by("0123456"));
    }

    #[test]
    fn a_dated_code_distinguishes_devices_and_starts() {
        let boot = date(2026, 11, 1).at(8, 5, 9, 0);
        let code = dated_code("DS-2CD2432F-IW20141201CCCH123456789", Some(boot));
        assert_eq!(code, "SIMULATED-FIW20141201CCCH123456789-20261101080509");
        assert!(dated_code(&"9".repeat(900), None).len() <= 64);
        assert_ne!(dated_code("A1", Some(boot)), dated_code("A2", Some(boot)));
        assert_ne!(dated_code("A1", Some(boot)), dated_code("A1", None));
    }
}

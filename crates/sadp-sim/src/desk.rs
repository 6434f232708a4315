//! The pretend support desk of a vendor: it answers requests of simulated
//! devices, and of no others.
//!
//! There is no secret in it. A simulated device writes a random word into its
//! request in clear text, and its answer is that word again. An exported request
//! that a key answers ends in the serial number of its device; without it, as
//! sadpctl 0.1.0 exported them, such a request is answered as well. Everything
//! says that it is simulated, but for the eight characters of a key, which stand
//! in the request for anyone to read. No real device takes any of it.

use std::{fmt, str::FromStr};

use jiff::civil::DateTime;
use sadp_model::MacAddr;

/// What a simulated device gives out so that the desk can answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCode {
    /// Whether it takes a key for an answer, too.
    pub takes_key: bool,
    /// The device.
    pub mac: MacAddr,
    /// What tells this request from the device's others.
    pub nonce: Nonce,
}

impl RequestCode {
    const MARK: &'static str = "SADPCTL-SIMULATED-REQUEST";

    /// Reads a request as it was exported, with the serial number it ends in, ""
    /// where there is none. Only a request that a key answers may end in one;
    /// those of sadpctl 0.1.0, and of devices that tell none, do not.
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

    /// The key that is typed in place of a file. `None` where the device takes
    /// a file only.
    pub fn key(&self) -> Option<String> {
        self.takes_key.then(|| self.nonce.start())
    }

    /// Whether a device that made this code takes this answer.
    pub(crate) fn is_answered_by(&self, answer: &str) -> bool {
        self.answer() == answer || self.key().is_some_and(|key| key == answer)
    }
}

impl fmt::Display for RequestCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.takes_key { BY_KEY } else { BY_FILE };
        write!(f, "{}:{kind}:{}:{}", Self::MARK, bare(self.mac), self.nonce)
    }
}

impl FromStr for RequestCode {
    type Err = NotSimulated;

    fn from_str(text: &str) -> Result<Self, NotSimulated> {
        let [mark, kind, mac, nonce] = parts(text)?;
        let takes_key = match kind {
            BY_KEY => true,
            BY_FILE => false,
            _ => return Err(NotSimulated),
        };
        if mark != Self::MARK {
            return Err(NotSimulated);
        }
        Ok(Self {
            takes_key,
            mac: mac.parse().map_err(|_| NotSimulated)?,
            nonce: nonce.parse()?,
        })
    }
}

const BY_FILE: &str = "file";
const BY_KEY: &str = "file-or-key";

/// What a simulated device shows as a QR code, to have a code sent to its
/// reserved e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCode {
    /// The device.
    pub mac: MacAddr,
    /// What tells this code from the device's others.
    pub nonce: Nonce,
}

impl MailCode {
    const MARK: &'static str = "SADPCTL-SIMULATED-MAIL";

    /// What would come by e-mail.
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
        let [mark, mac, nonce] = parts(text)?;
        if mark != Self::MARK {
            return Err(NotSimulated);
        }
        Ok(Self {
            mac: mac.parse().map_err(|_| NotSimulated)?,
            nonce: nonce.parse()?,
        })
    }
}

/// The dated code of a simulated device that takes nothing else: the end of its
/// serial number and when it started, as it tells both. A device that started
/// anew since takes another.
pub fn dated_code(serial: &str, boot: Option<DateTime>) -> String {
    const SERIAL_END: usize = 24;
    let end: Vec<char> = serial
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .rev()
        .take(SERIAL_END)
        .collect();
    let end: String = end.into_iter().rev().collect();
    let boot = boot.map_or_else(
        || String::from("unknown"),
        |boot| boot.strftime("%Y%m%d%H%M%S").to_string(),
    );
    format!("SIMULATED-{end}-{boot}")
}

/// A random word: 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(Box<str>);

impl Nonce {
    const DIGITS: usize = 32;
    const START: usize = 8;

    /// Digits from a source of chance. What is no digit is passed over.
    pub(crate) fn new(digits: &str) -> Self {
        Self(
            digits
                .chars()
                .filter(|it| is_digit(*it))
                .take(Self::DIGITS)
                .collect(),
        )
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
        let fits = text.len() == Self::DIGITS && text.chars().all(is_digit);
        fits.then(|| Self(text.into())).ok_or(NotSimulated)
    }
}

fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | 'a'..='f')
}

/// It is no request of a simulated device: the desk is no vendor's and answers
/// no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a request of a simulated device; this desk is no vendor's and answers no other")]
pub struct NotSimulated;

/// So many parts, set apart by colons. A line break at the end is passed over.
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

/// The address without separators.
fn bare(mac: MacAddr) -> String {
    mac.to_string().replace(':', "")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    fn request(takes_key: bool) -> RequestCode {
        RequestCode {
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
                assert_eq!(RequestCode::read_exported(&bare), Ok((code.clone(), "")));
                let full = format!("{text}{SERIAL}{end}");
                let read = RequestCode::read_exported(&full);
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
            assert_eq!(
                RequestCode::read_exported(wrong),
                Err(NotSimulated),
                "{wrong}"
            );
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
            assert_eq!(text.parse::<RequestCode>(), Err(NotSimulated), "{text}");
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
    fn a_dated_code_tells_devices_and_starts_apart() {
        let boot = date(2026, 11, 1).at(8, 5, 9, 0);
        let code = dated_code("DS-2CD2432F-IW20141201CCCH123456789", Some(boot));
        assert_eq!(code, "SIMULATED-FIW20141201CCCH123456789-20261101080509");
        assert!(dated_code(&"9".repeat(900), None).len() <= 64);
        assert_ne!(dated_code("A1", Some(boot)), dated_code("A2", Some(boot)));
        assert_ne!(dated_code("A1", Some(boot)), dated_code("A1", None));
    }
}

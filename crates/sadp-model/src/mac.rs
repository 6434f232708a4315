use std::{fmt, str::FromStr};

/// A 48-bit hardware address.
///
/// Parses all common notations: `44-47-cc-1d-6d-13`, `44:47:CC:1D:6D:13`,
/// `4447.cc1d.6d13`, `4447cc1d6d13`. Displays in lower case with colons. The
/// device's own spelling stays in its [`RawFields`](crate::RawFields), because
/// commands must repeat it exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// An address from its six bytes, first byte sent first.
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The six bytes, first byte sent first.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// The digits of an address that somebody wrote, or of a part of one, without what
    /// separates them.
    pub fn digits_of(text: &str) -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// Whether the address can identify one device: it is not zero, a group or the
    /// broadcast address. Firmware without a programmed address sends such.
    pub const fn is_identity(self) -> bool {
        let all_zero = matches!(self.0, [0, 0, 0, 0, 0, 0]);
        !all_zero && self.0[0] & 1 == 0
    }
}

impl FromStr for MacAddr {
    type Err = ParseMacError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0u8; 6];
        let mut digits = 0;
        for character in text.trim().chars() {
            if let Some(digit) = character.to_digit(16) {
                let byte = bytes.get_mut(digits / 2).ok_or(ParseMacError)?;
                *byte = (*byte << 4) | u8::try_from(digit).map_err(|_| ParseMacError)?;
                digits += 1;
            } else if !matches!(character, ':' | '-' | '.' | ' ') || digits % 2 != 0 {
                return Err(ParseMacError);
            }
        }
        if digits == 12 {
            Ok(Self(bytes))
        } else {
            Err(ParseMacError)
        }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a hardware address of twelve hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address of twelve hexadecimal digits")]
pub struct ParseMacError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_names_the_same_address() {
        let expected = MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, 0x13]);
        for text in [
            "44-47-cc-1d-6d-13",
            "44:47:CC:1D:6D:13",
            "4447.cc1d.6d13",
            "4447cc1d6d13",
            " 44 47 cc 1d 6d 13 ",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "44:47:cc:1d:6d:13");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "44-47-cc-1d-6d",
            "44-47-cc-1d-6d-1",
            "44-47-cc-1d-6d-133",
            "4-447cc1d6d13",
            "192.168.1.64",
            "zz-47-cc-1d-6d-13",
        ] {
            assert_eq!(text.parse::<MacAddr>(), Err(ParseMacError), "{text}");
        }
    }

    #[test]
    fn only_a_unicast_address_is_an_identity() {
        assert!(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 0]).is_identity());
        assert!(!MacAddr::new([0; 6]).is_identity());
        assert!(!MacAddr::new([0xff; 6]).is_identity());
        assert!(!MacAddr::new([1, 0, 0x5e, 0, 0, 1]).is_identity());
    }
}

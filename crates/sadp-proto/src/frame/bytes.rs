//! Reads numbers and addresses from bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use sadp_model::MacAddr;

use super::{FrameError, Party};

/// A reader. An error names the missing field.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The remaining bytes.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Splits off the next `length` bytes, or fewer if there are not as many.
    pub(super) fn split(&self, length: usize) -> (&'a [u8], &'a [u8]) {
        self.0.split_at_checked(length).unwrap_or((self.0, &[]))
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<[u8; N], FrameError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FrameError::Short(name))?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self, name: &'static str) -> Result<u8, FrameError> {
        self.array(name).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, name: &'static str) -> Result<u16, FrameError> {
        self.array(name).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, name: &'static str) -> Result<u32, FrameError> {
        self.array(name).map(u32::from_be_bytes)
    }

    pub(super) fn mac(&mut self, name: &'static str) -> Result<MacAddr, FrameError> {
        self.array(name).map(MacAddr::new)
    }

    pub(super) fn ipv4(&mut self, name: &'static str) -> Result<Ipv4Addr, FrameError> {
        self.array::<4>(name).map(Ipv4Addr::from)
    }

    pub(super) fn ipv6(&mut self, name: &'static str) -> Result<Ipv6Addr, FrameError> {
        self.array::<16>(name).map(Ipv6Addr::from)
    }

    pub(super) fn party(&mut self, name: &'static str) -> Result<Party, FrameError> {
        Ok(Party {
            mac: self.mac(name)?,
            ipv4: self.ipv4(name)?,
        })
    }

    /// A text padded with NULs.
    pub(super) fn text<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<Box<str>, FrameError> {
        let bytes = self.array::<N>(name)?;
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(text).trim().into())
    }
}

/// The one's complement of the one's-complement sum of the little-endian words. The
/// checksum at `at` counts as zero.
pub(super) fn checksum(part: &[u8], at: usize) -> u16 {
    let mut sum: u32 = 0;
    for (number, word) in part.chunks(2).enumerate() {
        if number.saturating_mul(2) == at {
            continue;
        }
        let word = match *word {
            [low, high] => u16::from_le_bytes([low, high]),
            [low] => u16::from(low),
            _ => 0,
        };
        // A part has 128 words at most: no overflow.
        sum = sum.saturating_add(word.into());
    }
    while let Ok(carry) = u16::try_from(sum >> 16)
        && carry > 0
    {
        sum = (sum & 0xffff).saturating_add(carry.into());
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Writes the checksum at `at`.
pub(super) fn write_checksum(part: &mut [u8], at: usize) {
    let sum = checksum(part, at).to_be_bytes();
    if let Some(place) = part.get_mut(at..at.saturating_add(sum.len())) {
        place.copy_from_slice(&sum);
    }
}

/// A text padded with NULs to `length`, or truncated.
pub(super) fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(length, 0);
    bytes
}

//! Bytes that are no reply, or nearly one.

use std::net::Ipv4Addr;

use rand::{RngExt, rngs::Xoshiro256PlusPlus};

use super::{Trick, account};

#[derive(Debug)]
pub(super) struct Garbage {
    /// A reply to spoil.
    reply: Vec<u8>,
}

impl Garbage {
    const MAX_BYTES: usize = 1400;

    pub(super) fn new(address: Ipv4Addr) -> Self {
        let account = account::invented(account::mac(4, 0), address);
        Self {
            reply: account::reply(&account),
        }
    }
}

impl Trick for Garbage {
    fn floods(&self) -> bool {
        true
    }

    fn flood(&mut self, rng: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        Some(match rng.random_range(0..8u32) {
            0 => Vec::new(),
            1 => {
                let mut bytes = vec![0; rng.random_range(1..=Self::MAX_BYTES)];
                rng.fill(&mut bytes[..]);
                bytes
            }
            2 => {
                let mut cut = self.reply.clone();
                cut.truncate(rng.random_range(0..cut.len()));
                cut
            }
            3 => {
                let mut changed = self.reply.clone();
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
            6 => [&[0xff, 0xfe][..], &self.reply].concat(),
            _ => "<"
                .repeat(rng.random_range(1..=Self::MAX_BYTES))
                .into_bytes(),
        })
    }
}

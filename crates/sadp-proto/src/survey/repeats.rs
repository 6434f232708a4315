//! Replies that repeat the latest one of their device.

use std::{collections::HashMap, hash::BuildHasher};

use foldhash::quality::RandomState;
use memchr::memmem;
use sadp_model::Protocol;
use uuid::Uuid;

use super::ReplyTo;
use crate::Datagram;

/// The latest reply of each device. One that differs from it only in the probe that it
/// answers needs no decoding: usually two of three.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Its seed is random: nobody else can make two replies with one hash on purpose.
    hasher: RandomState,
    devices: HashMap<u64, usize>,
    /// The reply of each device in `devices`.
    latest: HashMap<usize, u64>,
}

/// A reply, apart from the probe that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    hash: u64,
    uuid: Uuid,
}

impl Fingerprint {
    /// The probe that it answers.
    pub(super) const fn answer(self) -> ReplyTo {
        ReplyTo::probe(self.uuid)
    }
}

impl Repeats {
    /// What identifies a reply. `None` if it names no probe, or is not whole.
    pub(super) fn fingerprint(&self, datagram: &Datagram<'_>) -> Option<Fingerprint> {
        const BEGIN: &[u8] = b"<Uuid>";
        const BYTES: usize = 36;
        if datagram.protocol != Protocol::Sadp || datagram.is_beginning {
            return None;
        }
        let payload = datagram.payload;
        let begin = memmem::find(payload, BEGIN)?;
        let (before, rest) = payload.split_at_checked(begin)?;
        let (uuid, after) = rest.strip_prefix(BEGIN)?.split_at_checked(BYTES)?;
        Some(Fingerprint {
            hash: self.hasher.hash_one((datagram.from.ip(), before, after)),
            uuid: Uuid::try_parse_ascii(uuid).ok()?,
        })
    }

    /// The device whose latest reply this one repeats.
    pub(super) fn device(&self, reply: Fingerprint) -> Option<usize> {
        self.devices.get(&reply.hash).copied()
    }

    /// Remembers the latest reply of a device.
    pub(super) fn note(&mut self, device: usize, reply: Fingerprint) {
        self.forget(device);
        self.latest.insert(device, reply.hash);
        if let Some(other) = self.devices.insert(reply.hash, device) {
            self.latest.remove(&other);
        }
    }

    /// Forgets the reply of a device that reported something else since.
    pub(super) fn forget(&mut self, device: usize) {
        if let Some(former) = self.latest.remove(&device) {
            self.devices.remove(&former);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use sadp_model::Via;

    use super::*;

    const FIRST: &str = "11111111-1111-4111-8111-111111111111";
    const SECOND: &str = "22222222-2222-4222-8222-222222222222";

    fn fingerprint(repeats: &Repeats, from: [u8; 4], text: &str) -> Option<Fingerprint> {
        repeats.fingerprint(&Datagram {
            interface: &Arc::from("lan0"),
            from: (from, 37020).into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
            payload: text.as_bytes(),
            is_beginning: false,
        })
    }

    fn reply(uuid: &str, mac: &str) -> String {
        format!("<ProbeMatch><Uuid>{uuid}</Uuid><MAC>{mac}</MAC></ProbeMatch>")
    }

    #[test]
    fn only_the_probe_and_nothing_else_may_differ() {
        let mut repeats = Repeats::default();
        let of = |repeats: &Repeats, from, text: &str| fingerprint(repeats, from, text).unwrap();
        let first = of(&repeats, [10, 0, 0, 1], &reply(FIRST, "a"));
        assert_eq!(repeats.device(first), None);
        repeats.note(7, first);
        let second = of(&repeats, [10, 0, 0, 1], &reply(SECOND, "a"));
        assert_eq!(repeats.device(second), Some(7));
        assert_eq!(second.uuid.to_string(), SECOND);
        for (from, mac) in [([10, 0, 0, 1], "b"), ([10, 0, 0, 2], "a")] {
            let other = of(&repeats, from, &reply(SECOND, mac));
            assert_eq!(repeats.device(other), None);
        }
    }

    #[test]
    fn only_the_latest_reply_of_a_device_counts() {
        let mut repeats = Repeats::default();
        let replies = ["a", "b"].map(|mac| reply(FIRST, mac));
        let [a, b] = replies.map(|it| fingerprint(&repeats, [10, 0, 0, 1], &it).unwrap());
        repeats.note(0, a);
        repeats.note(0, b);
        assert_eq!([a, b].map(|it| repeats.device(it)), [None, Some(0)]);
        repeats.note(1, b);
        assert_eq!(repeats.device(b), Some(1));
        repeats.forget(1);
        assert_eq!(repeats.device(b), None);
        assert_eq!((repeats.devices.len(), repeats.latest.len()), (0, 0));
    }

    #[test]
    fn a_reply_that_names_no_probe_has_no_fingerprint() {
        let repeats = Repeats::default();
        for text in ["", "<Uuid>", &reply("", "a"), &reply("no UUID", "a")] {
            assert_eq!(fingerprint(&repeats, [10, 0, 0, 1], text), None, "{text}");
        }
    }
}

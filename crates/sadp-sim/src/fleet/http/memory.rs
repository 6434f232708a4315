//! The state that a device keeps of its HTTP clients.

use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    time::Duration,
};

use jiff::SignedDuration;
use sadp_isapi::digest::Challenge;
use sadp_model::RawFields;

use super::{activation::PendingHandshake, security::OnvifAccount};
use crate::{HttpCounts, Tries};

/// The state that a device keeps of its HTTP clients, and what they have set.
#[derive(Debug, Default)]
pub(in crate::fleet) struct HttpMemory {
    pub(super) counts: HttpCounts,
    nonces: VecDeque<IssuedNonce>,
    clients: VecDeque<(Ipv4Addr, Tries)>,
    /// Documents that were set, by their roots.
    pub(super) documents: BTreeMap<&'static str, RawFields>,
    /// How far the clock is ahead, where it was set.
    pub(super) clock: Option<SignedDuration>,
    pub(super) onvif_users: Vec<OnvifAccount>,
    pub(super) pending: Option<PendingHandshake>,
    /// The end of a start, until which changes are refused.
    pub(super) writable_from: Duration,
}

/// A nonce that was sent in a challenge.
#[derive(Debug)]
pub(super) struct IssuedNonce {
    pub(super) text: Box<[u8]>,
    /// The path and query that it is for.
    pub(super) target: Box<str>,
    /// The challenges with it, in each form that responses may have.
    pub(super) accepted: Vec<Challenge>,
}

impl HttpMemory {
    /// The number of nonces that are valid at once. Clients that ask much, and log in
    /// never, make others start again.
    const NONCES: usize = 64;

    /// The number of clients whose tries are counted. The one that was not counted the
    /// longest is forgotten.
    const CLIENTS: usize = 64;

    pub(super) fn keep_nonce(&mut self, nonce: IssuedNonce) {
        self.nonces.truncate(Self::NONCES - 1);
        self.nonces.push_front(nonce);
    }

    /// Takes a nonce: it is valid once.
    pub(super) fn take_nonce(&mut self, text: &[u8]) -> Option<IssuedNonce> {
        let index = self.nonces.iter().position(|nonce| *nonce.text == *text)?;
        self.nonces.remove(index)
    }

    /// The tries of a client, which begin as `fresh`.
    pub(super) fn tries_of(&mut self, client: Ipv4Addr, fresh: Tries) -> &mut Tries {
        let index = self.clients.iter().position(|(known, _)| *known == client);
        let known = index.and_then(|index| self.clients.remove(index));
        self.clients.truncate(Self::CLIENTS - 1);
        self.clients.push_front(known.unwrap_or((client, fresh)));
        &mut self.clients[0].1
    }

    /// Forgets what does not survive a restart, after which changes are refused until
    /// `writable_from`.
    pub(in crate::fleet) fn restart(&mut self, writable_from: Duration) {
        self.nonces.clear();
        self.clients.clear();
        self.pending = None;
        self.writable_from = writable_from;
    }

    /// Forgets everything but the counters: the device has its factory settings again.
    pub(in crate::fleet) fn forget_owner(&mut self) {
        *self = Self {
            counts: self.counts,
            writable_from: self.writable_from,
            ..Self::default()
        };
    }
}

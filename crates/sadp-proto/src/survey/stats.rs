use std::{collections::BTreeMap, net::IpAddr};

use sadp_model::Device;

use crate::DecodeError;

/// Counts of what was received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryStats {
    /// All datagrams.
    pub datagrams: u64,
    /// Replies that could be read only in part, without those that lack IP
    /// fragments.
    pub malformed: u64,
    /// Datagrams that could not be read.
    pub unreadable: u64,
    /// Replies of devices beyond the limits.
    pub refused: u64,
    /// The senders of those, with counts: at most [`DiscoveryStats::MAX_NAMED`].
    pub refused_from: BTreeMap<IpAddr, u64>,
    /// The senders of unreadable datagrams, with the reason: at most
    /// [`DiscoveryStats::MAX_NAMED`].
    pub unreadable_from: BTreeMap<IpAddr, DecodeError>,
    /// Other SADP programs on the network: at most [`DiscoveryStats::MAX_NAMED`].
    pub other_askers: BTreeMap<IpAddr, u64>,
}

impl DiscoveryStats {
    /// The most senders that are listed.
    pub const MAX_NAMED: usize = 32;

    pub(crate) fn note_datagram(&mut self) {
        self.datagrams = self.datagrams.saturating_add(1);
    }

    pub(crate) fn note_report(&mut self, device: &Device) {
        let malformed = !device.complete && !device.fragment_only;
        self.malformed = self.malformed.saturating_add(u64::from(malformed));
    }

    pub(crate) fn note_refused(&mut self, from: IpAddr) {
        self.refused = self.refused.saturating_add(1);
        count(&mut self.refused_from, from);
    }

    pub(crate) fn note_unreadable(&mut self, from: IpAddr, error: DecodeError) {
        self.unreadable = self.unreadable.saturating_add(1);
        if self.unreadable_from.len() < Self::MAX_NAMED {
            self.unreadable_from.insert(from, error);
        }
    }

    pub(crate) fn note_asker(&mut self, from: IpAddr) {
        count(&mut self.other_askers, from);
    }
}

/// Counts for a sender, if there is room to list it.
fn count(times: &mut BTreeMap<IpAddr, u64>, from: IpAddr) {
    if times.len() < DiscoveryStats::MAX_NAMED || times.contains_key(&from) {
        let times = times.entry(from).or_default();
        *times = times.saturating_add(1);
    }
}

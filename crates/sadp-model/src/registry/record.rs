//! One device of a registry, and how its replies were received.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use enumset::EnumSet;
use jiff::Timestamp;
use strum::{IntoStaticStr, VariantNames};

use super::{
    Contradiction,
    senders::{ReplyAddress, SenderConflict, Senders},
};
use crate::{Device, MacAddr};

/// One device and how its replies were received.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct DeviceRecord {
    /// What is known of the device.
    pub device: Box<Device>,
    /// How its replies were received: one sighting for each interface, sender and
    /// transport, with the latest time; the latest [`DeviceRecord::MAX_SIGHTINGS`].
    pub seen: Vec<Sighting>,
    /// Whether it answered a probe to its own address, and so is reachable whatever
    /// the subnets are.
    pub answered_directly: bool,
    /// The longest time it took to answer a probe. `None` if it never named the probe
    /// that it answered.
    pub response_time: Option<Duration>,
    /// Whether its reports contradict each other: it returned to an address that it
    /// had left. Two devices with one identity look like this.
    pub contradictory: bool,
    /// What its replies by one protocol report in two ways. Omitted is not different.
    pub contradictions: EnumSet<Contradiction>,
    /// Whether its network settings are put together from replies that are not alike.
    pub mixed_settings: bool,
    /// Whether any of its replies could not be read to the end.
    pub malformed: bool,
    protocol: Protocol,
    left_addresses: Vec<Ipv4Addr>,
    senders: Senders,
    /// The sender of the largest report, and the memory it takes.
    pub(super) largest_contributor: IpAddr,
    pub(super) footprint: usize,
}

impl DeviceRecord {
    /// The most sightings that are kept.
    pub const MAX_SIGHTINGS: usize = 16;

    const MAX_LEFT_ADDRESSES: usize = 8;

    pub(super) fn new(device: Box<Device>, sighting: Sighting) -> Self {
        let mut record = Self {
            largest_contributor: sighting.from,
            protocol: sighting.protocol,
            ..Self::unseen(device)
        };
        if sighting.is_by_udp() {
            let own = record.device.ipv4.address;
            record.senders.note(&sighting, own);
        }
        record.seen = vec![sighting];
        record
    }

    /// A device that somebody knows of, and that was not received.
    pub fn unseen(device: impl Into<Box<Device>>) -> Self {
        let device = device.into();
        Self {
            senders: Senders::default(),
            malformed: is_malformed(&device),
            largest_contributor: Ipv4Addr::UNSPECIFIED.into(),
            footprint: device.footprint(),
            device,
            protocol: Protocol::Sadp,
            seen: Vec::new(),
            answered_directly: false,
            response_time: None,
            contradictory: false,
            contradictions: EnumSet::empty(),
            mixed_settings: false,
            left_addresses: Vec::new(),
        }
    }

    /// Forgets which addresses it left, so that it can return to one without
    /// counting as two devices, and what it reported in two ways.
    pub fn forget_moves(&mut self) {
        self.left_addresses.clear();
        self.contradictory = false;
        self.contradictions.clear();
        self.mixed_settings = false;
    }

    /// Forgets all sightings but the latest.
    pub fn forget_sightings(&mut self) {
        if let Some(latest) = self.seen.iter().max_by_key(|seen| seen.at).cloned() {
            self.protocol = latest.protocol;
            self.seen = vec![latest];
        }
        self.senders.forget_former();
    }

    /// By which protocols it reported itself from its own address, once each.
    pub fn home_reports(&self) -> BTreeSet<(MacAddr, Protocol, IpAddr)> {
        let mac = self.device.identity();
        let own = self.device.ipv4.address.map(IpAddr::V4);
        let seen = self.seen.iter().filter(|it| Some(it.from) == own);
        let reports = seen.filter_map(|it| Some((mac?, it.protocol, it.from)));
        reports.collect()
    }

    /// The address it replies from by UDP, and whether somebody else may reply for
    /// it. `None` if it never replied by UDP.
    pub fn reply_address(&self) -> Option<ReplyAddress> {
        self.senders.reply_address()
    }

    /// Whether two senders reply for it, of which one is not the device.
    pub fn has_concurrent_sender(&self) -> bool {
        let conflict = self.reply_address().and_then(|sender| sender.conflict);
        matches!(conflict, Some(SenderConflict::Concurrent(_)))
    }

    /// The address it is found by: its own, else that of a sender.
    pub(super) fn address(&self) -> Option<Ipv4Addr> {
        let own = self.device.ipv4.address;
        own.or_else(|| self.seen.first().and_then(Sighting::ipv4))
    }

    /// Records that it answered this probe. A reply that reports another address than
    /// the probe went to does not make that one reachable.
    pub fn note_answer(&mut self, probe: AnsweredProbe) {
        let target = probe.target;
        self.answered_directly |= target.is_some() && target == self.device.ipv4.address;
        self.response_time = self.response_time.max(Some(probe.response_time));
    }

    /// Whether it replied only by raw Ethernet, never by UDP: it may not support
    /// XML commands.
    pub const fn is_frames_only(&self) -> bool {
        matches!(self.protocol, Protocol::SadpFrame)
    }

    pub(super) fn note_repeated(&mut self, sighting: Sighting) {
        self.note(self.device.ipv4.address, sighting);
    }

    pub(super) fn update(&mut self, mut device: Box<Device>, sighting: Sighting) -> bool {
        self.malformed |= is_malformed(&device);
        let protocol = sighting.protocol;
        self.note(device.ipv4.address, sighting);
        if protocol == Protocol::SadpFrame && self.protocol != protocol {
            return self.supplement(&device);
        }
        if self.protocol == protocol
            && (device.complete || !self.device.complete)
            // Frames have no elements.
            && (self.is_frames_only() || !self.device.raw.is_alike(&device.raw))
        {
            self.compare(&device);
            device.keep_password_elements(&self.device);
        }
        let before = self.device.ipv4.address;
        let changed = if self.protocol == protocol {
            self.device.update(*device)
        } else {
            self.replace_frame(device)
        };
        self.protocol = protocol;
        let now = self.device.ipv4.address;
        if before != now {
            self.contradictory |= now.is_some_and(|now| self.left_addresses.contains(&now));
            if self.left_addresses.len() < Self::MAX_LEFT_ADDRESSES {
                self.left_addresses.extend(before);
            }
        }
        changed
    }

    /// Notes what a report by the same protocol contradicts.
    fn compare(&mut self, later: &Device) {
        self.contradictions |= Contradiction::between(&self.device, later, self.protocol);
        let alike = self.device.has_settings_of(later);
        self.mixed_settings |= self.device.complete == later.complete && !alike;
    }

    /// Replaces a frame's report by an XML one, even an incomplete one, and fills
    /// it from the frame.
    fn replace_frame(&mut self, xml: Box<Device>) -> bool {
        let frame = std::mem::replace(&mut self.device, xml);
        self.supplement(&frame);
        self.device != frame
    }

    /// Adds what the XML report omits. Frames contain less; commands need the XML
    /// elements unchanged.
    fn supplement(&mut self, frame: &Device) -> bool {
        let before = self.device.clone();
        self.device.fill_from(frame);
        self.mixed_settings |= !before.has_settings_of(&self.device);
        before != self.device
    }

    /// Notes how a report with this address of the device was received.
    fn note(&mut self, told: Option<Ipv4Addr>, sighting: Sighting) {
        if sighting.is_by_udp() {
            self.senders.note(&sighting, told);
        }
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.is_alike(&sighting)) {
            seen.at = sighting.at;
        } else if self.seen.len() < Self::MAX_SIGHTINGS {
            self.seen.push(sighting);
        } else if let Some(oldest) = self.seen.iter_mut().min_by_key(|seen| seen.at) {
            *oldest = sighting;
        }
    }
}

/// A probe that a device answered.
#[derive(Clone, Copy, Debug)]
pub struct AnsweredProbe {
    /// The single address that it went to. `None` if it went to a group or broadcast
    /// address.
    pub target: Option<Ipv4Addr>,
    /// The time until the answer.
    pub response_time: Duration,
}

/// Whether a reply that was received whole could not be read to its end.
const fn is_malformed(device: &Device) -> bool {
    !device.complete && !device.fragment_only
}

/// The discovery protocol of a datagram: its encoding. [`Via`] is its transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SADP: XML documents.
    #[default]
    Sadp,
    /// The older SADP: binary Ethernet frames.
    SadpFrame,
}

/// How replies of a device were received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The interface.
    pub interface: Arc<str>,
    /// The sender's address.
    pub from: IpAddr,
    /// How the datagram was encoded.
    pub protocol: Protocol,
    /// How it was transported.
    pub via: Via,
    /// The time, by this computer's clock.
    pub at: Timestamp,
}

impl Sighting {
    fn is_alike(&self, other: &Self) -> bool {
        (self.protocol, self.via) == (other.protocol, other.via)
            && self.from == other.from
            && self.interface == other.interface
    }

    fn is_by_udp(&self) -> bool {
        self.via != Via::LinkLayer
    }

    pub(super) fn ipv4(&self) -> Option<Ipv4Addr> {
        ipv4(self.from)
    }
}

pub(super) fn ipv4(from: IpAddr) -> Option<Ipv4Addr> {
    match from {
        IpAddr::V4(address) if !address.is_unspecified() => Some(address),
        _ => None,
    }
}

/// How a datagram was transported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Via {
    /// To the multicast group.
    Multicast,
    /// To this computer's own address.
    Unicast,
    /// As a raw Ethernet frame.
    LinkLayer,
}

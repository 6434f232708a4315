//! Classifies a datagram by what it means for a survey.

use sadp_model::{Device, Protocol};
use uuid::Uuid;

use super::ProbeScheduler;
use crate::{Datagram, DeviceReport, DiscoveryStats, Message};

/// A datagram, classified.
pub(crate) enum Incoming {
    /// A device reports itself.
    Report(Box<Device>, ReplyTo),
    /// A device goes offline.
    Bye(Box<Device>),
    /// It concerns no device.
    Other,
}

/// Which probe a report answers, if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyTo {
    To(ProbeId),
    /// Firmware that repeats no identifier: the latest round is assumed.
    ToLatest,
    /// A Hello answers no probe.
    Unasked,
}

impl ReplyTo {
    /// A reply to the XML probe with this UUID.
    pub(crate) const fn probe(uuid: Uuid) -> Self {
        Self::To(ProbeId::Xml(uuid))
    }
}

/// The part of a probe that replies repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProbeId {
    Xml(Uuid),
    Frame(u32),
}

impl ProbeScheduler {
    /// Classifies a datagram, and counts it.
    pub(crate) fn read(&self, datagram: &Datagram<'_>, stats: &mut DiscoveryStats) -> Incoming {
        stats.note_datagram();
        let heard = match datagram.protocol {
            Protocol::Sadp => self.read_xml(datagram, stats),
            Protocol::SadpFrame => self.read_frame(datagram, stats),
        };
        if let Incoming::Report(device, _) = &heard {
            stats.note_report(device);
        }
        heard
    }

    fn read_xml(&self, datagram: &Datagram<'_>, stats: &mut DiscoveryStats) -> Incoming {
        let from = datagram.from.ip();
        match Message::decode(datagram.payload) {
            Ok(Message::Report(report)) => {
                let answer = self.answer(&report);
                let report = report.of_beginning(datagram.is_beginning);
                return Incoming::Report(Box::new(report.device), answer);
            }
            Ok(Message::Goodbye(report)) => return Incoming::Bye(Box::new(report.device)),
            Ok(Message::Request(request)) => {
                let uuid = request.header.uuid;
                if !uuid.is_some_and(|uuid| self.has_sent(ProbeId::Xml(uuid))) {
                    stats.note_asker(from);
                }
            }
            Ok(Message::CommandReply(_)) => {}
            Err(error) => stats.note_unreadable(from, error),
        }
        Incoming::Other
    }

    fn answer(&self, report: &DeviceReport) -> ReplyTo {
        match report.header.uuid.map(ProbeId::Xml) {
            Some(question) if !report.hello || self.has_sent(question) => ReplyTo::To(question),
            _ if report.hello => ReplyTo::Unasked,
            _ => ReplyTo::ToLatest,
        }
    }

    pub(super) fn has_sent(&self, question: ProbeId) -> bool {
        self.asked.contains_key(&question)
    }
}

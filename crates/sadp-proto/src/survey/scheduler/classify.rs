//! Classifies a datagram by what it means for a survey.

use sadp_model::{Device, Via};
use uuid::Uuid;

use super::ProbeScheduler;
use crate::{Datagram, Event, Message, Report, Tally};

/// A datagram, classified.
pub(crate) enum Incoming {
    /// A device reports itself.
    Report(Box<Device>, Answer),
    /// A device goes offline.
    Bye(Box<Device>),
    /// It concerns no device.
    Other(Event),
}

/// Which probe a device's report answers, as far as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    To(Question),
    /// Firmware that repeats no identifier is taken to answer the latest round.
    ToLatest,
    /// A Hello answers nothing.
    Unasked,
}

/// The part of a probe that replies repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Xml(Uuid),
    Frame(u32),
}

impl ProbeScheduler {
    /// Classifies a datagram, and counts it.
    pub(crate) fn read(&self, datagram: &Datagram<'_>, tally: &mut Tally) -> Incoming {
        tally.datagrams = tally.datagrams.saturating_add(1);
        let heard = match datagram.via {
            Via::LinkLayer => self.read_frame(datagram, tally),
            Via::Multicast | Via::Unicast => self.read_xml(datagram, tally),
        };
        if let Incoming::Report(device, _) = &heard {
            tally.note_report(device);
        }
        heard
    }

    fn read_xml(&self, datagram: &Datagram<'_>, tally: &mut Tally) -> Incoming {
        let from = datagram.from.ip();
        Incoming::Other(match Message::decode(datagram.payload) {
            Ok(Message::Report(report)) => {
                let answer = self.answer(&report);
                let report = report.of_beginning(datagram.is_beginning);
                return Incoming::Report(Box::new(report.device), answer);
            }
            Ok(Message::Goodbye(report)) => return Incoming::Bye(Box::new(report.device)),
            Ok(Message::Request(request)) => {
                let uuid = request.header.uuid;
                if uuid.is_some_and(|uuid| self.has_asked(Question::Xml(uuid))) {
                    Event::Echo
                } else {
                    tally.note_asker(from)
                }
            }
            Ok(Message::CommandReply(_)) => Event::Other,
            Err(error) => tally.note_unreadable(from, error),
        })
    }

    fn answer(&self, report: &Report) -> Answer {
        match report.header.uuid.map(Question::Xml) {
            Some(question) if !report.hello || self.has_asked(question) => Answer::To(question),
            _ if report.hello => Answer::Unasked,
            _ => Answer::ToLatest,
        }
    }

    pub(super) fn has_asked(&self, question: Question) -> bool {
        self.asked.contains_key(&question)
    }
}

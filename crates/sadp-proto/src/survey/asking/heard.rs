//! What a datagram is to who asks.

use sadp_model::{Device, Via};
use uuid::Uuid;

use super::Asking;
use crate::{Datagram, Event, Message, Report, Tally};

/// What was heard.
pub(crate) enum Heard {
    /// A device tells of itself.
    Account(Box<Device>, Answer),
    /// A device tells that it leaves.
    Goodbye(Box<Device>),
    /// What concerns no device.
    Else(Event),
}

/// Which question a device's account of itself answers, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    To(Question),
    /// Firmware that repeats nothing answers the latest round, as far as one can
    /// tell.
    ToLatest,
    /// A Hello is no answer.
    Unasked,
}

/// What answers repeat of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Xml(Uuid),
    Frame(u32),
}

impl Asking {
    /// Reads a datagram. What it is besides a device's account is tallied.
    pub(crate) fn read(&self, datagram: &Datagram<'_>, tally: &mut Tally) -> Heard {
        tally.datagrams = tally.datagrams.saturating_add(1);
        let heard = match datagram.via {
            Via::LinkLayer => self.read_frame(datagram, tally),
            Via::Multicast | Via::Unicast => self.read_xml(datagram, tally),
        };
        if let Heard::Account(device, _) = &heard {
            tally.note_report(device);
        }
        heard
    }

    fn read_xml(&self, datagram: &Datagram<'_>, tally: &mut Tally) -> Heard {
        let from = datagram.from.ip();
        Heard::Else(match Message::decode(datagram.payload) {
            Ok(Message::Report(report)) => {
                let answer = self.answer(&report);
                let report = report.of_beginning(datagram.is_beginning);
                return Heard::Account(Box::new(report.device), answer);
            }
            Ok(Message::Goodbye(report)) => return Heard::Goodbye(Box::new(report.device)),
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

//! Probes by raw Ethernet, in the same rounds.

use sadp_model::MacAddr;

use super::{Incoming, ProbeId, ProbeScheduler, ReplyTo, SentProbe};
use crate::{
    Datagram, Destination, DiscoveryStats, Transmit,
    frame::{Frame, FrameAsker, Operation},
};

/// The interfaces that send probes, and the next sequence number.
#[derive(Default)]
pub(super) struct Frames {
    askers: Vec<FrameAsker>,
    sequence: u32,
}

impl Frames {
    pub(super) const fn new(askers: Vec<FrameAsker>, sequence: u32) -> Self {
        Self { askers, sequence }
    }

    fn is_own(&self, mac: MacAddr) -> bool {
        self.askers.iter().any(|asker| asker.party.mac == mac)
    }
}

impl ProbeScheduler {
    pub(super) fn send_frame_probes(&mut self, round: u32) {
        for card in 0..self.frames.askers.len() {
            let Some(asker) = self.frames.askers.get(card) else {
                return;
            };
            let sequence = self.frames.sequence;
            self.transmits.push_back(Transmit {
                destination: Destination::Card(card),
                payload: Frame::inquiry(asker, sequence).emit(),
            });
            self.frames.sequence = sequence.wrapping_add(1);
            let question = SentProbe {
                at: self.now,
                round: Some(round),
                target: None,
            };
            self.remember(ProbeId::Frame(sequence), question);
        }
    }

    pub(super) fn read_frame(
        &self,
        datagram: &Datagram<'_>,
        stats: &mut DiscoveryStats,
    ) -> Incoming {
        let frame = match Frame::parse(datagram.payload) {
            Ok(frame) => frame,
            Err(error) => {
                stats.note_unreadable(datagram.from.ip(), error.into());
                return Incoming::Other;
            }
        };
        if frame.operation == Operation::INQUIRY {
            if !self.frames.is_own(frame.sender.mac) {
                stats.note_asker(frame.sender.ipv4.into());
            }
            return Incoming::Other;
        }
        let Some(device) = frame.device() else {
            return Incoming::Other;
        };
        let question = ProbeId::Frame(frame.sequence);
        let answer = match frame.operation {
            Operation::ANNOUNCE => ReplyTo::Unasked,
            _ if self.has_sent(question) => ReplyTo::To(question),
            _ => ReplyTo::ToLatest,
        };
        Incoming::Report(Box::new(device), answer)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc, time::Duration};

    use jiff::Timestamp;
    use sadp_model::{Protocol, Via};
    use uuid::Uuid;

    use super::*;
    use crate::{
        DecodeError, StopCondition, Survey, SurveyConfig,
        frame::{FrameAnswer, InquiryReply, Party},
    };

    fn party(last: u8) -> Party {
        Party {
            mac: MacAddr::new([0x44, 0x47, 0xcc, 0, 0, last]),
            ipv4: Ipv4Addr::new(10, 0, 0, last),
        }
    }

    fn survey() -> Survey {
        let config = SurveyConfig {
            links: vec![Protocol::Sadp],
            broadcast: false,
            sweep: None,
            stop: StopCondition::Auto,
        };
        let mut numbers = 1..;
        let uuids = move || Uuid::from_u128(numbers.next().unwrap());
        let asker = FrameAsker {
            party: party(1),
            ipv6: std::net::Ipv6Addr::UNSPECIFIED,
        };
        let mut survey = Survey::new(config, uuids).with_frame_probes(vec![asker]);
        survey.handle_timeout(Duration::ZERO);
        survey
    }

    fn asked(survey: &mut Survey) -> Frame {
        let transmits = std::iter::from_fn(|| survey.poll_transmit());
        let mut frames = transmits.filter(|sent| sent.destination == Destination::Card(0));
        let frame = Frame::parse(&frames.next().unwrap().payload).unwrap();
        assert!(frames.next().is_none(), "one question a round");
        frame
    }

    fn answer(inquiry: &Frame, last: u8) -> Frame {
        inquiry.answered_by(&FrameAnswer {
            device: party(last),
            mask: Ipv4Addr::new(255, 255, 255, 0),
            reply: InquiryReply {
                serial: format!("S{last}").into(),
                ..InquiryReply::default()
            },
            extension: None,
        })
    }

    fn hear(survey: &mut Survey, millis: u64, payload: &[u8]) {
        let datagram = Datagram {
            interface: &Arc::from("lan0"),
            from: ([10, 0, 0, 9], 0).into(),
            protocol: Protocol::SadpFrame,
            via: Via::LinkLayer,
            at: Timestamp::UNIX_EPOCH,
            payload,
            is_beginning: false,
        };
        survey.handle_datagram(Duration::from_millis(millis), &datagram);
    }

    #[test]
    fn an_answer_by_frame_is_a_device_and_counts_for_its_round() {
        let mut survey = survey();
        let inquiry = asked(&mut survey);
        let bytes = answer(&inquiry, 5).emit();
        for at in [10, 11] {
            hear(&mut survey, at, &bytes);
            assert_eq!(survey.registry().len(), 1);
        }
        let entry = &survey.registry().entries()[0];
        assert_eq!(entry.seen[0].via, Via::LinkLayer);
        assert!(entry.is_frames_only());
        // Two answered rounds are enough: no device is expected to be missing.
        survey.handle_timeout(Duration::from_millis(500));
        let second = asked(&mut survey);
        assert_ne!(second.sequence, inquiry.sequence);
        hear(&mut survey, 510, &answer(&second, 5).emit());
        while let Some(due) = survey.poll_timeout() {
            survey.handle_timeout(due);
        }
        assert!(survey.progress().elapsed < Duration::from_secs(2));
        assert_eq!(survey.progress().rounds, 2);
    }

    #[test]
    fn own_questions_others_questions_and_noise_are_distinguished() {
        let mut survey = survey();
        let inquiry = asked(&mut survey);
        hear(&mut survey, 1, &inquiry.emit());
        assert!(survey.stats().other_askers.is_empty(), "an echo");
        let mut other = inquiry;
        other.sender = party(77);
        hear(&mut survey, 1, &other.emit());
        other.operation = Operation::ACKNOWLEDGE;
        hear(&mut survey, 1, &other.emit());
        let others = &survey.stats().other_askers;
        assert_eq!(others.get(&[10, 0, 0, 77].into()), Some(&1));
        assert_eq!(survey.stats().unreadable, 0);
        hear(&mut survey, 1, b"noise");
        let told = survey.stats().unreadable_from.values().next();
        assert!(matches!(told, Some(DecodeError::Frame(_))));
        assert!(survey.registry().is_empty());
    }

    #[test]
    fn a_changed_sequence_answers_the_latest_round() {
        let mut survey = survey();
        let mut frame = answer(&asked(&mut survey), 5);
        frame.sequence = 0xdead_beef;
        hear(&mut survey, 10, &frame.emit());
        assert_eq!(survey.registry().len(), 1);
    }
}

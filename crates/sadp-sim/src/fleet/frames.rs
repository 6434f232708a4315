//! Inquiries by raw Ethernet frames.

use std::{sync::Arc, time::Duration};

use sadp_proto::frame::{Frame, Operation};

use super::{
    Fleet, Handled,
    limits::RequestScope,
    queue::{Delivery, Payload},
};
use crate::Device;

impl Fleet {
    /// Handles an Ethernet frame. Returns what was done with it.
    pub fn handle_frame(&mut self, now: Duration, frame: &[u8]) -> Handled {
        self.stats.datagrams += 1;
        let heard = self.receive_frame(now, frame);
        self.stats.count(heard);
        heard
    }

    fn receive_frame(&mut self, now: Duration, frame: &[u8]) -> Handled {
        let inquiry = match Frame::parse(frame) {
            Ok(frame) if frame.operation == Operation::Inquiry => frame,
            Ok(frame) if frame.device().is_none() => return Handled::Unsupported,
            Ok(_) | Err(_) => return Handled::NoRequest,
        };
        if !self
            .askers
            .admit(now, inquiry.sender.ipv4, RequestScope::Frames)
        {
            return Handled::TooOften;
        }
        let mut numbers: Vec<u32> = (0..self.count()).collect();
        numbers.retain(|&number| self.device(number).is_some_and(Device::speaks_frames));
        // At worst each device answers twice.
        if self.queue.room() < numbers.len().saturating_mul(2) {
            return Handled::Full;
        }
        let payload = Arc::new(Payload::FrameInquiry(inquiry));
        for &number in &numbers {
            if let Some(due) = self.answer_due(number, now) {
                self.send(due, number, Delivery::Frame, &payload);
            }
        }
        let devices = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        Handled::Inquiry { devices }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use sadp_model::MacAddr;
    use sadp_proto::frame::{FrameAsker, Party};

    use super::*;
    use crate::{Behavior, FleetConfig, FleetDestination, LinkAnswer, Population};

    const MS: Duration = Duration::from_millis(1);

    fn fleet(link: LinkAnswer) -> Fleet {
        let population = Population {
            count: 100,
            seed: 4,
            network: "10.77.0.1/16".parse().unwrap(),
            behavior: Behavior {
                hello: false,
                link,
                ..Behavior::default()
            },
        };
        let address = Ipv4Addr::new(10, 77, 0, 1);
        let config = FleetConfig::new(address, vec!["10.77.0.1/16".parse().unwrap()]);
        Fleet::new(population.generate().unwrap(), config)
    }

    fn inquiry() -> Frame {
        let asker = FrameAsker {
            party: Party {
                mac: MacAddr::new([2, 0, 0, 0, 0, 9]),
                ipv4: Ipv4Addr::new(169, 254, 1, 1),
            },
            ipv6: Ipv6Addr::UNSPECIFIED,
        };
        Frame::inquiry(&asker, 7)
    }

    #[test]
    fn each_device_answers_an_inquiry_as_itself() {
        let mut fleet = fleet(LinkAnswer::Only);
        let heard = fleet.handle_frame(MS, &inquiry().emit());
        assert_eq!(heard, Handled::Inquiry { devices: 100 });
        let answers: Vec<_> = std::iter::from_fn(|| fleet.poll_transmit(MS)).collect();
        assert_eq!(answers.len(), 100);
        for answer in answers {
            let frame = Frame::parse(&answer.payload).unwrap();
            let told = frame.device().unwrap();
            let device = &fleet.devices()[answer.device];
            assert_eq!((frame.destination, frame.sequence), (inquiry().source, 7));
            assert_eq!(frame.source, device.identity.mac);
            assert_eq!(told.mac, Some(device.identity.mac));
            assert_eq!(told.serial.unwrap().as_str(), &*device.identity.serial);
            assert_eq!(told.ipv4.address, Some(device.settings.address));
            assert!(told.complete);
            let extended = device.profile.knows_activation();
            assert_eq!(frame.version, if extended { 2 } else { 1 });
        }
    }

    #[test]
    fn devices_with_frames_only_ignore_datagrams_and_others_ignore_frames() {
        let payload = sadp_proto::Inquiry {
            uuid: uuid::Uuid::from_u128(7),
        }
        .encode();
        for (link, frames, datagrams) in [
            (LinkAnswer::Only, 100, 0),
            (LinkAnswer::Too, 100, 100),
            (LinkAnswer::Never, 0, 100),
        ] {
            let mut fleet = fleet(link);
            fleet.handle_frame(MS, &inquiry().emit());
            let datagram = crate::InboundDatagram {
                from: "10.77.0.9:50000".parse().unwrap(),
                destination: None,
                payload: &payload,
            };
            fleet.handle_datagram(MS, &datagram);
            let sent = std::iter::from_fn(|| fleet.poll_transmit(MS));
            let (by_frame, by_udp): (Vec<_>, Vec<_>) =
                sent.partition(|it| it.destination == FleetDestination::Link);
            let sent = (by_frame.len(), by_udp.len());
            assert_eq!(sent, (frames, datagrams), "{link:?}");
        }
    }

    #[test]
    fn noise_and_other_operations_are_not_answered() {
        let mut fleet = fleet(LinkAnswer::Too);
        assert_eq!(fleet.handle_frame(MS, b"noise"), Handled::NoRequest);
        let mut update = inquiry();
        update.operation = Operation::Update;
        assert_eq!(fleet.handle_frame(MS, &update.emit()), Handled::Unsupported);
        assert_eq!(fleet.poll_timeout(), None);
    }
}

//! Decoding speed: replies per second on one core.

use std::net::{Ipv4Addr, Ipv6Addr};

use divan::{Bencher, counter::ItemsCount};
use sadp_model::MacAddr;
use sadp_proto::{
    Message,
    frame::{Extension, Frame, FrameAnswer, FrameAsker, InquiryReply, Party},
};

/// A camera's reply, 1.4 kB.
const REPLY: &[u8] = include_bytes!("../../../fixtures/replies/camera-v5.5.xml");

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_reply(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(1u32))
        .bench(|| Message::decode(divan::black_box(REPLY)));
}

#[divan::bench]
fn parse_frame(bencher: Bencher<'_, '_>) {
    let device = Party {
        mac: MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, 0x13]),
        ipv4: Ipv4Addr::new(192, 168, 1, 64),
    };
    let asker = FrameAsker {
        party: device,
        ipv6: Ipv6Addr::UNSPECIFIED,
    };
    let frame = Frame::inquiry(&asker, 1).answered_by(&FrameAnswer {
        device,
        mask: Ipv4Addr::new(255, 255, 255, 0),
        reply: InquiryReply {
            serial: "DS-2CD2032-I20140919AACH481601815".into(),
            firmware: "V5.1.6build 140412".into(),
            boot_time: "2024-09-18 09:21:28".into(),
            ..InquiryReply::default()
        },
        extension: Some(Extension::default()),
    });
    let bytes = frame.emit();
    bencher
        .counter(ItemsCount::new(1u32))
        .bench(|| Frame::parse(divan::black_box(&bytes)).map(|frame| frame.device()));
}

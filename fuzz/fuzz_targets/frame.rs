//! Frames of the older link-layer protocol, alone and in a survey.

#![no_main]

use std::{net::Ipv6Addr, sync::Arc, time::Duration};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sadp_model::{MacAddr, Protocol, Via};
use sadp_proto::{
    Datagram, StopCondition, Survey, SurveyConfig,
    frame::{Frame, FrameAsker, Party},
};
use uuid::Uuid;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frame) = Frame::parse(bytes) {
        // Written again, a frame that was cut short is filled up with zeros: more can be read
        // of it then, and nothing else.
        let again = Frame::parse(&frame.emit()).map(|again| again.fields());
        let told = frame.fields();
        assert!(again.is_ok_and(|again| again.iter().take(told.len()).eq(told.iter())));
        let _ = frame.device();
    }
    let config = SurveyConfig {
        links: vec![Protocol::Sadp],
        broadcast: false,
        sweep: None,
        stop: StopCondition::Auto,
    };
    let asker = FrameAsker {
        party: Party {
            mac: MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]),
            ipv4: [10, 0, 0, 1].into(),
        },
        ipv6: Ipv6Addr::UNSPECIFIED,
    };
    let mut survey = Survey::new(config, || Uuid::from_u128(7)).with_frame_probes(vec![asker]);
    survey.handle_timeout(Duration::ZERO);
    let heard = Datagram {
        interface: &Arc::from("lan0"),
        from: ([10, 0, 0, 5], 0).into(),
        protocol: Protocol::SadpFrame,
        via: Via::LinkLayer,
        at: Timestamp::UNIX_EPOCH,
        payload: bytes,
        is_beginning: false,
    };
    for millis in [1, 2] {
        survey.handle_datagram(Duration::from_millis(millis), &heard);
    }
    assert!(survey.registry().len() <= 2);
});

//! A command under way, and any datagrams for answers: it ends, and what costs
//! a try leaves once.

#![no_main]

use std::{net::IpAddr, time::Duration};

use getrandom::{SysRng, rand_core::UnwrapErr};
use libfuzzer_sys::fuzz_target;
use sadp_model::MacAddr;
use sadp_proto::{Code, Command, Exchange, Message, ExchangeStep, Target};

fuzz_target!(|bytes: &[u8]| {
    let Ok(code) = Code::new(b"20240101") else {
        return;
    };
    let from = IpAddr::from([10, 0, 0, 5]);
    let target = Target {
        mac: MAC,
        mac_text: "44-47-cc-00-00-01".into(),
        from,
        response_time: None,
        seals_code: false,
    };
    let mut exchange = Exchange::new(target, Command::ResetToDefault { code }, UnwrapErr(SysRng));
    let mut now = Duration::ZERO;
    let mut sent = 0;
    let mut replies = bytes.split(|&byte| byte == 0);
    while let Some(due) = exchange.poll_timeout() {
        now = now.max(due);
        exchange.handle_timeout(now);
        if let Some(step) = exchange.poll_transmit() {
            sent += usize::from(matches!(step, ExchangeStep::Command(_)));
        }
        let Some(reply) = replies.next() else {
            continue;
        };
        // An honest reply needs the request's UUID, which only the device hears.
        let uuid = exchange.uuid().map(|uuid| uuid.to_string().to_uppercase());
        let text = String::from_utf8_lossy(reply).replace("UUID", &uuid.unwrap_or_default());
        if let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) {
            exchange.handle_reply(now, from, &reply);
        }
    }
    assert!(sent <= 1, "an answer was sent {sent} times");
    assert!(exchange.poll_outcome().is_some());
});

const MAC: MacAddr = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]);

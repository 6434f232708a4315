//! How fast replies are read: one core, replies a second.

use divan::{Bencher, counter::ItemsCount};
use sadp_proto::Message;

/// A camera's reply as it stands on the wire, 1.1 kB.
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

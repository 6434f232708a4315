//! pcap and pcapng files.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_discovery::capture::Capture;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut capture) = Capture::open(bytes) {
        let datagrams = (&mut capture).take(4096);
        let _ = datagrams.count();
        let _ = capture.tally();
    }
});

//! A filter of one's own over the devices in a capture:
//!
//! ```sh
//! cargo run -p sadp-discovery --example filter fixtures/captures/site.pcapng
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::{error::Error, fs::File, io::Read};

use sadp_discovery::capture::Capture;
use sadp_model::{Device, Firmware, Kind, Protocol, Registry, Sighting, Version, Via, text::clean};
use sadp_proto::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a capture file")?;
    let registry = devices(File::open(path)?)?;
    let chosen = registry
        .entries()
        .iter()
        .filter(|entry| is_due(&entry.device));
    for entry in chosen {
        let firmware = entry.device.firmware.as_ref();
        let firmware = firmware.map_or("", Firmware::text);
        println!("{:?} {}", entry.device.mac, clean(firmware));
    }
    Ok(())
}

/// Cameras whose firmware is older than 5.6: what comes with a device is a type
/// that can be compared, and `None` is "not said".
pub(crate) fn is_due(device: &Device) -> bool {
    let version = device.firmware.as_ref().and_then(Firmware::version);
    device.kind == Kind::IpCamera && version.is_some_and(|version| version < Version::new(&[5, 6]))
}

/// Every device that tells of itself in the capture, once, however often it was
/// heard.
pub(crate) fn devices(capture: impl Read) -> Result<Registry, Box<dyn Error>> {
    let mut registry = Registry::new();
    for datagram in Capture::open(capture)? {
        let datagram = datagram?;
        // The questions, and what is no SADP after all, are left out.
        let Ok(Message::Report(report)) = Message::decode(&datagram.payload) else {
            continue;
        };
        let sighting = Sighting {
            interface: "capture".into(),
            from: datagram.from.ip(),
            protocol: Protocol::Sadp,
            via: if datagram.to.ip().is_multicast() {
                Via::Multicast
            } else {
                Via::Unicast
            },
            at: datagram.at.unwrap_or_default(),
        };
        registry.record(report.device, sighting);
    }
    Ok(registry)
}

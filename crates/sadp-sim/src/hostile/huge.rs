//! Documents as long as a datagram can be, each of a new device.

use std::net::Ipv4Addr;

use rand::rngs::Xoshiro256PlusPlus;

use super::{Trick, account};

/// Leaves room for the rest of the account within a datagram.
const BYTES: usize = 58_000;

#[derive(Debug)]
pub(super) struct HugeDocuments {
    address: Ipv4Addr,
    number: u32,
}

impl HugeDocuments {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address, number: 0 }
    }
}

impl Trick for HugeDocuments {
    fn floods(&self) -> bool {
        true
    }

    fn flood(&mut self, _: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        self.number = self.number.wrapping_add(1);
        let mac = account::mac(2, self.number);
        let mut account = account::invented(mac, self.address);
        match self.number % 4 {
            // What is looked up, shown, and split by date.
            0 => {
                let serial = format!("{}{mac}", "20240101".repeat(BYTES / 8));
                account = account::but(&account, &[("DeviceSN", &serial)]);
            }
            1 => {
                let model = "DS-2CD2043G2-I ".repeat(BYTES / 15);
                account = account::but(&account, &[("DeviceDescription", &model)]);
            }
            // Where one element costs more in memory than on the wire.
            2 => {
                for _ in 0..BYTES / "<a></a>\r\n".len() {
                    account.push("a", "");
                }
            }
            _ => {
                account.push("Text", &"x".repeat(BYTES));
            }
        }
        Some(account::reply(&account))
    }
}

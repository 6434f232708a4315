//! A new device with each datagram.

use std::net::Ipv4Addr;

use rand::rngs::Xoshiro256PlusPlus;

use super::{Trick, account};

#[derive(Debug)]
pub(super) struct EndlessDevices {
    address: Ipv4Addr,
    number: u32,
}

impl EndlessDevices {
    pub(super) fn new(address: Ipv4Addr) -> Self {
        Self { address, number: 0 }
    }
}

impl Trick for EndlessDevices {
    fn floods(&self) -> bool {
        true
    }

    fn flood(&mut self, _: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        self.number = self.number.wrapping_add(1);
        let mac = account::mac(1, self.number);
        Some(account::reply(&account::invented(mac, self.address)))
    }
}

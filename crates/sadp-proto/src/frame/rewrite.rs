//! Replaces what identifies devices and people in a frame.

use std::net::{Ipv4Addr, Ipv6Addr};

use sadp_model::MacAddr;

use super::{Frame, InquiryReply, Operation, Party, reply::Extension};

/// Replacements for serial numbers and addresses.
pub trait Identities {
    /// Replaces a hardware address.
    fn mac(&mut self, mac: MacAddr) -> MacAddr;
    /// Replaces an IPv4 address.
    fn ipv4(&mut self, address: Ipv4Addr) -> Ipv4Addr;
    /// Replaces an IPv6 address.
    fn ipv6(&mut self, address: Ipv6Addr) -> Ipv6Addr;
    /// Replaces a serial number by one of the same length.
    fn serial(&mut self, serial: &str) -> String;
}

impl Frame {
    /// Returns the frame with its serial number and addresses replaced. Bytes of
    /// unknown meaning become zeros.
    #[must_use]
    pub fn rewritten(mut self, others: &mut impl Identities) -> Self {
        self.destination = others.mac(self.destination);
        self.source = others.mac(self.source);
        for party in [&mut self.sender, &mut self.target] {
            *party = Party {
                mac: others.mac(party.mac),
                ipv4: others.ipv4(party.ipv4),
            };
        }
        match self.operation {
            Operation::INQUIRY => {
                if let Some(address) = self.data.first_chunk_mut::<16>() {
                    *address = others.ipv6(Ipv6Addr::from(*address)).octets();
                }
            }
            Operation::INQUIRY_REPLY => {
                InquiryReply::rewrite(&mut self.data, others);
                Extension::rewrite(&mut self.extension, others);
            }
            _ => {
                self.data.fill(0);
                self.extension.clear();
            }
        }
        self
    }
}

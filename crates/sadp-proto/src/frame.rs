//! The older link-layer protocol: Ethernet frames of type 0x8033.
//!
//! Parsing and emitting never panic, whatever bytes arrive. An unknown operation is
//! kept by its number, and the data after the header as bytes. The facts are from
//! device-side sources and one captured request: see `docs/protocol.md`.
//!
//! ```text
//!   Ethernet 14 | header 38 | data, up to length | extension, where version is 2
//! ```

mod bytes;
mod operation;
mod reply;
mod rewrite;

use std::net::{Ipv4Addr, Ipv6Addr};

use sadp_model::{Device, MacAddr, RawFields};

use self::bytes::{Bytes, checksum, write_checksum};
pub use self::{
    operation::Operation,
    reply::{Extension, InquiryReply},
    rewrite::Identities,
};
pub use crate::error::FrameError;
use crate::{Types, inquiry};

/// The Ethernet type of these frames.
pub const ETHER_TYPE: u16 = 0x8033;

/// The longest frame, Ethernet header included. Longer ones are truncated before
/// parsing.
pub const MAX_FRAME: usize = 500;

/// Frames are padded with zeros to this length, Ethernet header included.
const MIN_FRAME: usize = 80;

const IDENTIFIER: u8 = 0x21;
const SERIES: u8 = 1;
const HEADER: u8 = 38;
/// The offset of the checksum in the header.
const CHECKSUM_AT: usize = 12;
/// Data of an inquiry: an IPv6 address and zeros.
const INQUIRY_DATA: usize = 28;
/// The bytes of both addresses before the Ethernet type.
const ADDRESSES: usize = 12;
/// VLAN tags that are skipped.
const VLAN_TAGS: [u16; 2] = [0x8100, 0x88a8];
const MAX_VLAN_TAGS: usize = 2;

/// A frame of the link-layer protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The Ethernet destination.
    pub destination: MacAddr,
    /// The Ethernet source.
    pub source: MacAddr,
    /// The protocol's version, 1 or 2.
    pub version: u8,
    /// The sender's sequence number.
    pub sequence: u32,
    /// Its purpose.
    pub operation: Operation,
    /// A number that depends on the operation; 0 in the known ones.
    pub code: u8,
    /// The sender, as it reports itself.
    pub sender: Party,
    /// The receiver.
    pub target: Party,
    /// The sender's subnet mask.
    pub mask: Ipv4Addr,
    /// Whether it is complete and its checksum is right. An emitted frame always
    /// has the right one.
    pub intact: bool,
    data: Vec<u8>,
    extension: Vec<u8>,
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its hardware address.
    pub mac: MacAddr,
    /// Its IPv4 address, `0.0.0.0` if it has none.
    pub ipv4: Ipv4Addr,
}

/// A device's reply to an inquiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAnswer {
    /// Its addresses.
    pub device: Party,
    /// Its subnet mask.
    pub mask: Ipv4Addr,
    /// Its data.
    pub reply: InquiryReply,
    /// Its extension, in version 2.
    pub extension: Option<Extension>,
}

/// An interface that sends inquiries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameAsker {
    /// Its addresses.
    pub party: Party,
    /// Its link-local or other IPv6 address, `::` if it has none.
    pub ipv6: Ipv6Addr,
}

impl Frame {
    /// The probe for devices, to all.
    pub fn inquiry(asker: &FrameAsker, sequence: u32) -> Self {
        let mut data = asker.ipv6.octets().to_vec();
        data.resize(INQUIRY_DATA, 0);
        Self {
            destination: BROADCAST,
            source: asker.party.mac,
            version: 2,
            sequence,
            operation: Operation::INQUIRY,
            code: 0,
            sender: asker.party,
            target: Party {
                mac: BROADCAST,
                ipv4: Ipv4Addr::UNSPECIFIED,
            },
            mask: Ipv4Addr::UNSPECIFIED,
            intact: true,
            data,
            extension: Vec::new(),
        }
    }

    /// A device's reply to this inquiry. With an extension it has version 2.
    #[must_use]
    pub fn answered_by(&self, answer: &FrameAnswer) -> Self {
        let extension = answer.extension.as_ref();
        Self {
            destination: self.sender.mac,
            source: answer.device.mac,
            version: if extension.is_some() { 2 } else { 1 },
            operation: Operation::INQUIRY_REPLY,
            sender: answer.device,
            target: self.sender,
            mask: answer.mask,
            intact: true,
            data: answer.reply.emit(),
            extension: extension.map(Extension::emit).unwrap_or_default(),
            ..*self
        }
    }

    /// The bytes between the header and `length`.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The extension of version 2 with its own header; empty if there is none.
    pub fn extension(&self) -> &[u8] {
        &self.extension
    }

    /// Parses an Ethernet frame, and skips VLAN tags. Bytes after the frame's own
    /// length are padding.
    pub fn parse(frame: &[u8]) -> Result<Self, FrameError> {
        let frame = frame.get(..MAX_FRAME).unwrap_or(frame);
        let mut addresses = Bytes::new(frame);
        let (destination, source) = (addresses.mac("destination")?, addresses.mac("source")?);
        let (ether_type, part) = untagged(frame)?;
        if ether_type != ETHER_TYPE {
            return Err(FrameError::EtherType(ether_type));
        }
        let mut bytes = Bytes::new(part);
        let identifier = bytes.u8("identifier")?;
        if identifier != IDENTIFIER {
            return Err(FrameError::Identifier(identifier));
        }
        let version = bytes.u8("version")?;
        let _series = bytes.u8("series")?;
        let length = bytes.u8("length")?;
        let sequence = bytes.u32("sequence")?;
        if (bytes.u8("address length")?, bytes.u8("address length")?) != (6, 4) {
            return Err(FrameError::AddressLength);
        }
        let operation = Operation(bytes.u8("operation")?);
        let code = bytes.u8("code")?;
        let told = bytes.u16("checksum")?;
        let sender = bytes.party("sender")?;
        let target = bytes.party("target")?;
        let mask = bytes.ipv4("subnet mask")?;
        let (data, behind) = bytes.split(usize::from(length.saturating_sub(HEADER)));
        let covered = part.get(..length.into());
        Ok(Self {
            destination,
            source,
            version,
            sequence,
            operation,
            code,
            sender,
            target,
            mask,
            intact: covered
                .is_some_and(|part| length >= HEADER && checksum(part, CHECKSUM_AT) == told),
            data: data.to_vec(),
            extension: if version >= 2 {
                Extension::cut(behind).to_vec()
            } else {
                Vec::new()
            },
        })
    }

    /// Emits the padded Ethernet frame.
    pub fn emit(&self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(MIN_FRAME);
        frame.extend(self.destination.octets());
        frame.extend(self.source.octets());
        frame.extend(ETHER_TYPE.to_be_bytes());
        frame.extend(self.emit_part());
        frame.extend(&self.extension);
        frame.resize(frame.len().max(MIN_FRAME), 0);
        frame
    }

    /// Header and data, which the checksum covers.
    fn emit_part(&self) -> Vec<u8> {
        let length = u8::try_from(self.data.len()).map_or(u8::MAX, |data| {
            // Data of a frame that was parsed or made here always fits.
            data.saturating_add(HEADER)
        });
        let mut part = vec![IDENTIFIER, self.version, SERIES, length];
        part.extend(self.sequence.to_be_bytes());
        part.extend([6, 4, self.operation.0, self.code, 0, 0]);
        for party in [self.sender, self.target] {
            part.extend(party.mac.octets());
            part.extend(party.ipv4.octets());
        }
        part.extend(self.mask.octets());
        part.extend(&self.data);
        write_checksum(&mut part, CHECKSUM_AT);
        part
    }

    /// Its fields, with the names and notation of the XML protocol where that has
    /// them.
    pub fn fields(&self) -> RawFields {
        let mut fields = RawFields::default();
        fields.push("Types", &self.operation.to_string());
        fields.push("Sequence", &self.sequence.to_string());
        fields.push("MAC", &dashed(self.sender.mac));
        fields.push("IPv4Address", &self.sender.ipv4.to_string());
        fields.push("IPv4SubnetMask", &self.mask.to_string());
        if self.operation == Operation::INQUIRY_REPLY {
            InquiryReply::parse(&self.data).add_to(&mut fields);
            if let Some(extension) = Extension::parse(&self.extension) {
                extension.add_to(&mut fields);
            }
        } else if self.data.iter().any(|&byte| byte != 0) {
            fields.push("Data", &hex::encode(&self.data));
        }
        fields
    }

    /// What the device reports: everything in a reply to an inquiry, its addresses
    /// in an announcement. `None` for other operations.
    pub fn device(&self) -> Option<Device> {
        let whole = match self.operation {
            Operation::INQUIRY_REPLY => self.data.len() >= InquiryReply::LENGTH,
            Operation::ANNOUNCE => true,
            _ => return None,
        };
        let mut device = inquiry::read_frame(self.fields());
        device.complete = self.intact && whole;
        Some(device)
    }

    /// Its purpose, in the terms of the XML protocol.
    pub fn types(&self) -> Types {
        match self.operation {
            Operation::INQUIRY | Operation::INQUIRY_REPLY => Types::Inquiry,
            Operation::ANNOUNCE => Types::Hello,
            other => Types::Other(other.to_string().into()),
        }
    }
}

/// The Ethernet type of a frame, behind at most two VLAN tags, and what follows it.
pub fn untagged(frame: &[u8]) -> Result<(u16, &[u8]), FrameError> {
    let mut bytes = Bytes::new(frame.get(ADDRESSES..).unwrap_or_default());
    let mut ether_type = bytes.u16("Ethernet type")?;
    for _ in 0..MAX_VLAN_TAGS {
        if VLAN_TAGS.contains(&ether_type) {
            bytes.u16("VLAN tag")?;
            ether_type = bytes.u16("Ethernet type")?;
        }
    }
    Ok((ether_type, bytes.rest()))
}

const BROADCAST: MacAddr = MacAddr::new([0xff; 6]);

/// A MAC as devices write it in XML, and as commands repeat it.
fn dashed(mac: MacAddr) -> String {
    mac.to_string().replace(':', "-")
}

#[cfg(test)]
mod tests;

//! Reads packets from pcap and pcapng files.

use std::{
    io::{self, Read},
    sync::Arc,
};

use jiff::Timestamp;
use pcap_file::{
    Endianness, PcapError, TsResolution,
    pcap::PcapReader,
    pcapng::{
        PcapNgReader,
        blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption},
    },
};

use super::{CaptureError, frame::LinkType};

/// A packet of a file.
pub(super) struct Packet {
    /// The number of its link type.
    pub(super) link: u32,
    pub(super) interface: Option<Arc<str>>,
    pub(super) at: Option<Timestamp>,
    pub(super) data: Vec<u8>,
}

impl Packet {
    /// A packet without any metadata.
    pub(super) const fn bare(data: Vec<u8>) -> Self {
        Self {
            link: LinkType::ETHERNET_NUMBER,
            interface: None,
            at: None,
            data,
        }
    }
}

/// The format of a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaptureFormat {
    Pcap,
    PcapNg,
}

impl CaptureFormat {
    /// Returns the format of a file with this beginning.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        match beginning.first_chunk()? {
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1] => Some(Self::Pcap),
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Self::PcapNg),
            _ => None,
        }
    }
}

type Chained<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

pub(super) struct CaptureFile<R: Read> {
    reader: FormatReader<R>,
    /// The offset of the next record.
    offset: u64,
}

enum FormatReader<R: Read> {
    Pcap(PcapReader<Chained<R>>),
    PcapNg(PcapNgReader<Chained<R>>),
}

impl<R: Read> CaptureFile<R> {
    pub(super) fn open(mut reader: R) -> Result<Self, CaptureError> {
        let mut beginning = Vec::with_capacity(4);
        reader
            .by_ref()
            .take(4)
            .read_to_end(&mut beginning)
            .map_err(CaptureError::Read)?;
        let format = CaptureFormat::of(&beginning).ok_or(CaptureError::NotACapture)?;
        let chained = io::Cursor::new(beginning).chain(reader);
        let opened = match format {
            CaptureFormat::Pcap => PcapReader::new(chained).map(|reader| Self {
                reader: FormatReader::Pcap(reader),
                offset: 24,
            }),
            CaptureFormat::PcapNg => PcapNgReader::new(chained).map(|reader| Self {
                reader: FormatReader::PcapNg(reader),
                offset: 0,
            }),
        };
        opened.map_err(|error| failure(error, 1, 0))
    }

    /// Returns the next packet; `Ok(None)` for a record that cannot be read, though
    /// later ones can. `packets` is the number of packets read before.
    pub(super) fn next_packet(
        &mut self,
        packets: u64,
    ) -> Option<Result<Option<Packet>, CaptureError>> {
        let result = match &mut self.reader {
            FormatReader::Pcap(reader) => next_of_pcap(reader, &mut self.offset)?.map(Some),
            FormatReader::PcapNg(reader) => next_of_pcapng(reader, &mut self.offset)?,
        };
        Some(result.map_err(|error| failure(error, packets.saturating_add(1), self.offset)))
    }
}

fn failure(error: PcapError, packet: u64, offset: u64) -> CaptureError {
    let what = match error {
        PcapError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return CaptureError::Truncated { packet, offset };
        }
        PcapError::IncompleteBuffer => return CaptureError::Truncated { packet, offset },
        PcapError::IoError(error) => return CaptureError::Read(error),
        PcapError::InvalidField(what) => what,
        PcapError::Utf8Error(_) | PcapError::FromUtf8Error(_) => "text that is not UTF-8",
        PcapError::InvalidInterfaceId(_) => "an interface that is not described",
    };
    CaptureError::Malformed {
        packet,
        offset,
        what,
    }
}

fn next_of_pcap<R: Read>(
    reader: &mut PcapReader<R>,
    offset: &mut u64,
) -> Option<Result<Packet, PcapError>> {
    let header = reader.header();
    // Raw, because lengths above the header's snap length are common.
    let packet = match reader.next_raw_packet()? {
        Ok(packet) => packet,
        Err(error) => return Some(Err(error)),
    };
    *offset = offset
        .saturating_add(16)
        .saturating_add(packet.incl_len.into());
    let unit = match header.ts_resolution {
        TsResolution::MicroSecond => 1_000,
        TsResolution::NanoSecond => 1,
    };
    let nanos = i128::from(packet.ts_sec) * SECOND + i128::from(packet.ts_frac) * unit;
    Some(Ok(Packet {
        link: header.datalink.into(),
        interface: None,
        at: Timestamp::from_nanosecond(nanos).ok(),
        data: packet.data.into_owned(),
    }))
}

fn next_of_pcapng<R: Read>(
    reader: &mut PcapNgReader<R>,
    offset: &mut u64,
) -> Option<Result<Option<Packet>, PcapError>> {
    loop {
        let raw = match reader.next_raw_block()? {
            Ok(raw) => raw,
            Err(error) => return Some(Err(error)),
        };
        *offset = offset.saturating_add(raw.initial_len.into());
        let (kind, body) = (raw.type_, raw.body.into_owned());
        let fields = PacketBlock {
            body: &body,
            big_endian: reader.section().endianness == Endianness::Big,
        };
        let interfaces = reader.interfaces();
        match kind {
            ENHANCED_PACKET => return Some(Ok(fields.timed_packet(4, interfaces))),
            OBSOLETE_PACKET => return Some(Ok(fields.timed_packet(2, interfaces))),
            SIMPLE_PACKET => return Some(Ok(fields.simple_packet(interfaces))),
            _ => {}
        }
    }
}

const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// The body of a packet block. Parsed here and not by the library, because one invalid
/// option must not cost the packet, and because the library reads all times as
/// nanoseconds.
struct PacketBlock<'a> {
    body: &'a [u8],
    big_endian: bool,
}

impl PacketBlock<'_> {
    /// Both kinds with a time have the same layout, but for the length of the interface's
    /// number.
    fn timed_packet(&self, number: usize, interfaces: &[Described<'_>]) -> Option<Packet> {
        let interface = usize::try_from(self.number(0, number)?).ok()?;
        let interface = interfaces.get(interface)?;
        let units = (u64::from(self.number(4, 4)?) << 32) | u64::from(self.number(8, 4)?);
        let length = usize::try_from(self.number(12, 4)?).ok()?;
        Some(Packet {
            link: interface.linktype.into(),
            interface: name(interface),
            at: time(interface, units),
            data: self.bytes(20, length)?.to_vec(),
        })
    }

    fn simple_packet(&self, interfaces: &[Described<'_>]) -> Option<Packet> {
        let interface = interfaces.first()?;
        let length = usize::try_from(self.number(0, 4)?).ok()?;
        let captured = length.min(self.body.len().saturating_sub(4));
        Some(Packet {
            link: interface.linktype.into(),
            interface: name(interface),
            at: None,
            data: self.bytes(4, captured)?.to_vec(),
        })
    }

    fn number(&self, at: usize, length: usize) -> Option<u32> {
        let bytes = self.bytes(at, length)?.iter();
        let joined = |number, byte: &u8| (number << 8) | u32::from(*byte);
        Some(if self.big_endian {
            bytes.fold(0, joined)
        } else {
            bytes.rev().fold(0, joined)
        })
    }

    fn bytes(&self, at: usize, length: usize) -> Option<&[u8]> {
        self.body.get(at..at.checked_add(length)?)
    }
}

type Described<'a> = InterfaceDescriptionBlock<'a>;

fn name(interface: &Described<'_>) -> Option<Arc<str>> {
    interface.options.iter().find_map(|option| match option {
        InterfaceDescriptionOption::IfName(name) => Some(Arc::from(&**name)),
        _ => None,
    })
}

/// Converts a time in the interface's units.
fn time(interface: &Described<'_>, units: u64) -> Option<Timestamp> {
    let mut resolution = 6;
    let mut offset = 0;
    for option in &interface.options {
        match option {
            InterfaceDescriptionOption::IfTsResol(value) => resolution = *value,
            InterfaceDescriptionOption::IfTsOffset(value) => offset = value.cast_signed(),
            _ => {}
        }
    }
    let exponent = u32::from(resolution & 0x7f);
    let base = if resolution & 0x80 == 0 { 10u64 } else { 2 };
    let per_second = base.checked_pow(exponent)?;
    let nanos = (i128::from(units) * SECOND).checked_div(per_second.into())?;
    Timestamp::from_nanosecond(nanos + i128::from(offset) * SECOND).ok()
}

/// In nanoseconds.
const SECOND: i128 = 1_000_000_000;

//! Records sent and received packets as a pcapng capture, which packet analysers and
//! [`capture`](crate::capture) read.
//!
//! Datagrams are stored as raw IP, with headers made from the socket's addresses; raw
//! frames as they are. Each interface is described by its name.

use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    net::SocketAddrV4,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use etherparse::PacketBuilder;
use jiff::Timestamp;
use pcap_file::{
    DataLink, PcapError,
    pcapng::{
        PcapNgBlock, PcapNgWriter,
        blocks::{
            enhanced_packet::EnhancedPacketBlock,
            interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption},
        },
    },
};

/// A running recording. Clones write to the same file.
///
/// It ends at the first write error, which [`CaptureRecorder::finish`] returns.
#[derive(Clone)]
pub struct CaptureRecorder(Arc<Mutex<Writing>>);

struct Writing {
    file: PcapNgWriter<BufWriter<File>>,
    described: Vec<(Arc<str>, DataLink)>,
    packets: u64,
    bytes: u64,
    trouble: Option<io::Error>,
}

impl CaptureRecorder {
    /// The maximum size of a recording. The rest is left out, and
    /// [`CaptureRecorder::finish`] returns an error.
    pub const MAX_BYTES: u64 = 512 << 20;

    /// The maximum number of interfaces, for a computer that creates new ones all day.
    const MAX_INTERFACES: usize = 1024;

    /// Starts a recording in a new file that only its owner may read. Fails where the
    /// file exists.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::to(options.open(path)?)
    }

    fn to(file: File) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Writing {
            file: PcapNgWriter::new(BufWriter::new(file)).map_err(plain)?,
            described: Vec::new(),
            packets: 0,
            bytes: 0,
            trouble: None,
        }))))
    }

    /// Writes what is in memory. Returns the number of packets, or, once, why the
    /// recording is incomplete.
    pub fn finish(&self) -> io::Result<u64> {
        let mut writing = self.writing();
        match writing.trouble.take() {
            Some(error) => Err(error),
            None => writing.file.get_mut().flush().map(|()| writing.packets),
        }
    }

    /// Adds a raw frame, sent or received.
    pub fn frame(&self, interface: &Arc<str>, at: Timestamp, frame: &[u8]) {
        self.writing().add(interface, DataLink::ETHERNET, at, frame);
    }

    /// Adds a UDP datagram, sent or received.
    pub fn datagram(&self, interface: &Arc<str>, at: Timestamp, datagram: &RecordedDatagram<'_>) {
        let RecordedDatagram { from, to, payload } = *datagram;
        let builder = PacketBuilder::ipv4(from.ip().octets(), to.ip().octets(), 1)
            .udp(from.port(), to.port());
        let mut packet = Vec::with_capacity(builder.size(payload.len()));
        // Fails only for payloads that are too long for a datagram.
        if builder.write(&mut packet, payload).is_ok() {
            self.writing().add(interface, DataLink::RAW, at, &packet);
        }
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A datagram to record.
#[derive(Clone, Copy, Debug)]
pub struct RecordedDatagram<'a> {
    /// The sender.
    pub from: SocketAddrV4,
    /// The destination.
    pub to: SocketAddrV4,
    /// The content.
    pub payload: &'a [u8],
}

impl Writing {
    /// Adds a packet of an interface. The first error ends the recording.
    fn add(&mut self, interface: &Arc<str>, link: DataLink, at: Timestamp, data: &[u8]) {
        // Headers and padding of a packet block.
        const AROUND: u64 = 36;
        if self.trouble.is_some() {
            return;
        }
        let bytes = (data.len() as u64).saturating_add(AROUND);
        self.bytes = self.bytes.saturating_add(bytes);
        let written = if self.bytes > CaptureRecorder::MAX_BYTES {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            self.write(interface, link, at, data)
        };
        match written {
            Ok(()) => self.packets += 1,
            Err(error) => self.trouble = Some(error),
        }
    }

    fn write(
        &mut self,
        interface: &Arc<str>,
        link: DataLink,
        at: Timestamp,
        data: &[u8],
    ) -> io::Result<()> {
        let block = EnhancedPacketBlock {
            interface_id: self.describe(interface, link)?,
            timestamp: Duration::try_from(at.as_duration()).unwrap_or_default(),
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data: Cow::Borrowed(data),
            options: Vec::new(),
        };
        let written = self.file.write_block(&block.into_block());
        written.map(drop).map_err(plain)
    }

    /// Returns the number of an interface with this link type. Describes it before its
    /// first packet.
    fn describe(&mut self, name: &Arc<str>, link: DataLink) -> io::Result<u32> {
        // The library writes all times in nanoseconds.
        const NANOSECONDS: u8 = 9;
        let full = self.described.len() >= CaptureRecorder::MAX_INTERFACES;
        let known = self
            .described
            .iter()
            .position(|(known, its)| *its == link && (full || known == name));
        let place = if let Some(place) = known {
            place
        } else {
            let block = InterfaceDescriptionBlock {
                linktype: link,
                snaplen: 0,
                options: vec![
                    InterfaceDescriptionOption::IfName(Cow::Borrowed(&**name)),
                    InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
                ],
            };
            self.file.write_block(&block.into_block()).map_err(plain)?;
            self.described.push((Arc::clone(name), link));
            self.described.len() - 1
        };
        u32::try_from(place).map_err(io::Error::other)
    }
}

impl std::fmt::Debug for CaptureRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptureRecorder").finish_non_exhaustive()
    }
}

fn plain(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    fn datagram(payload: &[u8]) -> RecordedDatagram<'_> {
        RecordedDatagram {
            from: "192.168.1.64:37020".parse().unwrap(),
            to: "239.255.255.250:37020".parse().unwrap(),
            payload,
        }
    }

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.pcapng");
        let recorder = CaptureRecorder::create(&path).unwrap();
        let at: Timestamp = "2026-11-22T20:41:07.123456789Z".parse().unwrap();
        let (lan, wlan): (Arc<str>, Arc<str>) = ("lan0".into(), "wlan0".into());
        recorder.datagram(&lan, at, &datagram(b"<Bye/>"));
        recorder.datagram(&wlan, at, &datagram(b"<Bye/>"));
        recorder.datagram(&lan, at, &datagram(b"<Hello/>"));
        assert_eq!(recorder.finish().unwrap(), 3);
        let read: Vec<_> = Capture::open(File::open(&path).unwrap())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let interfaces: Vec<_> = read.iter().map(|read| read.interface.as_deref()).collect();
        assert_eq!(interfaces, [Some("lan0"), Some("wlan0"), Some("lan0")]);
        assert_eq!(read[2].payload, b"<Hello/>");
        assert_eq!(read[0].at, Some(at));
        assert_eq!(read[0].from.to_string(), "192.168.1.64:37020");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it_and_no_file_is_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scan.pcapng");
        let _recorder = CaptureRecorder::create(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = CaptureRecorder::create(&path).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_the_recording() {
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let recorder = CaptureRecorder::to(file).unwrap();
        let (lan, at) = ("lan0".into(), Timestamp::UNIX_EPOCH);
        for _ in 0..100 {
            recorder.datagram(&lan, at, &datagram(&[b'x'; 1000]));
        }
        let error = recorder.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

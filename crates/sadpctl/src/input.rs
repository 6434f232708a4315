//! Messages from files: captures, XML and dumps in texts, told apart by content.

mod redaction;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use sadp_discovery::capture::{
    self, Capture, CaptureError, CaptureTally, CapturedDatagram, Pasted,
};
use sadp_model::{Device, DeviceRecord, Protocol, RawFields, Registry, Sighting, Via};
use sadp_proto::{
    DecodeError, Document, Message,
    frame::{Frame, FrameError},
};

pub(crate) use self::redaction::Redaction;
use crate::failure::{Exit, Failure};

/// What a file held.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) messages: Vec<Heard>,
    /// Why the file could not be read to its end.
    pub(crate) broken: Option<CaptureError>,
    /// What else a capture held.
    pub(crate) capture: Option<CaptureTally>,
}

/// A message, and what is known of how it travelled.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) travel: Option<CapturedDatagram>,
    pub(crate) content: Content,
}

/// What a message is, or why it cannot be read.
#[derive(Debug)]
pub(crate) enum Content {
    /// A document in a datagram.
    Document(Result<Document, DecodeError>),
    /// A frame of the link-layer protocol, and its fields.
    Frame(Result<(Box<Frame>, RawFields), FrameError>),
}

/// The longest text that is read.
const MAX_TEXT: u64 = 64 << 20;

/// The longest capture that is read.
const MAX_CAPTURE: u64 = 1 << 30;

/// The most messages that are kept of a file.
const MAX_MESSAGES: usize = 1 << 20;

impl Input {
    /// Reads a file, or standard input for `-`.
    pub(crate) fn read(path: &Path, redaction: Option<&mut Redaction>) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Self::from_reader(io::stdin().lock(), "standard input", redaction);
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::unreadable(&name, error))?;
        Self::from_reader(file, &name, redaction)
    }

    pub(crate) fn from_reader(
        reader: impl Read,
        name: &str,
        redaction: Option<&mut Redaction>,
    ) -> Result<Self, Failure> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let beginning = reader
            .fill_buf()
            .map_err(|error| Failure::unreadable(name, error))?;
        if capture::is_capture(beginning) {
            return Self::from_capture(reader.take(MAX_CAPTURE), name, redaction);
        }
        if redaction
            .as_ref()
            .is_some_and(|redaction| redaction.writes())
        {
            let message = format!("{name} is no capture: only captures are written with --out");
            return Err(Failure::words(Exit::Usage, message)
                .hint("leave --out out: what is printed is redacted as well"));
        }
        let mut bytes = Vec::new();
        reader
            .take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::unreadable(name, error))?;
        if bytes.len() as u64 > MAX_TEXT {
            let message = format!(
                "{name} is no capture and longer than {} MiB",
                MAX_TEXT >> 20
            );
            return Err(Failure::words(Exit::Usage, message)
                .hint("cut out the part that holds the replies"));
        }
        Self::from_bytes(&bytes, redaction).ok_or_else(|| unknown(name))
    }

    fn from_capture(
        reader: impl Read,
        name: &str,
        mut redaction: Option<&mut Redaction>,
    ) -> Result<Self, Failure> {
        let mut capture = Capture::open(reader).map_err(|error| broken(error, name))?;
        let mut input = Self::default();
        for datagram in &mut capture {
            match datagram {
                Ok(datagram) => {
                    let datagram = redacted(datagram, redaction.as_deref_mut());
                    input.messages.push(Heard::travelled(datagram));
                }
                Err(error) => input.broken = Some(error),
            }
            if input.messages.len() >= MAX_MESSAGES {
                break;
            }
        }
        input.capture = Some(capture.tally());
        match input.broken.take() {
            Some(error) if input.messages.is_empty() => Err(broken(error, name)),
            broken => Ok(Self { broken, ..input }),
        }
    }

    /// XML, or a dump in a text. `None` if it is neither.
    fn from_bytes(bytes: &[u8], mut redaction: Option<&mut Redaction>) -> Option<Self> {
        let messages: Vec<_> = if let Some(pasted) = capture::read_text(bytes) {
            pasted
                .into_iter()
                .flat_map(|message| Heard::pasted(message, redaction.as_deref_mut()))
                .take(MAX_MESSAGES)
                .collect()
        } else {
            let documents = Heard::documents(bytes, redaction);
            let is_read = |heard: &Heard| matches!(heard.content, Content::Document(Ok(_)));
            documents.iter().any(is_read).then_some(documents)?
        };
        Some(Self {
            messages,
            ..Self::default()
        })
    }

    /// The devices the messages tell of, and the messages that tell of none.
    pub(crate) fn devices(self) -> Devices {
        let mut registry = Registry::new();
        let mut devices = Devices::default();
        for heard in self.messages {
            let sighting = heard.sighting();
            let is_beginning = heard.travel.as_ref().is_some_and(|it| it.is_beginning);
            match heard.content.device(is_beginning) {
                Ok(Some(device)) => {
                    registry.record(device, sighting);
                }
                Ok(None) => devices.others += 1,
                Err(error) => devices.unreadable.push((sighting.from, error)),
            }
        }
        devices.entries = registry.into_entries();
        for entry in &mut devices.entries {
            entry.seen.retain(|seen| !seen.from.is_unspecified());
        }
        devices
    }
}

/// The devices a file tells of, and what else it holds.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    pub(crate) entries: Vec<DeviceRecord>,
    /// Messages that are no device's account of itself.
    pub(crate) others: usize,
    /// Messages that could not be read, with their senders; `0.0.0.0` where
    /// the sender is not known.
    pub(crate) unreadable: Vec<(IpAddr, DecodeError)>,
}

impl Content {
    fn of(datagram: &CapturedDatagram) -> Self {
        if datagram.is_frame {
            let frame = Frame::parse(&datagram.payload);
            return Self::Frame(frame.map(|frame| {
                let fields = frame.fields();
                (Box::new(frame), fields)
            }));
        }
        Self::Document(Document::decode(&datagram.payload))
    }

    /// The device that tells of itself in it, if one does; `is_beginning` where
    /// the other IP fragments of the datagram are missing.
    fn device(self, is_beginning: bool) -> Result<Option<Device>, DecodeError> {
        match self {
            Self::Document(document) => match Message::from_document(document?)? {
                Message::Report(report) => Ok(Some(report.of_beginning(is_beginning).device)),
                _ => Ok(None),
            },
            Self::Frame(frame) => Ok(frame?.0.device()),
        }
    }
}

impl Heard {
    fn travelled(datagram: CapturedDatagram) -> Self {
        Self {
            content: Content::of(&datagram),
            travel: Some(CapturedDatagram {
                payload: Vec::new(),
                ..datagram
            }),
        }
    }

    fn pasted(message: Pasted, redaction: Option<&mut Redaction>) -> Vec<Self> {
        match message {
            Pasted::Datagram(datagram) => vec![Self::travelled(redacted(*datagram, redaction))],
            Pasted::Payload(bytes) => Self::documents(&bytes, redaction),
        }
    }

    /// Documents without their journey.
    fn documents(bytes: &[u8], redaction: Option<&mut Redaction>) -> Vec<Self> {
        let other = redaction.map(|redaction| redaction.text(bytes));
        let documents = Document::decode_all(other.as_deref().unwrap_or(bytes));
        let heard = |document| Self {
            travel: None,
            content: Content::Document(document),
        };
        documents.into_iter().map(heard).collect()
    }

    /// How it was heard, as far as that is known: an empty interface, the
    /// address 0.0.0.0 and the beginning of 1970 stand for what is not.
    fn sighting(&self) -> Sighting {
        let travel = self.travel.as_ref();
        let interface = travel.and_then(|travel| travel.interface.clone());
        let from = travel.map(|travel| travel.from.ip());
        let is_frame = travel.is_some_and(|travel| travel.is_frame);
        let to_group = travel.is_some_and(|travel| travel.to.ip().is_multicast());
        Sighting {
            interface: interface.unwrap_or_default(),
            from: from.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            protocol: if is_frame {
                Protocol::SadpFrame
            } else {
                Protocol::Sadp
            },
            via: if is_frame {
                Via::LinkLayer
            } else if to_group {
                Via::Multicast
            } else {
                Via::Unicast
            },
            at: travel.and_then(|travel| travel.at).unwrap_or_default(),
        }
    }
}

fn redacted(datagram: CapturedDatagram, redaction: Option<&mut Redaction>) -> CapturedDatagram {
    match redaction {
        Some(redaction) => redaction.datagram(datagram),
        None => datagram,
    }
}

fn broken(error: CaptureError, name: &str) -> Failure {
    if let CaptureError::Read(error) = error {
        return Failure::unreadable(name, error);
    }
    let what = format!("no message could be read from {name}");
    Failure::because(Exit::Usage, what, error).hint("save the capture again, as pcap or pcapng")
}

fn unknown(name: &str) -> Failure {
    let message =
        format!("{name} holds no SADP message: it is neither XML nor a dump nor a capture");
    Failure::words(Exit::Usage, message)
        .hint("give a pcap or pcapng capture, replies as XML, or a dump as of tcpdump -X; sadpctl decode --help tells more")
}

//! Messages from files: captures, XML and dumps in texts, distinguished by content.

mod redaction;

use std::{
    io::{self, BufRead, BufReader, Read},
    net::{IpAddr, Ipv4Addr},
};

use sadp_model::{Device, DeviceRecord, Protocol, RawFields, Registry, Sighting, Via};
use sadp_proto::{
    DecodeError, Document, Message,
    frame::{Frame, FrameError},
};

pub use self::redaction::Redaction;
use crate::capture::{self, Capture, CaptureError, CaptureTally, CapturedDatagram, Pasted};

/// What a file held.
#[derive(Debug, Default)]
pub struct MessageFile {
    /// Its messages, in order; the first million.
    pub messages: Vec<FileMessage>,
    /// Why the file could not be read to its end.
    pub broken: Option<CaptureError>,
    /// What else a capture held.
    pub capture: Option<CaptureTally>,
}

/// A message, and what is known of how it travelled.
#[derive(Debug)]
pub struct FileMessage {
    /// How it travelled, without its payload. `None` where the file does not say.
    pub travel: Option<CapturedDatagram>,
    /// What it says.
    pub content: MessageContent,
}

/// What a message is, or why it cannot be read.
#[derive(Debug)]
pub enum MessageContent {
    /// A document in a datagram.
    Document(Result<Document, DecodeError>),
    /// A frame of the link-layer protocol, and its fields.
    Frame(Result<(Box<Frame>, RawFields), FrameError>),
}

/// Why no message could be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum MessageFileError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is a capture without a message that can be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// It is not a capture, and is to be written as one.
    #[error("not a capture")]
    NotACapture,
    /// It is not a capture, and longer than 64 MiB.
    #[error("not a capture, and longer than {} MiB", MAX_TEXT >> 20)]
    TooLong,
    /// It is neither XML nor a dump nor a capture.
    #[error("no SADP message: it is neither XML nor a dump nor a capture")]
    NoMessage,
}

/// The longest text that is read.
const MAX_TEXT: u64 = 64 << 20;

/// The longest capture that is read.
const MAX_CAPTURE: u64 = 1 << 30;

/// The most messages that are kept of a file.
const MAX_MESSAGES: usize = 1 << 20;

impl MessageFile {
    /// Reads what a reader gives. With `redaction`, its messages get other names and
    /// addresses.
    pub fn from_reader(
        reader: impl Read,
        redaction: Option<&mut Redaction>,
    ) -> Result<Self, MessageFileError> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        if capture::is_capture(reader.fill_buf()?) {
            return Self::from_capture(reader.take(MAX_CAPTURE), redaction);
        }
        if redaction.as_ref().is_some_and(|it| it.writes()) {
            return Err(MessageFileError::NotACapture);
        }
        let mut bytes = Vec::new();
        reader.take(MAX_TEXT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_TEXT {
            return Err(MessageFileError::TooLong);
        }
        Self::from_bytes(&bytes, redaction).ok_or(MessageFileError::NoMessage)
    }

    fn from_capture(
        reader: impl Read,
        mut redaction: Option<&mut Redaction>,
    ) -> Result<Self, MessageFileError> {
        let mut capture = Capture::open(reader)?;
        let mut input = Self::default();
        let mut unredacted = Vec::new();
        for datagram in &mut capture {
            match (datagram, redaction.as_deref_mut()) {
                // A name may be told in a later message.
                (Ok(datagram), Some(redaction)) => {
                    redaction.redactor.learn(&datagram);
                    unredacted.push(datagram);
                }
                (Ok(datagram), None) => input.messages.push(FileMessage::travelled(datagram)),
                (Err(error), _) => input.broken = Some(error),
            }
            if input.messages.len() + unredacted.len() >= MAX_MESSAGES {
                break;
            }
        }
        let redacted = unredacted.into_iter();
        let redacted = redacted.map(|it| self::redacted(it, redaction.as_deref_mut()));
        input.messages.extend(redacted.map(FileMessage::travelled));
        input.capture = Some(capture.tally());
        match input.broken.take() {
            Some(error) if input.messages.is_empty() => Err(error.into()),
            broken => Ok(Self { broken, ..input }),
        }
    }

    /// XML, or a dump in a text. `None` if it is neither.
    fn from_bytes(bytes: &[u8], mut redaction: Option<&mut Redaction>) -> Option<Self> {
        let messages: Vec<_> = if let Some(pasted) = capture::read_text(bytes) {
            if let Some(Redaction { redactor, .. }) = redaction.as_deref_mut() {
                for message in &pasted {
                    match message {
                        Pasted::Datagram(datagram) => redactor.learn(datagram),
                        Pasted::Payload(bytes) => drop(redactor.text(bytes)),
                    }
                }
            }
            pasted
                .into_iter()
                .flat_map(|message| FileMessage::pasted(message, redaction.as_deref_mut()))
                .take(MAX_MESSAGES)
                .collect()
        } else {
            let documents = FileMessage::documents(bytes, redaction);
            let mut contents = documents.iter().map(|it| &it.content);
            let any = contents.any(|it| matches!(it, MessageContent::Document(Ok(_))));
            any.then_some(documents)?
        };
        Some(Self {
            messages,
            ..Self::default()
        })
    }

    /// The devices in the messages, and the messages without a device.
    pub fn devices(self) -> FileDevices {
        let mut registry = Registry::new();
        let mut devices = FileDevices::default();
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

/// The devices of a file, and what else it holds.
#[derive(Debug, Default)]
pub struct FileDevices {
    /// The devices.
    pub entries: Vec<DeviceRecord>,
    /// Messages that are no device's report.
    pub others: usize,
    /// Messages that could not be read, with their senders; `0.0.0.0` where
    /// the sender is not known.
    pub unreadable: Vec<(IpAddr, DecodeError)>,
}

impl MessageContent {
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

    /// The device that reports itself in it, if one does; `is_beginning` where
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

impl FileMessage {
    fn travelled(datagram: CapturedDatagram) -> Self {
        Self {
            content: MessageContent::of(&datagram),
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

    /// Documents of which only the bytes are known.
    fn documents(bytes: &[u8], redaction: Option<&mut Redaction>) -> Vec<Self> {
        let other = redaction.map(|redaction| redaction.redactor.text(bytes));
        let documents = Document::decode_all(other.as_deref().unwrap_or(bytes));
        let contents = documents.into_iter().map(MessageContent::Document);
        contents
            .map(|content| Self {
                travel: None,
                content,
            })
            .collect()
    }

    /// How it was received, as far as that is known: an empty interface, the
    /// address 0.0.0.0 and the beginning of 1970 stand for what is not.
    fn sighting(&self) -> Sighting {
        let travel = self.travel.as_ref();
        let interface = travel.and_then(|travel| travel.interface.clone());
        let from = travel.map(|travel| travel.from.ip());
        let (protocol, via) = match travel {
            Some(travel) if travel.is_frame => (Protocol::SadpFrame, Via::LinkLayer),
            Some(travel) if travel.to.ip().is_multicast() => (Protocol::Sadp, Via::Multicast),
            _ => (Protocol::Sadp, Via::Unicast),
        };
        Sighting {
            interface: interface.unwrap_or_default(),
            from: from.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            protocol,
            via,
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

use std::fmt;

use sadp_model::{Device, MacAddr, RawFields};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{DecodeError, Document, inquiry};

/// One datagram, by its purpose.
#[derive(Clone, Debug)]
pub enum Message {
    /// A probe or command: our own, looped back, or another program's.
    Request(RequestMessage),
    /// A device reports itself.
    Report(Box<DeviceReport>),
    /// A device goes offline. Only its identity matters.
    Goodbye(Box<DeviceReport>),
    /// A device's reply to a command.
    CommandReply(CommandReply),
}

impl Message {
    /// Decodes one datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        Self::from_document(Document::decode(datagram)?)
    }

    /// Classifies a document. A root of any other name counts as a reply, as in the
    /// vendor's client.
    pub fn from_document(document: Document) -> Result<Self, DecodeError> {
        let header = Header::read(&document.fields);
        if &*document.root == "Probe" {
            let fields = document.fields;
            return Ok(Self::Request(RequestMessage { header, fields }));
        }
        let hello = &*document.root == "Hello" || header.types == Types::Hello;
        let goodbye = &*document.root == "Bye" || header.types == Types::Bye;
        let answers_command =
            header.types.is_command() || document.fields.first("Result").is_some();
        if !hello && !goodbye && answers_command {
            return Ok(Self::CommandReply(CommandReply {
                header,
                fields: Zeroizing::new(document.fields),
                complete: document.complete,
            }));
        }
        let device = inquiry::read_device(document);
        let named = device.mac.is_some() || device.serial.is_some();
        let addressed = device.complete && device.ipv4.address.is_some();
        if !named && !addressed {
            return Err(DecodeError::Nameless);
        }
        let report = Box::new(DeviceReport {
            header,
            hello,
            device,
        });
        Ok(if goodbye {
            Self::Goodbye(report)
        } else {
            Self::Report(report)
        })
    }
}

/// A received probe or command.
#[derive(Clone, Debug)]
pub struct RequestMessage {
    /// Its header.
    pub header: Header,
    /// Every element, header included.
    pub fields: RawFields,
}

/// What a device reports of itself.
#[derive(Clone, Debug)]
pub struct DeviceReport {
    /// The header of the message.
    pub header: Header,
    /// Whether it is an announcement at power-on.
    pub hello: bool,
    /// The device.
    pub device: Device,
}

impl DeviceReport {
    /// Marks the device if only the beginning of a datagram was received. If that
    /// could be read to its end, the report counts as complete.
    #[must_use]
    pub fn of_beginning(mut self, is_beginning: bool) -> Self {
        self.device.fragment_only = is_beginning && !self.device.complete;
        self
    }
}

/// A device's reply to a command: it has a `Result`, or names the command. It may
/// contain a secret, such as a GUID: `Debug` shows only the names of elements, and
/// they are wiped when dropped.
#[derive(Clone)]
pub struct CommandReply {
    /// Its header.
    pub header: Header,
    /// Every element, header included.
    pub fields: Zeroizing<RawFields>,
    /// Whether it could be read to its end.
    pub complete: bool,
}

impl CommandReply {
    /// The text of an element, if it is not empty.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        self.fields.first(name).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for CommandReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandReply")
            .field("header", &self.header)
            .field("fields", &*self.fields)
            .field("complete", &self.complete)
            .finish()
    }
}

/// The common elements of messages. Each may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The UUID of the request, which replies repeat. Hello and some firmware have
    /// none.
    pub uuid: Option<Uuid>,
    /// The purpose of the message.
    pub types: Types,
    /// The device's hardware address.
    pub mac: Option<MacAddr>,
}

impl Header {
    fn read(fields: &RawFields) -> Self {
        Self {
            uuid: fields.first("Uuid").and_then(|text| text.parse().ok()),
            types: Types::parse(fields.first("Types").unwrap_or_default()),
            mac: fields.first("MAC").and_then(|text| text.parse().ok()),
        }
    }
}

/// The `Types` element: the purpose of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// A probe for devices, or a reply to one.
    Inquiry,
    /// A device announces itself.
    Hello,
    /// A device goes offline.
    Bye,
    /// Anything else, as received; empty if missing.
    Other(Box<str>),
}

impl Types {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let mut known = [Self::Inquiry, Self::Hello, Self::Bye].into_iter();
        let found = known.find(|types| text.eq_ignore_ascii_case(types.as_str()));
        found.unwrap_or_else(|| Self::Other(text.into()))
    }

    /// The text, but for the case of letters.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Hello => "hello",
            Self::Bye => "bye",
            Self::Other(text) => text,
        }
    }

    /// Whether it names a command. Some firmware names an inquiry differently, or
    /// not at all.
    fn is_command(&self) -> bool {
        matches!(self, Self::Other(name) if !name.is_empty() && !name.starts_with("inquiry"))
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reply to a command with this body, for tests. `body` closes the root.
#[cfg(test)]
pub(crate) fn command_reply(types: &str, body: &str) -> CommandReply {
    let text = format!("<ProbeMatch><Types>{types}</Types>{body}");
    let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) else {
        panic!("not a command reply: {text}");
    };
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Message {
        Message::decode(text.as_bytes()).unwrap()
    }

    fn kind(text: &str) -> &'static str {
        match Message::decode(text.as_bytes()) {
            Ok(Message::Request(_)) => "request",
            Ok(Message::CommandReply(_)) => "command reply",
            Ok(Message::Goodbye(_)) => "bye",
            Ok(Message::Report(report)) if report.hello => "hello",
            Ok(Message::Report(_)) => "report",
            Err(DecodeError::Nameless) => "nameless",
            Err(_) => "unreadable",
        }
    }

    #[test]
    #[rustfmt::skip]
    fn messages_are_distinguished() {
        let mac = "<MAC>44-47-cc-1d-6d-13</MAC>";
        for (text, expected) in [
            ("<Probe><Uuid/><Types>inquiry</Types></Probe>", "request"),
            ("<ProbeMatch>{mac}<Types>activate </Types><Result>success</Result></ProbeMatch>", "command reply"),
            ("<Bye>{mac}</Bye>", "bye"),
            ("<ProbeMatch><Types>bye</Types>{mac}</ProbeMatch>", "bye"),
            ("<Hello><Types>hello</Types>{mac}</Hello>", "hello"),
            ("<Whatever>{mac}</Whatever>", "report"),
            ("<ProbeMatch><IPv4Address>10.0.0.9</IPv4Address></ProbeMatch>", "report"),
            // Nothing identifies the device.
            ("<ProbeMatch><DeviceDescription>X</DeviceDescription></ProbeMatch>", "nameless"),
            ("<ProbeMatch><IPv4Address>10.0.0.9</IPv4Address><IPv4", "nameless"),
        ] {
            assert_eq!(kind(&text.replace("{mac}", mac)), expected, "{text}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let body = "<Types>ExportGUID</Types><MAC>44-47-cc-1d-6d-13</MAC>\
            <Password bSalt=\"geheim\">geheim</Password><GUID>geheim</GUID><Result>success</Result>";
        let reply = format!("<ProbeMatch>{body}</ProbeMatch>");
        let request = format!("<Probe>{body}</Probe>");
        let document = Document::decode(reply.as_bytes()).unwrap();
        let Message::CommandReply(reply) = decode(&reply) else {
            panic!("a Result is an answer");
        };
        for shown in [
            format!("{document:?}"),
            format!("{reply:#?}"),
            format!("{:?}", decode(&request)),
        ] {
            assert!(!shown.contains("geheim"), "{shown}");
            assert!(shown.contains("\"GUID\""), "{shown}");
        }
    }

    #[test]
    fn the_header_is_read_as_far_as_it_is_there() {
        let text = "<Probe><Types> Activate </Types><Uuid>6ba7b810-9dad-11d1-80b4-00c04fd430c8</Uuid></Probe>";
        let Message::Request(request) = decode(text) else {
            panic!("a Probe is a request");
        };
        let expected = Header {
            uuid: Some(Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8)),
            types: Types::Other("Activate".into()),
            mac: None,
        };
        assert_eq!(request.header, expected);
    }
}

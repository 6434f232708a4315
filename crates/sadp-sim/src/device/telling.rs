//! What a device says: its account of itself, and the replies to commands.

use std::fmt::{self, Write as _};

use encoding_rs::GB18030;
use sadp_model::RawFields;
use sadp_proto::Document;

use super::{Device, Quirks};
use crate::profile::{Text, Value};

/// Which message a device tells of itself in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Telling<'a> {
    /// Unasked, at its start.
    Hello,
    /// In answer to an inquiry of this UUID, as the asker spelt it.
    Inquiry { uuid: &'a str },
    /// In answer to a command: who it is, or its whole account.
    Reply {
        uuid: &'a str,
        types: &'a str,
        account: bool,
    },
}

impl Telling<'_> {
    const fn root(&self) -> &'static str {
        match self {
            Self::Hello => "Hello",
            Self::Inquiry { .. } | Self::Reply { .. } => "ProbeMatch",
        }
    }

    const fn types(&self) -> &str {
        match self {
            Self::Hello => "hello",
            Self::Inquiry { .. } => "inquiry",
            Self::Reply { types, .. } => types,
        }
    }

    const fn uuid(&self) -> Option<&str> {
        match self {
            Self::Hello => None,
            Self::Inquiry { uuid } | Self::Reply { uuid, .. } => Some(uuid),
        }
    }

    /// Whether an element of this text belongs into the message.
    fn holds(&self, source: &Text) -> bool {
        let Text::Value(value) = source else {
            return !matches!(self, Self::Reply { account: false, .. });
        };
        match self {
            Self::Hello => *value != Value::Uuid,
            Self::Reply { account: false, .. } => matches!(
                value,
                Value::Uuid | Value::Types | Value::Mac | Value::MacColon | Value::MacUpper
            ),
            Self::Inquiry { .. } | Self::Reply { .. } => true,
        }
    }
}

impl Device {
    /// The datagram in which the device tells of itself.
    pub(crate) fn tell(&self, telling: Telling<'_>) -> Vec<u8> {
        self.dress(&self.fields(&telling), &telling)
    }

    /// The datagram in which the device answers a command with these elements.
    pub(crate) fn reply(&self, telling: Telling<'_>, answer: &[(&str, String)]) -> Vec<u8> {
        let told = self.fields(&telling);
        let mut fields = RawFields::with_capacity(1536);
        // Firmware that tells neither of an inquiry still has to say which
        // command it answers.
        for (name, text) in [
            ("Uuid", telling.uuid().unwrap_or_default()),
            ("Types", telling.types()),
        ] {
            if told.first(name).is_none() {
                fields.push(name, text);
            }
        }
        let answer = answer.iter().map(|(name, text)| (*name, &**text));
        for (name, text) in told.iter().chain(answer) {
            fields.push(name, text);
        }
        self.dress(&fields, &telling)
    }

    /// What it says in an element of its account, where it says it.
    pub(crate) fn says(&self, name: &str) -> Option<String> {
        let fields = self.fields(&Telling::Hello);
        fields.first(name).map(str::to_owned)
    }

    fn dress(&self, fields: &RawFields, telling: &Telling<'_>) -> Vec<u8> {
        let document = Document::encode(telling.root(), fields, self.profile.layout());
        match &self.quirks {
            Some(quirks) => quirks.dress(document),
            None => document,
        }
    }

    fn fields(&self, telling: &Telling<'_>) -> RawFields {
        let mut fields = RawFields::with_capacity(1536);
        let mut text = String::new();
        let sources = self.profile.fields.iter();
        for (name, source) in sources.filter(|(_, source)| telling.holds(source)) {
            let quirk = self
                .quirks
                .as_ref()
                .map_or(Departure::None, |quirks| quirks.of(name));
            text.clear();
            if self.cloud.write_changed(name, &mut text) {
                fields.push(name, &text);
                continue;
            }
            match (quirk, source) {
                (Departure::Omitted, _) => continue,
                (Departure::Other(other), _) => fields.push(name, other),
                (Departure::None, Text::Fixed(fixed)) => {
                    text.clear();
                    let changed = self.settings.write_changed(name, &mut text);
                    fields.push(name, if changed { &text } else { fixed })
                }
                (Departure::None, Text::Value(value)) => {
                    text.clear();
                    self.write(*value, telling, &mut text);
                    fields.push(name, &text)
                }
            };
        }
        if matches!(telling, Telling::Reply { account: false, .. }) {
            return fields;
        }
        let added = self.quirks.iter().flat_map(|quirks| &quirks.fields);
        for (name, other) in added {
            if !self.profile.fields.iter().any(|(known, _)| known == name) {
                text.clear();
                let changed = self.cloud.write_changed(name, &mut text);
                fields.push(name, if changed { &text } else { other });
            }
        }
        fields
    }

    fn write(&self, value: Value, telling: &Telling<'_>, out: &mut String) {
        let Self {
            identity,
            settings,
            state,
            ..
        } = self;
        match value {
            Value::Uuid => out.push_str(telling.uuid().unwrap_or_default()),
            Value::Types => out.push_str(telling.types()),
            Value::Model => out.push_str(&identity.model),
            Value::Serial => out.push_str(&identity.serial),
            Value::Firmware => out.push_str(self.profile.firmware()),
            Value::Mac => write_hex(out, &identity.mac.octets(), "-"),
            Value::MacColon => write_hex(out, &identity.mac.octets(), ":"),
            Value::MacUpper => {
                write_hex(out, &identity.mac.octets(), "-");
                out.make_ascii_uppercase();
            }
            Value::Address => show(out, settings.address),
            Value::Mask => show(out, settings.mask),
            Value::Gateway => show(out, settings.gateway),
            Value::Ipv6 => show(out, self.ipv6()),
            Value::Dhcp => show(out, settings.dhcp),
            Value::Activated => show(out, state.activated),
            Value::Boot => show(out, state.boot.strftime("%Y-%m-%d %H:%M:%S")),
            Value::BootUnpadded => show(out, state.boot.strftime("%Y-%-m-%-d %-H:%-M:%S")),
            Value::Salt => write_hex(out, &identity.salt, ""),
            // Another text than the first salt is all that is needed of it.
            Value::Salt2 => write_hex(out, &identity.salt.map(|byte| !byte), ""),
            Value::SdkPort => show(out, settings.sdk_port),
            Value::HttpPort => show(out, settings.http_port),
        }
    }
}

pub(super) fn show(out: &mut String, value: impl fmt::Display) {
    // Writing to a string cannot fail.
    let _infallible = write!(out, "{value}");
}

/// Written digit by digit: formatting a salt takes longer than all else a reply
/// holds.
fn write_hex(out: &mut String, bytes: &[u8], separator: &str) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push(digit(byte >> 4));
        out.push(digit(byte & 0xf));
    }
}

enum Departure<'a> {
    None,
    Omitted,
    Other(&'a str),
}

impl Quirks {
    fn of(&self, name: &str) -> Departure<'_> {
        if self.omit.iter().any(|omitted| **omitted == *name) {
            return Departure::Omitted;
        }
        self.fields
            .iter()
            .find(|(known, _)| **known == *name)
            .map_or(Departure::None, |(_, text)| Departure::Other(text))
    }

    /// Makes a well-formed document into what this device sends.
    fn dress(&self, document: Vec<u8>) -> Vec<u8> {
        // A document is encoded from text.
        let mut text = String::from_utf8(document).unwrap_or_default();
        if self.bare_ampersand {
            text = text.replace("&amp;", "&");
        }
        text.insert_str(0, &self.before);
        text.push_str(&self.after);
        if self.gb18030 {
            GB18030.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        }
    }
}

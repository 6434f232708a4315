//! The messages of a device: its reports and the replies to commands.

use std::fmt::{self, Write as _};

use encoding_rs::GB18030;
use sadp_model::{MacAddr, RawFields};
use sadp_proto::Document;

use super::{Device, Quirks};
use crate::profile::{DeviceValue, FieldText};

/// The message that a report is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SelfReport<'a> {
    /// That of the request, as the sender wrote it. `None` where nobody asked.
    pub(crate) uuid: Option<&'a str>,
    pub(crate) types: &'a str,
    /// Whether it is more than the identity.
    pub(crate) full: bool,
}

impl<'a> SelfReport<'a> {
    /// The announcement of a start.
    pub(crate) const HELLO: Self = Self {
        uuid: None,
        types: "hello",
        full: true,
    };

    /// The reply to an inquiry.
    pub(crate) const fn of_inquiry(uuid: &'a str) -> Self {
        Self {
            uuid: Some(uuid),
            types: "inquiry",
            full: true,
        }
    }

    /// Whether an element with this text is part of the message.
    const fn includes(&self, source: &FieldText) -> bool {
        use DeviceValue::{Mac, MacColon, MacUpper, Types, Uuid};
        match source {
            FieldText::Value(Uuid) => self.uuid.is_some(),
            FieldText::Value(Types | Mac | MacColon | MacUpper) => true,
            FieldText::Value(_) | FieldText::Fixed(_) => self.full,
        }
    }
}

impl Device {
    /// Makes the datagram of a report.
    pub(crate) fn report(&self, report: SelfReport<'_>) -> Vec<u8> {
        self.finish(&self.fields(&report), &report)
    }

    /// Makes the datagram of a reply to a command, with these elements.
    pub(crate) fn reply(&self, report: SelfReport<'_>, answer: &[(&str, String)]) -> Vec<u8> {
        let reported = self.fields(&report);
        let mut fields = RawFields::with_capacity(1536);
        // Firmware that reports neither for an inquiry still has to name the command.
        for (name, text) in [
            ("Uuid", report.uuid.unwrap_or_default()),
            ("Types", report.types),
        ] {
            if reported.first(name).is_none() {
                fields.push(name, text);
            }
        }
        let answer = answer.iter().map(|(name, text)| (*name, &**text));
        for (name, text) in reported.iter().chain(answer) {
            fields.push(name, text);
        }
        self.finish(&fields, &report)
    }

    /// Returns the text of an element of its report, where it has it.
    pub(crate) fn says(&self, name: &str) -> Option<String> {
        let fields = self.fields(&SelfReport::HELLO);
        fields.first(name).map(str::to_owned)
    }

    fn finish(&self, fields: &RawFields, report: &SelfReport<'_>) -> Vec<u8> {
        let root = report.uuid.map_or("Hello", |_| "ProbeMatch");
        let document = Document::encode(root, fields, self.profile.layout);
        self.quirks.finish(document)
    }

    fn fields(&self, report: &SelfReport<'_>) -> RawFields {
        let mut fields = RawFields::with_capacity(1536);
        let mut text = String::new();
        let sources = self.profile.fields.iter();
        for (name, source) in sources.filter(|(_, source)| report.includes(source)) {
            text.clear();
            if let Some(changed) = self.cloud.changed(name) {
                text.push_str(&changed);
            } else if self.quirks.omit.contains(name) {
                continue;
            } else if let Some(other) = self.quirks.fields.get(name) {
                text.push_str(other);
            } else {
                match source {
                    FieldText::Fixed(fixed) => {
                        let changed = self.settings.changed(name);
                        text.push_str(changed.as_deref().unwrap_or(fixed));
                    }
                    FieldText::Value(value) => self.write(*value, report, &mut text),
                }
            }
            fields.push(name, &text);
        }
        if !report.full {
            return fields;
        }
        for (name, other) in &self.quirks.fields {
            if !self.profile.fields.iter().any(|(known, _)| known == name) {
                let changed = self.cloud.changed(name);
                fields.push(name, changed.as_deref().unwrap_or(other));
            }
        }
        fields
    }

    fn write(&self, value: DeviceValue, report: &SelfReport<'_>, out: &mut String) {
        let Self {
            identity,
            settings,
            state,
            ..
        } = self;
        match value {
            DeviceValue::Uuid => out.push_str(report.uuid.unwrap_or_default()),
            DeviceValue::Types => out.push_str(report.types),
            DeviceValue::Model => out.push_str(&identity.model),
            DeviceValue::Serial => out.push_str(&identity.serial),
            DeviceValue::Firmware => out.push_str(&self.profile.firmware),
            DeviceValue::Mac => out.push_str(&with_hyphens(identity.mac)),
            DeviceValue::MacColon => show(out, identity.mac),
            DeviceValue::MacUpper => out.push_str(&with_hyphens(identity.mac).to_uppercase()),
            DeviceValue::Address => show(out, settings.address),
            DeviceValue::Mask => show(out, settings.mask),
            DeviceValue::Gateway => show(out, settings.gateway),
            DeviceValue::Ipv6 => show(out, self.ipv6()),
            DeviceValue::Dhcp => show(out, settings.dhcp),
            DeviceValue::Activated => show(out, state.activated),
            DeviceValue::Boot => show(out, state.boot.strftime("%Y-%m-%d %H:%M:%S")),
            DeviceValue::BootUnpadded => show(out, state.boot.strftime("%Y-%-m-%-d %-H:%-M:%S")),
            DeviceValue::Salt => out.push_str(&hex::encode(identity.salt)),
            // It only has to differ from the first salt.
            DeviceValue::Salt2 => out.push_str(&hex::encode(identity.salt.map(|byte| !byte))),
            DeviceValue::SdkPort => show(out, settings.sdk_port),
            DeviceValue::HttpPort => show(out, settings.http_port),
        }
    }
}

fn show(out: &mut String, value: impl fmt::Display) {
    // Writing to a string cannot fail.
    let _infallible = write!(out, "{value}");
}

/// An address as most firmware writes it: `44-47-cc-1d-6d-13`.
fn with_hyphens(mac: MacAddr) -> String {
    mac.to_string().replace(':', "-")
}

impl Quirks {
    /// Turns a well-formed document into what this device sends.
    fn finish(&self, document: Vec<u8>) -> Vec<u8> {
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

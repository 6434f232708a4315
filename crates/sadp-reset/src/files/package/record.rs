//! `request.json`: what `reset import` matches an answer against.

use std::net::IpAddr;

use jiff::{Timestamp, civil::DateTime};
use sadp_model::{MacAddr, Serial, text::clean_json};
use serde::{Deserialize, Serialize};

use crate::{DeviceKey, Digest, RequestCommand, RequestKind, validity};

/// What a package says of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The device.
    pub device: DeviceKey,
    /// Its model.
    pub model: Option<String>,
    /// Its firmware, as it told.
    pub firmware: Option<String>,
    /// Where it was.
    pub address: Option<IpAddr>,
    /// When it had started, as it told.
    pub boot_time: Option<DateTime>,
    /// What it takes.
    pub kind: RequestKind,
    /// What brought its code. `None` where there is no code.
    pub command: Option<RequestCommand>,
    /// The digest of the request file. Legacy devices have no code and no file.
    pub sha256: Option<Digest>,
    /// When it was exported.
    pub exported_at: Timestamp,
}

impl RequestRecord {
    /// Until when a reminder is not needed.
    pub fn warn_after(&self) -> Timestamp {
        validity::warn_after(self.exported_at)
    }

    /// Until when the request is valid.
    pub fn valid_until(&self) -> Timestamp {
        validity::valid_until(self.exported_at)
    }

    /// Whether the request should end in the serial number of the device, and the
    /// device told none.
    pub fn lacks_serial(&self) -> bool {
        self.kind == RequestKind::FileOrKey && self.device.serial().is_none()
    }

    pub(super) fn to_json(&self) -> String {
        let file = File {
            format: FORMAT.into(),
            version: VERSION,
            device: DevicePart {
                serial: self.device.serial().map(|serial| serial.as_str().into()),
                mac: self.device.mac().map(|mac| mac.to_string()),
                model: self.model.clone(),
                firmware: self.firmware.clone(),
                address: self.address,
                boot_time: self.boot_time.map(|time| time.to_string()),
            },
            request: RequestPart {
                kind: self.kind.name().into(),
                command: self.command.map(|command| command.name().into()),
                sha256: self.sha256.map(|digest| digest.to_string()),
            },
            exported_at: self.exported_at.to_string(),
            warn_after: Some(self.warn_after().to_string()),
            valid_until: Some(self.valid_until().to_string()),
        };
        // Only a map with keys that are no text fails, and there is none.
        let json = serde_json::to_string_pretty(&file).unwrap_or_default();
        format!("{}\n", clean_json(&json))
    }

    pub(super) fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        let mark: Mark = serde_json::from_slice(json).map_err(|error| at_line(&error))?;
        if mark.format != FORMAT {
            return Err(RecordError::Foreign);
        }
        if mark.version != VERSION {
            return Err(RecordError::Version {
                found: mark.version,
            });
        }
        let file: File = serde_json::from_slice(json).map_err(|error| at_line(&error))?;
        file.into_record()
    }
}

/// Why a `request.json` cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is not JSON, or lacks what it has to hold.
    #[error("not a request record: line {line}")]
    Json {
        /// The line, from 1.
        line: usize,
    },
    /// It is another program's.
    #[error("not a request record of sadpctl")]
    Foreign,
    /// Another version wrote it.
    #[error("a request record of version {found}, this one knows {VERSION}")]
    Version {
        /// The version.
        found: u32,
    },
    /// A value is not what it has to be.
    #[error("a request record with a wrong `{field}`")]
    Field {
        /// Where, e.g. `device.mac`.
        field: &'static str,
    },
}

#[derive(Deserialize)]
struct Mark {
    format: String,
    version: u32,
}

/// The file. Fields it does not know are ignored.
#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    device: DevicePart,
    request: RequestPart,
    exported_at: String,
    #[serde(default)]
    warn_after: Option<String>,
    #[serde(default)]
    valid_until: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct DevicePart {
    serial: Option<String>,
    mac: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    address: Option<IpAddr>,
    boot_time: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RequestPart {
    kind: String,
    command: Option<String>,
    sha256: Option<String>,
}

impl File {
    fn into_record(self) -> Result<RequestRecord, RecordError> {
        let wrong = |field| RecordError::Field { field };
        let DevicePart {
            serial,
            mac,
            model,
            firmware,
            address,
            boot_time,
        } = self.device;
        let mac: Option<MacAddr> = parsed(mac).map_err(|()| wrong("device.mac"))?;
        let serial = serial.as_deref().and_then(Serial::new);
        let kind: Option<RequestKind> =
            parsed(Some(self.request.kind)).map_err(|()| wrong("request.kind"))?;
        Ok(RequestRecord {
            device: DeviceKey::new(mac, serial).ok_or_else(|| wrong("device"))?,
            model,
            firmware,
            address,
            boot_time: parsed(boot_time).map_err(|()| wrong("device.boot_time"))?,
            kind: kind.ok_or_else(|| wrong("request.kind"))?,
            command: parsed(self.request.command).map_err(|()| wrong("request.command"))?,
            sha256: parsed(self.request.sha256).map_err(|()| wrong("request.sha256"))?,
            exported_at: self.exported_at.parse().map_err(|_| wrong("exported_at"))?,
        })
    }
}

fn parsed<T: std::str::FromStr>(text: Option<String>) -> Result<Option<T>, ()> {
    text.map(|text| text.parse().map_err(|_| ())).transpose()
}

fn at_line(error: &serde_json::Error) -> RecordError {
    RecordError::Json { line: error.line() }
}

const FORMAT: &str = "sadpctl-request";
const VERSION: u32 = 1;

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::files::package) fn record(serial: &str) -> RequestRecord {
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, 0x13]);
        RequestRecord {
            device: DeviceKey::new(Some(mac), Serial::new(serial)).unwrap(),
            model: Some("DS-2CD2320D-I".into()),
            firmware: Some("V5.5.6build 180326".into()),
            address: Some([192, 168, 1, 64].into()),
            boot_time: Some("2026-09-18T09:21:28".parse().unwrap()),
            kind: RequestKind::FileOrKey,
            command: Some(RequestCommand::GetEncryptString),
            sha256: Some(Digest::of(b"code")),
            exported_at: Timestamp::from_second(1_790_000_000).unwrap(),
        }
    }

    #[test]
    fn it_is_read_back_and_unknown_fields_are_ignored() {
        let record = record("S1");
        let json = record.to_json();
        assert_eq!(
            RequestRecord::from_json(json.as_bytes()),
            Ok(record.clone())
        );
        let more = json.replacen("\"mac\"", "\"colour\": [1], \"mac\"", 1);
        assert_ne!(more, json);
        assert_eq!(
            RequestRecord::from_json(more.as_bytes()),
            Ok(record.clone())
        );
        for part in [
            "\"warn_after\": \"2026-09-22T14:13:20Z\"",
            "\"valid_until\": \"2026-09-23T14:13:20Z\"",
        ] {
            assert!(json.contains(part), "{json}");
        }
        let bare = RequestRecord {
            model: None,
            firmware: None,
            address: None,
            boot_time: None,
            kind: RequestKind::LegacyCode,
            command: None,
            sha256: None,
            ..record
        };
        let json = bare.to_json();
        assert_eq!(RequestRecord::from_json(json.as_bytes()), Ok(bare));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let json = record("S1").to_json();
        let field = |field| RecordError::Field { field };
        for (from, to, expected) in [
            ("{\n", "[\n", RecordError::Json { line: 2 }),
            ("sadpctl-request", "other", RecordError::Foreign),
            (
                "\"version\": 1",
                "\"version\": 2",
                RecordError::Version { found: 2 },
            ),
            ("44:47:cc", "44:47:zz", field("device.mac")),
            ("file-or-key", "fax", field("request.kind")),
            ("getencryptstring", "reset", field("request.command")),
            ("5694d08a", "5694", field("request.sha256")),
            ("2026-09-21T14:13:20Z", "today", field("exported_at")),
            ("2026-09-18T09:21:28", "noon", field("device.boot_time")),
        ] {
            let wrong = json.replacen(from, to, 1);
            assert_ne!(wrong, json, "{from}");
            assert_eq!(RequestRecord::from_json(wrong.as_bytes()), Err(expected));
        }
        let nobody = json
            .replace("44:47:cc:1d:6d:13", "00:00:00:00:00:00")
            .replace("S1", "");
        assert_eq!(
            RequestRecord::from_json(nobody.as_bytes()),
            Err(field("device"))
        );
    }

    proptest! {
        #[test]
        fn any_serial_is_read_back_and_shows_no_tricks(serial in "\\PC{1,60}|[\\x00-\\u{10ffff}]{1,60}") {
            prop_assume!(!serial.trim().is_empty());
            let record = record(&serial);
            let json = record.to_json();
            let tricks = |c: char| c != '\n' && sadp_model::text::is_treacherous(c);
            prop_assert!(!json.chars().any(tricks));
            prop_assert_eq!(RequestRecord::from_json(json.as_bytes()), Ok(record));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = RequestRecord::from_json(&bytes);
        }
    }
}

//! `request.json`: the record that `reset import` compares answers with.

use std::{net::IpAddr, str::FromStr};

use jiff::{Timestamp, civil::DateTime};
use sadp_model::{MacAddr, Serial, text::clean_json};
use serde::{Deserialize, Serialize};

use crate::{
    DeviceKey, Digest, RequestCommand, RequestKind,
    request::{valid_until, warn_after},
};

/// The request of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// The device.
    pub device: DeviceKey,
    /// Its model.
    pub model: Option<String>,
    /// Its firmware, as it reported.
    pub firmware: Option<String>,
    /// Its address.
    pub address: Option<IpAddr>,
    /// When it had started, as it reported.
    pub boot_time: Option<DateTime>,
    /// The kind of request.
    pub kind: RequestKind,
    /// The command that returned its code. `None` where there is no code.
    pub command: Option<RequestCommand>,
    /// The digest of the request file. Legacy devices have none.
    pub sha256: Option<Digest>,
    /// When it was exported.
    pub exported_at: Timestamp,
}

impl RequestRecord {
    /// From this time on a reminder is due.
    pub fn warn_after(&self) -> Timestamp {
        warn_after(self.exported_at)
    }

    /// The end of the request's validity.
    pub fn valid_until(&self) -> Timestamp {
        valid_until(self.exported_at)
    }

    /// Whether the request should end with the device's serial number, but the device
    /// reported none.
    pub fn lacks_serial(&self) -> bool {
        self.kind == RequestKind::FileOrKey && self.device.serial().is_none()
    }

    pub(super) fn to_json(&self) -> String {
        let file = RecordFile {
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
        // This only fails for a map with keys that are not text; there is none.
        let json = serde_json::to_string_pretty(&file).unwrap_or_default();
        format!("{}\n", clean_json(&json))
    }

    pub(super) fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        let mark: FormatMark = serde_json::from_slice(json).map_err(|error| at_line(&error))?;
        if mark.format != FORMAT {
            return Err(RecordError::Foreign);
        }
        if mark.version != VERSION {
            return Err(RecordError::Version {
                found: mark.version,
            });
        }
        let file: RecordFile = serde_json::from_slice(json).map_err(|error| at_line(&error))?;
        file.into_record()
    }
}

/// Why a `request.json` is not valid.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is not JSON, or lacks a required field.
    #[error("not a request record: line {line}")]
    Json {
        /// The line, from 1.
        line: usize,
    },
    /// It belongs to another program.
    #[error("not a request record of sadpctl")]
    Foreign,
    /// Another version wrote it.
    #[error("a request record of version {found}, this one knows {VERSION}")]
    Version {
        /// The version.
        found: u32,
    },
    /// A value is not valid.
    #[error("a request record with a wrong `{field}`")]
    Field {
        /// The field, e.g. `device.mac`.
        field: &'static str,
    },
}

#[derive(Deserialize)]
struct FormatMark {
    format: String,
    version: u32,
}

/// The file. Unknown fields are ignored.
#[derive(Serialize, Deserialize)]
struct RecordFile {
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

impl RecordFile {
    fn into_record(self) -> Result<RequestRecord, RecordError> {
        let DevicePart {
            serial,
            mac,
            model,
            firmware,
            address,
            boot_time,
        } = self.device;
        let mac: Option<MacAddr> = optional("device.mac", mac)?;
        let serial = serial.as_deref().and_then(Serial::new);
        let device = DeviceKey::new(mac, serial);
        Ok(RequestRecord {
            device: device.ok_or(RecordError::Field { field: "device" })?,
            model,
            firmware,
            address,
            boot_time: optional("device.boot_time", boot_time)?,
            kind: parsed("request.kind", &self.request.kind)?,
            command: optional("request.command", self.request.command)?,
            sha256: optional("request.sha256", self.request.sha256)?,
            exported_at: parsed("exported_at", &self.exported_at)?,
        })
    }
}

fn parsed<T: FromStr>(field: &'static str, text: &str) -> Result<T, RecordError> {
    text.parse().map_err(|_| RecordError::Field { field })
}

fn optional<T: FromStr>(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<T>, RecordError> {
    text.map(|text| parsed(field, &text)).transpose()
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
    use crate::testing::{at, key};

    pub(in crate::files::package) fn record(serial: &str) -> RequestRecord {
        RequestRecord {
            device: key(0x13, serial),
            model: Some("DS-2CD2320D-I".into()),
            firmware: Some("V5.5.6build 180326".into()),
            address: Some([192, 168, 1, 64].into()),
            boot_time: Some("2026-09-18T09:21:28".parse().unwrap()),
            kind: RequestKind::FileOrKey,
            command: Some(RequestCommand::GetEncryptString),
            sha256: Some(Digest::of(b"code")),
            exported_at: at(1_790_000_000),
        }
    }

    fn read(json: &str) -> Result<RequestRecord, RecordError> {
        RequestRecord::from_json(json.as_bytes())
    }

    fn field(field: &'static str) -> RecordError {
        RecordError::Field { field }
    }

    #[test]
    fn it_is_read_back_and_unknown_fields_are_ignored() {
        let record = record("S1");
        let json = record.to_json();
        assert_eq!(read(&json), Ok(record.clone()));
        let more = json.replacen("\"mac\"", "\"colour\": [1], \"mac\"", 1);
        assert_ne!(more, json);
        assert_eq!(read(&more), Ok(record.clone()));
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
        assert_eq!(read(&bare.to_json()), Ok(bare));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let json = record("S1").to_json();
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
            assert_eq!(read(&wrong), Err(expected));
        }
        let nobody = json
            .replace("44:47:cc:1d:6d:13", "00:00:00:00:00:00")
            .replace("S1", "");
        assert_eq!(read(&nobody), Err(field("device")));
    }

    proptest! {
        #[test]
        fn any_serial_is_read_back_and_shows_no_tricks(serial in "\\PC{1,60}|[\\x00-\\u{10ffff}]{1,60}") {
            prop_assume!(!serial.trim().is_empty());
            let record = record(&serial);
            let json = record.to_json();
            prop_assert!(json.lines().all(|line| !line.contains(sadp_model::text::is_unprintable)));
            prop_assert_eq!(read(&json), Ok(record));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = RequestRecord::from_json(&bytes);
        }
    }
}

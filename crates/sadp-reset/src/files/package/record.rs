//! `request.json`: the record that `reset import` compares answers with.

use std::{net::IpAddr, path::Path, str::FromStr};

use sadp_model::{MacAddr, Serial, text::clean_json};
use serde::{Deserialize, Serialize};

use super::Package;
use crate::{DeviceKey, NewCase, RequestCommand};

impl Package {
    pub(super) fn to_json(&self) -> String {
        let Self {
            request,
            model,
            firmware,
        } = self;
        let file = RecordFile {
            format: FORMAT.into(),
            version: VERSION,
            device: DevicePart {
                serial: request.device.serial_text().map(Into::into),
                mac: request.device.mac_text(),
                model: model.clone(),
                firmware: firmware.clone(),
                address: request.address,
                boot_time: request.boot_time.map(|time| time.to_string()),
            },
            request: RequestPart {
                kind: request.kind.name().into(),
                command: request.command.map(RequestCommand::name).map(Into::into),
                sha256: request.sha256.map(|digest| digest.to_string()),
            },
            exported_at: request.exported_at.to_string(),
            warn_after: Some(request.warn_after().to_string()),
            valid_until: Some(request.valid_until().to_string()),
        };
        // This only fails for a map with keys that are not text; there is none.
        let json = serde_json::to_string_pretty(&file).unwrap_or_default();
        format!("{}\n", clean_json(&json))
    }

    pub(super) fn from_json(json: &[u8], folder: &Path) -> Result<Self, RecordError> {
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
        file.into_package(folder)
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
    fn into_package(self, folder: &Path) -> Result<Package, RecordError> {
        let Self {
            device,
            request,
            exported_at,
            ..
        } = self;
        let mac: Option<MacAddr> = optional("device.mac", device.mac)?;
        let serial = device.serial.as_deref().and_then(Serial::new);
        let key = DeviceKey::new(mac, serial);
        Ok(Package {
            model: device.model,
            firmware: device.firmware,
            request: NewCase {
                device: key.ok_or(RecordError::Field { field: "device" })?,
                address: device.address,
                boot_time: optional("device.boot_time", device.boot_time)?,
                kind: parsed("request.kind", &request.kind)?,
                command: optional("request.command", request.command)?,
                sha256: optional("request.sha256", request.sha256)?,
                exported_at: parsed("exported_at", &exported_at)?,
                package: folder.to_owned(),
            },
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
    use crate::{
        Digest, RequestKind,
        device_key::testing::{at, key},
    };

    pub(in crate::files::package) fn package(serial: &str) -> Package {
        Package {
            model: Some("DS-2CD2320D-I".into()),
            firmware: Some("V5.5.6build 180326".into()),
            request: NewCase {
                device: key(0x13, serial),
                address: Some([192, 168, 1, 64].into()),
                kind: RequestKind::FileOrKey,
                command: Some(RequestCommand::GetEncryptString),
                sha256: Some(Digest::of(b"code")),
                boot_time: Some("2026-09-18T09:21:28".parse().unwrap()),
                exported_at: at(1_790_000_000),
                package: "package".into(),
            },
        }
    }

    fn read(json: &str) -> Result<Package, RecordError> {
        Package::from_json(json.as_bytes(), Path::new("package"))
    }

    fn field(field: &'static str) -> RecordError {
        RecordError::Field { field }
    }

    #[test]
    fn it_is_read_back_and_unknown_fields_are_ignored() {
        let package = package("S1");
        let json = package.to_json();
        assert_eq!(read(&json), Ok(package.clone()));
        let more = json.replacen("\"mac\"", "\"colour\": [1], \"mac\"", 1);
        assert_ne!(more, json);
        assert_eq!(read(&more), Ok(package.clone()));
        for part in [
            "\"warn_after\": \"2026-09-22T14:13:20Z\"",
            "\"valid_until\": \"2026-09-23T14:13:20Z\"",
        ] {
            assert!(json.contains(part), "{json}");
        }
        let bare = Package {
            model: None,
            firmware: None,
            request: NewCase {
                address: None,
                boot_time: None,
                kind: RequestKind::LegacyCode,
                command: None,
                sha256: None,
                ..package.request
            },
        };
        assert_eq!(read(&bare.to_json()), Ok(bare));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let json = package("S1").to_json();
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
            let package = package(&serial);
            let json = package.to_json();
            prop_assert!(json.lines().all(|line| !line.contains(sadp_model::text::is_unprintable)));
            prop_assert_eq!(read(&json), Ok(package));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Package::from_json(&bytes, Path::new("package"));
        }
    }
}

//! Putting requests on the disk.

use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf, absolute},
};

use jiff::Timestamp;
use sadp_proto::{Outcome as Reply, RequestCode};
use sadp_reset::{
    Contact, DeviceKey, ExportError, Exported, Ledger, OpenedCase, Package, PackageError,
    PackageRequest, RequestKind, export_request,
};
use serde_json::{Value, json};

use super::Fit;
use crate::{
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    state,
};

/// Writes packages into one folder, and remembers what it wrote.
pub(super) struct Writer {
    out: PathBuf,
    contact: Contact,
    kept: HashMap<DeviceKey, Kept>,
    /// The text of the latest request that takes a key.
    text: Option<String>,
}

/// What became of a device's request.
enum Kept {
    Written(Box<Exported>),
    /// Its package is whole, but the ledger does not know of it.
    Uncased(Box<Package>),
    /// It answered without a code.
    NoCode,
    /// Its request could not be kept.
    Lost,
}

impl Writer {
    /// Makes the folder, before any device is asked.
    pub(super) fn new(out: &Path, contact: Contact) -> Result<Self, Failure> {
        let made = absolute(out).and_then(|out| fs::create_dir_all(&out).map(|()| out));
        let out = made.map_err(|error| {
            let what = format!("cannot make the folder {}", out.display());
            Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
                .hint("name another folder with --out; nothing was sent")
        })?;
        Ok(Self {
            out,
            contact,
            kept: HashMap::new(),
            text: None,
        })
    }

    /// Keeps what a device answered.
    pub(super) fn keep(
        &mut self,
        ledger: &mut Ledger,
        fit: &Fit,
        reply: &Reply,
    ) -> Result<(), Failure> {
        let Reply::Done(reply) = reply else {
            return Ok(());
        };
        let code = RequestCode::read(reply);
        if code.is_none() {
            self.remember(fit, Kept::NoCode);
            return Ok(());
        }
        self.write(ledger, fit, code.as_ref())
    }

    /// Writes the package and the case. Once this returns, both are on the disk.
    pub(super) fn write(
        &mut self,
        ledger: &mut Ledger,
        fit: &Fit,
        code: Option<&RequestCode>,
    ) -> Result<(), Failure> {
        let device = &fit.found.entry.device;
        let request = PackageRequest {
            device,
            address: device.ipv4.address.map(IpAddr::V4),
            kind: fit.kind,
            code: code.map(RequestCode::as_str),
            exported_at: Timestamp::now(),
        };
        match export_request(ledger, &self.out, &request, &self.contact) {
            Ok(exported) => {
                self.remember(fit, Kept::Written(Box::new(exported)));
                self.text = request
                    .text()
                    .filter(|_| fit.kind == RequestKind::FileOrKey);
                Ok(())
            }
            Err(ExportError::Ledger { package, source }) => {
                self.remember(fit, Kept::Uncased(package));
                Err(state::failed(*source))
            }
            Err(ExportError::Package(error)) => {
                self.remember(fit, Kept::Lost);
                Err(failed(error))
            }
        }
    }

    fn remember(&mut self, fit: &Fit, kept: Kept) {
        if let Some(key) = fit.found.key() {
            self.kept.insert(key, kept);
        }
    }

    /// The text to scan off a screen, where one was written last.
    pub(super) fn key_request(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Adds to an outcome where the request is.
    pub(super) fn conclude(&self, fit: &Fit, mut outcome: Outcome) -> Outcome {
        let key = fit.found.key();
        match key.and_then(|key| self.kept.get(&key)) {
            Some(Kept::Written(exported)) => {
                outcome.turn_done(written(fit.kind));
                outcome.next = Some(NEXT.into());
                tell_of_serial(&mut outcome, &exported.package);
                outcome
                    .data
                    .extend(data(&exported.package, Some(&exported.case)));
            }
            Some(Kept::Uncased(package)) => {
                let done = written(fit.kind);
                let path = package.path.display();
                outcome.turn_done(format!(
                    "{done} to {path}, but not noted in the ledger: reset cases does not list it"
                ));
                outcome.exit = Exit::Machine;
                outcome.next = Some(NEXT_UNCASED.into());
                tell_of_serial(&mut outcome, package);
                outcome.data.extend(data(package, None));
            }
            Some(Kept::NoCode) => {
                outcome.result = Ending::NoAnswer;
                outcome.exit = Exit::Refused;
                outcome.message =
                    "it answered without a request in its reply; an older one may be void".into();
                outcome.next =
                    Some("run it again; if it stays so, ask the vendor's support".into());
            }
            Some(Kept::Lost) => {
                outcome.result = Ending::Unknown;
                outcome.exit = Exit::Machine;
                outcome.message =
                    "it gave a request, which could not be written: older requests of it are void"
                        .into();
                outcome.next = Some("clear the cause, then export again with --again".into());
            }
            None => {}
        }
        outcome
    }
}

/// Adds that the request does not end in the serial number, where it should.
fn tell_of_serial(outcome: &mut Outcome, package: &Package) {
    if package.record.lacks_serial() {
        outcome.message +=
            "; the device told no serial number, which the vendor's tool appends to such a request";
    }
}

const NEXT: &str = "send the package to the vendor's support of your country; until the answer is in, \
     neither restart the device nor export again";

const NEXT_UNCASED: &str = "send the package to the vendor's support of your country; its answer is matched by the package alone, \
     so keep that; until the answer is in, neither restart the device nor export again";

const fn written(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::LegacyCode => "what support needs to know is written",
        RequestKind::File | RequestKind::FileOrKey => "request exported",
    }
}

fn data(package: &Package, case: Option<&OpenedCase>) -> [(String, Value); 5] {
    let record = &package.record;
    let superseded = case.into_iter().flat_map(|case| &case.superseded);
    let superseded = superseded.map(|id| id.number());
    [
        ("path".into(), json!(package.path.to_string_lossy())),
        ("kind".into(), json!(record.kind.name())),
        ("case".into(), json!(case.map(|case| case.id.number()))),
        (
            "valid_until".into(),
            json!(record.valid_until().to_string()),
        ),
        ("superseded".into(), superseded.collect()),
    ]
}

fn failed(error: PackageError) -> Failure {
    Failure::new(Exit::Machine, error)
        .hint("see that the disk has room and may be written; requests exported before are kept")
}

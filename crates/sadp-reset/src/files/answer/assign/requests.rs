//! The requests known from the ledger and from packages, as one list.

use std::{cmp::Reverse, path::PathBuf};

use jiff::Timestamp;

use super::{Place, Target, Why};
use crate::{AnswerFile, Case, CaseId, DeviceKey, Digest, Package, RequestFacts, RequestKind};

/// All requests, and the devices they are of.
pub(super) struct Requests {
    devices: Vec<DeviceKey>,
    all: Vec<Request>,
    /// For each package, its request.
    of_package: Vec<Option<usize>>,
}

struct Request {
    device: usize,
    case: Option<CaseId>,
    kind: RequestKind,
    sha256: Option<Digest>,
    folder: PathBuf,
    exported_at: Timestamp,
    facts: RequestFacts,
}

impl Requests {
    pub(super) fn new(cases: &[Case], packages: &[Package], explicit: Option<&DeviceKey>) -> Self {
        let mut known = Self {
            devices: Vec::new(),
            all: Vec::new(),
            of_package: Vec::new(),
        };
        // Fuller keys first, so that a lesser one finds the one it means.
        let mut keys: Vec<&DeviceKey> = cases.iter().map(|case| &case.request.device).collect();
        keys.extend(packages.iter().map(|package| &package.record.device));
        keys.extend(explicit);
        keys.sort_by_key(|key| Reverse((key.mac().is_some(), key.serial().is_some())));
        for key in keys {
            if known.index_of(key).is_none() {
                known.devices.push(key.clone());
            }
        }
        for case in cases {
            let device = known.index_of(&case.request.device);
            known
                .all
                .extend(device.map(|device| Request::of_case(device, case)));
        }
        for package in packages {
            let request = known.request_of(package);
            known.of_package.push(request);
        }
        known
    }

    pub(super) fn devices(&self) -> &[DeviceKey] {
        &self.devices
    }

    pub(super) fn key(&self, device: usize) -> Option<DeviceKey> {
        self.devices.get(device).cloned()
    }

    pub(super) fn keys(&self, devices: &[usize]) -> Vec<DeviceKey> {
        devices
            .iter()
            .filter_map(|&device| self.key(device))
            .collect()
    }

    /// All devices that a key can mean.
    pub(super) fn devices_of(&self, key: &DeviceKey) -> Vec<usize> {
        let all = self.devices.iter().enumerate();
        all.filter(|(_, device)| device.is_same(key))
            .map(|(index, _)| index)
            .collect()
    }

    /// Whether this file is a request, and so no answer: as exported, or without
    /// the serial number that a request for a key ends in.
    pub(super) fn holds_request(&self, file: &AnswerFile) -> bool {
        let read = file.answer.digest();
        self.all.iter().any(|request| {
            let is_it = |digest| request.sha256 == Some(digest);
            is_it(file.raw) || is_it(read) || self.with_serial(request, file).is_some_and(is_it)
        })
    }

    /// The digest of a file's text followed by the serial number of a request's
    /// device.
    fn with_serial(&self, request: &Request, file: &AnswerFile) -> Option<Digest> {
        let serial = self.devices.get(request.device)?.serial()?;
        let takes_key = request.kind == RequestKind::FileOrKey;
        let text = [file.answer.expose(), serial.as_str()].concat();
        takes_key.then(|| Digest::of(zeroize::Zeroizing::new(text).as_bytes()))
    }

    /// What the folders around a file say: the package it lies in, and packages
    /// of the ledger whose name a folder has.
    pub(super) fn by_folder(&self, file: &AnswerFile) -> Vec<Place> {
        let packaged = file.package.and_then(|index| self.of_package.get(index));
        let packaged = packaged.copied().flatten();
        let named = self.all.iter().enumerate().filter(|(_, request)| {
            let name = request
                .folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            request.case.is_some() && file.folders.iter().any(|folder| *folder == name)
        });
        let named = named.map(|(index, _)| index);
        let places = packaged.into_iter().chain(named).filter_map(|index| {
            let device = self.all.get(index)?.device;
            let request = Some(index);
            Some(Place { device, request })
        });
        places.collect()
    }

    /// The last request of a device.
    pub(super) fn newest_of(&self, device: usize) -> Option<usize> {
        let all = self.all.iter().enumerate();
        all.filter(|(_, request)| request.device == device)
            .map(|(index, _)| index)
            .max_by_key(|&index| self.age(Some(index)))
    }

    /// That an answer belongs to this device's last request and lies elsewhere.
    /// `None` where there is no such request.
    pub(super) fn misplaced(&self, device: usize, packages: &[Package]) -> Option<Why> {
        let request = self.newest_of(device)?;
        let met = self.of_package.iter().zip(packages);
        let met = met.filter(|(of_package, _)| **of_package == Some(request));
        let package = met.map(|(_, package)| &package.path).next();
        let package = package.or_else(|| self.all.get(request).map(|request| &request.folder))?;
        Some(Why::Misplaced {
            device: self.key(device)?,
            package: package.clone(),
        })
    }

    /// By what requests of one device follow each other.
    pub(super) fn age(&self, request: Option<usize>) -> Option<(i64, Option<CaseId>)> {
        let request = self.all.get(request?)?;
        // The ledger keeps no parts of a second.
        Some((request.exported_at.as_second(), request.case))
    }

    /// Whether an answer to a package's request is still to come.
    pub(super) fn awaits(&self, package: usize) -> bool {
        let request = self.of_package.get(package).copied().flatten();
        let request = request.and_then(|request| self.all.get(request));
        request.is_some_and(|request| request.facts.ended.is_none())
    }

    pub(super) fn target(&self, place: Place) -> Option<Target> {
        let device = self.key(place.device)?;
        let Some(request) = place.request.and_then(|index| self.all.get(index)) else {
            return Some(Target {
                device,
                case: None,
                package: None,
                kind: None,
                facts: RequestFacts::default(),
            });
        };
        let age = self.age(place.request);
        let newer =
            self.all.iter().enumerate().filter(|(index, other)| {
                other.device == place.device && self.age(Some(*index)) > age
            });
        let newer_export = newer.map(|(_, other)| other.exported_at).max();
        Some(Target {
            device,
            case: request.case,
            package: Some(request.folder.clone()),
            kind: Some(request.kind),
            facts: RequestFacts {
                newer_export,
                ..request.facts.clone()
            },
        })
    }

    fn index_of(&self, key: &DeviceKey) -> Option<usize> {
        self.devices.iter().position(|device| device.is_same(key))
    }

    /// The request of a package: that of its case, or one of its own where it
    /// was exported on another machine.
    fn request_of(&mut self, package: &Package) -> Option<usize> {
        let record = &package.record;
        let device = self.index_of(&record.device)?;
        let second = record.exported_at.as_second();
        let of_case = self.all.iter().position(|request| {
            request.device == device
                && request.sha256 == record.sha256
                // Legacy requests have no code to know them by.
                && (record.sha256.is_some() || request.exported_at.as_second() == second)
        });
        of_case.or_else(|| {
            self.all.push(Request::of_package(device, package));
            self.all.len().checked_sub(1)
        })
    }
}

impl Request {
    fn of_case(device: usize, case: &Case) -> Self {
        let request = &case.request;
        Self {
            device,
            case: Some(case.id),
            kind: request.kind,
            sha256: request.sha256,
            folder: request.package.clone(),
            exported_at: request.exported_at,
            facts: RequestFacts {
                exported_at: Some(request.exported_at),
                boot_time: request.boot_time,
                newer_export: None,
                maybe_newer: None,
                ended: case.ended,
            },
        }
    }

    fn of_package(device: usize, package: &Package) -> Self {
        let record = &package.record;
        Self {
            device,
            case: None,
            kind: record.kind,
            sha256: record.sha256,
            folder: package.path.clone(),
            exported_at: record.exported_at,
            facts: RequestFacts {
                exported_at: Some(record.exported_at),
                boot_time: record.boot_time,
                ..RequestFacts::default()
            },
        }
    }
}

//! The requests from the ledger and from packages, in one list.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{AnswerTarget, Place, Why};
use crate::{
    AnswerFile, Case, CaseId, DeviceKey, Digest, NewCase, Package, RequestFacts, RequestKind,
};

/// All requests and their devices.
pub(super) struct Requests<'a> {
    packages: &'a [Package],
    selected: Option<&'a DeviceKey>,
    devices: Vec<DeviceKey>,
    all: Vec<KnownRequest>,
    /// The request of each package.
    of_package: Vec<Option<usize>>,
}

struct KnownRequest {
    device: usize,
    case: Option<CaseId>,
    request: NewCase,
    facts: RequestFacts,
}

impl<'a> Requests<'a> {
    pub(super) fn new(
        cases: &[Case],
        packages: &'a [Package],
        selected: Option<&'a DeviceKey>,
    ) -> Self {
        let mut known = Self {
            packages,
            selected,
            devices: Vec::new(),
            all: Vec::new(),
            of_package: Vec::new(),
        };
        // Keys with MAC and serial first, so that a partial key finds its device.
        let mut keys: Vec<&DeviceKey> = cases.iter().map(|case| &case.request.device).collect();
        keys.extend(packages.iter().map(|package| &package.request.device));
        keys.extend(selected);
        keys.sort_by_key(|key| Reverse((key.mac().is_some(), key.serial().is_some())));
        for key in keys {
            if known.index_of(key).is_none() {
                known.devices.push(key.clone());
            }
        }
        for case in cases {
            let device = known.index_of(&case.request.device);
            known.all.extend(device.map(|device| KnownRequest {
                device,
                case: Some(case.id),
                request: case.request.clone(),
                facts: RequestFacts::of(case, &[]),
            }));
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

    /// The devices that the selected key can mean. `None` where none is selected.
    pub(super) fn selected(&self) -> Option<Vec<usize>> {
        let key = self.selected?;
        let all = self.devices.iter().enumerate();
        let same = all.filter(|(_, device)| device.is_same(key));
        Some(same.map(|(index, _)| index).collect())
    }

    /// Whether this file is a request and not an answer: as exported, or without the
    /// serial number at the end of a request for a key.
    pub(super) fn holds_request(&self, file: &AnswerFile) -> bool {
        let read = file.answer.digest();
        self.all.iter().any(|known| {
            let digests = [Some(file.raw), Some(read), self.with_serial(known, file)];
            let sha256 = known.request.sha256;
            sha256.is_some() && digests.contains(&sha256)
        })
    }

    /// The digest of a file's text with the serial number of a request's device at its
    /// end.
    fn with_serial(&self, known: &KnownRequest, file: &AnswerFile) -> Option<Digest> {
        let serial = self.devices.get(known.device)?.serial()?;
        let takes_key = known.request.kind == RequestKind::FileOrKey;
        let text = [file.answer.expose(), serial.as_str()].concat();
        takes_key.then(|| Digest::of(zeroize::Zeroizing::new(text).as_bytes()))
    }

    /// The hints from the folders around a file: its package, and packages of the
    /// ledger with the name of one of the folders.
    pub(super) fn by_folder(&self, file: &AnswerFile) -> Vec<Place> {
        let packaged = file.package.and_then(|index| self.of_package.get(index));
        let packaged = packaged.copied().flatten();
        let named = self.all.iter().enumerate().filter(|(_, known)| {
            let name = known.request.package_name();
            known.case.is_some() && file.folders.contains(&name)
        });
        let named = named.map(|(index, _)| index);
        let requests = packaged.into_iter().chain(named);
        requests.filter_map(|index| self.place(index)).collect()
    }

    fn place(&self, index: usize) -> Option<Place> {
        let device = self.all.get(index)?.device;
        let request = Some(index);
        Some(Place { device, request })
    }

    /// The request of a case.
    pub(super) fn of_case(&self, case: CaseId) -> Option<Place> {
        let index = self.all.iter().position(|it| it.case == Some(case))?;
        self.place(index)
    }

    /// The latest request of a device.
    pub(super) fn newest_of(&self, device: usize) -> Option<usize> {
        let all = self.all.iter().enumerate();
        all.filter(|(_, request)| request.device == device)
            .map(|(index, _)| index)
            .max_by_key(|&index| self.age(Some(index)))
    }

    /// The error for an answer to this device's latest request that is stored
    /// elsewhere. `None` where there is no such request.
    pub(super) fn misplaced(&self, device: usize) -> Option<Why> {
        let request = self.newest_of(device)?;
        let place = self.of_package.iter().position(|of| *of == Some(request));
        let package = place.and_then(|place| self.packages.get(place));
        let package = match package {
            Some(package) => &package.request.package,
            None => &self.all.get(request)?.request.package,
        };
        Some(Why::Misplaced {
            device: self.key(device)?,
            package: package.clone(),
        })
    }

    /// The order of requests of one device.
    pub(super) fn age(&self, request: Option<usize>) -> Option<(i64, Option<CaseId>)> {
        let known = self.all.get(request?)?;
        // The ledger stores whole seconds.
        Some((known.request.exported_at.as_second(), known.case))
    }

    /// Whether the answer to a package's request is still missing.
    pub(super) fn awaits(&self, package: usize) -> bool {
        let request = self.of_package.get(package).copied().flatten();
        let request = request.and_then(|request| self.all.get(request));
        request.is_some_and(|request| request.facts.ended.is_none())
    }

    pub(super) fn target(&self, place: Place) -> Option<AnswerTarget> {
        let known = place.request.and_then(|index| self.all.get(index));
        Some(AnswerTarget {
            device: self.key(place.device)?,
            case: known.and_then(|known| known.case),
            package: known.map(|known| known.request.package.clone()),
            kind: known.map(|known| known.request.kind),
            facts: known.map_or_else(RequestFacts::default, |known| RequestFacts {
                newer_export: self.newer_export(place),
                ..known.facts.clone()
            }),
        })
    }

    /// When the last later request of the same device was exported.
    fn newer_export(&self, place: Place) -> Option<Timestamp> {
        let age = self.age(place.request);
        let all = self.all.iter().enumerate();
        let newer = all
            .filter(|(index, other)| other.device == place.device && self.age(Some(*index)) > age);
        newer.map(|(_, other)| other.request.exported_at).max()
    }

    fn index_of(&self, key: &DeviceKey) -> Option<usize> {
        self.devices.iter().position(|device| device.is_same(key))
    }

    /// The request of a package: that of its case, or a new one where it was exported
    /// on another computer.
    fn request_of(&mut self, package: &Package) -> Option<usize> {
        let request = &package.request;
        let device = self.index_of(&request.device)?;
        let second = request.exported_at.as_second();
        let of_case = self.all.iter().position(|known| {
            known.device == device
                && known.request.sha256 == request.sha256
                // Legacy requests have no code that identifies them.
                && (request.sha256.is_some() || known.request.exported_at.as_second() == second)
        });
        of_case.or_else(|| {
            self.all.push(KnownRequest {
                device,
                case: None,
                request: request.clone(),
                facts: RequestFacts {
                    exported_at: Some(request.exported_at),
                    boot_time: request.boot_time,
                    ..RequestFacts::default()
                },
            });
            self.all.len().checked_sub(1)
        })
    }
}

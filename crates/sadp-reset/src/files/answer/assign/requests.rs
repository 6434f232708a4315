//! The requests from the ledger and from packages, in one list.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{AnswerTarget, Place, Why};
use crate::{
    AnswerFile, Case, CaseEnded, CaseId, DeviceKey, Digest, NewCase, Package, RequestFacts,
    RequestKind,
};

/// All requests and their devices.
pub(super) struct Requests<'a> {
    packages: &'a [Package],
    selected: Option<&'a DeviceKey>,
    /// One key a device.
    pub(super) devices: Vec<&'a DeviceKey>,
    all: Vec<KnownRequest<'a>>,
    /// The request of each package.
    of_package: Vec<Option<KnownRequest<'a>>>,
}

/// A request of the ledger, or of a package that was exported on another computer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KnownRequest<'a> {
    device: &'a DeviceKey,
    case: Option<CaseId>,
    request: &'a NewCase,
    ended: Option<CaseEnded>,
}

impl<'a> KnownRequest<'a> {
    /// The digest of a file's text with the serial number of the device at its end.
    fn with_serial(self, file: &AnswerFile) -> Option<Digest> {
        let serial = self.device.serial()?;
        let takes_key = self.request.kind == RequestKind::FileOrKey;
        let text = [file.answer.expose(), serial.as_str()].concat();
        takes_key.then(|| Digest::of(zeroize::Zeroizing::new(text).as_bytes()))
    }

    /// The order of requests of one device.
    pub(super) fn age(self) -> (i64, Option<CaseId>) {
        // The ledger stores whole seconds.
        (self.request.exported_at.as_second(), self.case)
    }

    const fn place(self) -> Place<'a> {
        Place {
            device: self.device,
            request: Some(self),
        }
    }
}

impl<'a> Requests<'a> {
    pub(super) fn new(
        cases: &'a [Case],
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
        let mut keys: Vec<&'a DeviceKey> = cases.iter().map(|case| &case.request.device).collect();
        keys.extend(packages.iter().map(|package| &package.request.device));
        keys.extend(selected);
        keys.sort_by_key(|key| Reverse((key.mac().is_some(), key.serial().is_some())));
        for key in keys {
            if known.device(key).is_none() {
                known.devices.push(key);
            }
        }
        for case in cases {
            let device = known.device(&case.request.device);
            known.all.extend(device.map(|device| KnownRequest {
                device,
                case: Some(case.id),
                request: &case.request,
                ended: case.ended,
            }));
        }
        for package in packages {
            let request = known.request_of(package);
            known.of_package.push(request);
        }
        known
    }

    /// The devices that the selected key can mean. `None` where none is selected.
    pub(super) fn selected(&self) -> Option<Vec<&'a DeviceKey>> {
        let key = self.selected?;
        let same = self.devices.iter().filter(|device| device.is_same(key));
        Some(same.copied().collect())
    }

    /// Whether this file is a request and not an answer: as exported, or without the
    /// serial number at the end of a request for a key.
    pub(super) fn holds_request(&self, file: &AnswerFile) -> bool {
        let read = file.answer.digest();
        self.all.iter().any(|known| {
            let digests = [Some(file.raw), Some(read), known.with_serial(file)];
            let sha256 = known.request.sha256;
            sha256.is_some() && digests.contains(&sha256)
        })
    }

    /// The hints from the folders around a file: its package, and packages of the
    /// ledger with the name of one of the folders.
    pub(super) fn by_folder(&self, file: &AnswerFile) -> Vec<Place<'a>> {
        let packaged = file.package.and_then(|index| self.of_package.get(index));
        let packaged = packaged.into_iter().flatten();
        let named = self.all.iter().filter(|known| {
            let name = known.request.package_name();
            known.case.is_some() && file.folders.contains(&name)
        });
        packaged.chain(named).map(|known| known.place()).collect()
    }

    /// The request of a case.
    pub(super) fn of_case(&self, case: CaseId) -> Option<Place<'a>> {
        let known = self.all.iter().find(|it| it.case == Some(case))?;
        Some(known.place())
    }

    /// The latest request of a device.
    pub(super) fn newest_of(&self, device: &DeviceKey) -> Option<KnownRequest<'a>> {
        let own = self.all.iter().filter(|known| known.device == device);
        own.copied().max_by_key(|known| known.age())
    }

    /// The error for an answer to this device's latest request that is stored
    /// elsewhere. `None` where there is no such request.
    pub(super) fn misplaced(&self, device: &DeviceKey) -> Option<Why> {
        let known = self.newest_of(device)?;
        let place = self.of_package.iter().position(|of| *of == Some(known));
        let package = place.and_then(|place| self.packages.get(place));
        let request = package.map_or(known.request, |package| &package.request);
        Some(Why::Misplaced {
            device: device.clone(),
            package: request.package.clone(),
        })
    }

    /// Whether the answer to a package's request is still missing.
    pub(super) fn awaits(&self, package: usize) -> bool {
        let request = self.of_package.get(package).copied().flatten();
        request.is_some_and(|request| request.ended.is_none())
    }

    pub(super) fn target(&self, place: Place<'a>) -> AnswerTarget {
        let known = place.request;
        AnswerTarget {
            device: place.device.clone(),
            case: known.and_then(|known| known.case),
            package: known.map(|known| known.request.package.clone()),
            kind: known.map(|known| known.request.kind),
            facts: known.map_or_else(RequestFacts::default, |known| RequestFacts {
                exported_at: Some(known.request.exported_at),
                boot_time: known.request.boot_time,
                newer_export: self.newer_export(known),
                maybe_newer: None,
                ended: known.ended,
            }),
        }
    }

    /// When the last later request of the same device was exported.
    fn newer_export(&self, known: KnownRequest<'_>) -> Option<Timestamp> {
        let own = self.all.iter().filter(|it| it.device == known.device);
        let newer = own.filter(|it| it.age() > known.age());
        newer.map(|it| it.request.exported_at).max()
    }

    fn device(&self, key: &DeviceKey) -> Option<&'a DeviceKey> {
        self.devices.iter().copied().find(|it| it.is_same(key))
    }

    /// The request of a package: that of its case, or a new one where it was exported
    /// on another computer.
    fn request_of(&mut self, package: &'a Package) -> Option<KnownRequest<'a>> {
        let request = &package.request;
        let device = self.device(&request.device)?;
        let second = request.exported_at.as_second();
        let of_case = self.all.iter().copied().find(|known| {
            known.device == device
                && known.request.sha256 == request.sha256
                // Legacy requests have no code that identifies them.
                && (request.sha256.is_some() || known.request.exported_at.as_second() == second)
        });
        Some(of_case.unwrap_or_else(|| {
            let known = KnownRequest {
                device,
                case: None,
                request,
                ended: None,
            };
            self.all.push(known);
            known
        }))
    }
}

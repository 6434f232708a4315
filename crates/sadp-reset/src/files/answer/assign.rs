//! Matches answers to requests. Pure: works on the listed files only.

mod requests;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    time::SystemTime,
};

use self::requests::{KnownRequest, Requests};
use super::{Answer, AnswerFile, AnswerProblem, Collected, NotAnAnswer, Why, filename_hints};
use crate::{Case, CaseId, DeviceKey, Digest, RequestFacts, RequestKind};

/// An answer and its request.
#[derive(Debug)]
pub struct Matched {
    /// The request.
    pub target: AnswerTarget,
    /// The answer.
    pub answer: Answer,
    /// The file it came from.
    pub path: PathBuf,
    /// When that was written, where the system tells.
    pub written_at: Option<SystemTime>,
    /// What shows that it belongs to this device.
    pub basis: MatchBasis,
}

/// What shows which device an answer belongs to. Its content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchBasis {
    /// Its file name, or the user who selected the device.
    Name,
    /// Only its folder: an answer saved in the wrong folder looks the same.
    Folder,
}

/// The request that an answer was matched to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerTarget {
    /// The device.
    pub device: DeviceKey,
    /// Its case, where the ledger has one.
    pub case: Option<CaseId>,
    /// The package's folder, where a request is known.
    pub package: Option<PathBuf>,
    /// The kind of request, where a request is known.
    pub kind: Option<RequestKind>,
    /// The facts that decide whether it can still be answered.
    pub facts: RequestFacts,
}

/// The result of matching.
#[derive(Debug, Default)]
pub struct Assignment {
    /// Answers with their requests, at most one for each device.
    pub matched: Vec<Matched>,
    /// Everything that cannot be used.
    pub problems: Vec<AnswerProblem>,
    /// Packages without an answer, without those of closed cases.
    pub waiting: Vec<PathBuf>,
}

/// Matches answers to requests: by their package, by the selected device, and by names
/// that contain a serial or MAC; and by the case that was chosen for a file. All hints must
/// agree on one device. `cases` are all cases of the ledger, open and closed.
pub fn assign(found: Collected, cases: &[Case], explicit: Option<&DeviceKey>) -> Assignment {
    let Collected {
        files,
        packages,
        problems,
    } = found;
    let requests = Requests::new(cases, &packages, explicit);
    let mut out = Assignment {
        problems,
        ..Assignment::default()
    };
    let mut answered = vec![false; packages.len()];
    let mut placed = Vec::new();
    for file in files {
        if let Some(slot) = file.package.and_then(|index| answered.get_mut(index)) {
            *slot = true;
        }
        match place(&file, &requests) {
            Ok((place, basis)) => placed.push(Placed { place, basis, file }),
            Err(why) => {
                let named = match &why {
                    Why::Misplaced { device, .. } => Some(device.clone()),
                    _ => None,
                };
                out.problem(file.path, named, why);
            }
        }
    }
    let placed = out.without_conflicts(placed);
    out.keep_newest(placed, &requests);
    for (index, (package, answered)) in packages.iter().zip(answered).enumerate() {
        if !answered && requests.awaits(index) {
            out.waiting.push(package.path().to_owned());
        }
    }
    out
}

/// What is known of the request of each of [`Collected::files`], or why nothing is.
pub fn targets(found: &Collected, cases: &[Case]) -> Vec<Result<AnswerTarget, Why>> {
    let requests = Requests::new(cases, &found.packages, None);
    let targets = found.files.iter().map(|file| {
        let (place, _) = place(file, &requests)?;
        Ok(requests.target(place))
    });
    targets.collect()
}

/// A device, and one of its requests, if any.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place<'a> {
    device: &'a DeviceKey,
    request: Option<KnownRequest<'a>>,
}

struct Placed<'a> {
    place: Place<'a>,
    basis: MatchBasis,
    file: AnswerFile,
}

/// Combines all hints about a file.
fn place<'a>(file: &AnswerFile, requests: &Requests<'a>) -> Result<(Place<'a>, MatchBasis), Why> {
    if requests.holds_request(file) {
        return Err(NotAnAnswer::Request.into());
    }
    let by_folder = requests.by_folder(file);
    let chosen = file.case.and_then(|case| requests.of_case(case));
    let by_name = filename_hints::named(&file.name, &requests.devices);
    let mut own = by_name.clone();
    own.extend(requests.selected());
    own.extend(chosen.map(|place| vec![place.device]));
    let mut sets: Vec<_> = by_folder.iter().map(|place| vec![place.device]).collect();
    if let Some(folder) = file.folders.first() {
        sets.extend(filename_hints::named(folder, &requests.devices));
    }
    sets.extend(own.iter().cloned());
    let device = agree(&sets, requests).map_err(|why| match (why, agree(&by_name, requests)) {
        (why @ Why::Contradiction(_), Ok(named)) => requests.misplaced(named).unwrap_or(why),
        (why, _) => why,
    })?;
    let basis = match agree(&own, requests) {
        Ok(_) => MatchBasis::Name,
        Err(_) => MatchBasis::Folder,
    };
    let mut by_folder = by_folder.iter().filter(|place| place.device == device);
    let place = match (chosen, by_folder.next()) {
        (Some(chosen), Some(other)) if chosen != *other => {
            return Err(Why::Contradiction(vec![device.clone()]));
        }
        (Some(place), _) | (None, Some(&place)) => place,
        (None, None) => Place {
            device,
            request: requests.newest_of(device),
        },
    };
    Ok((place, basis))
}

/// Returns the one device that every set contains.
fn agree<'a>(sets: &[Vec<&'a DeviceKey>], requests: &Requests<'a>) -> Result<&'a DeviceKey, Why> {
    let Some((first, rest)) = sets.split_first() else {
        return Err(Why::Unmatched);
    };
    if sets.iter().all(Vec::is_empty) {
        return Err(Why::Stranger);
    }
    let common = first
        .iter()
        .filter(|device| rest.iter().all(|set| set.contains(device)));
    let common: Vec<_> = common.copied().collect();
    match common[..] {
        [device] => Ok(device),
        [] => {
            let mut named = requests.devices.clone();
            named.retain(|device| sets.iter().any(|set| set.contains(device)));
            Err(Why::Contradiction(named.into_iter().cloned().collect()))
        }
        _ => Err(Why::Ambiguous(common.into_iter().cloned().collect())),
    }
}

impl Assignment {
    fn problem(&mut self, path: PathBuf, device: Option<DeviceKey>, why: Why) {
        self.problems.push(AnswerProblem { path, device, why });
    }

    /// Refuses an answer that is stored with several requests, and several answers to
    /// one request. Of copies with one request, the first is kept.
    fn without_conflicts<'a>(&mut self, placed: Vec<Placed<'a>>) -> Vec<Placed<'a>> {
        let mut by_content: HashMap<Digest, Vec<(Place<'_>, PathBuf)>> = HashMap::new();
        let mut by_place: HashMap<Place<'_>, Vec<(Digest, PathBuf)>> = HashMap::new();
        for Placed { place, file, .. } in &placed {
            let digest = file.answer.digest();
            let of_content = by_content.entry(digest).or_default();
            of_content.push((*place, file.path.clone()));
            let of_place = by_place.entry(*place).or_default();
            of_place.push((digest, file.path.clone()));
        }
        let mut kept: Vec<Placed<'_>> = Vec::new();
        for one in placed {
            let digest = one.file.answer.digest();
            let elsewhere = paths_unlike(by_content.get(&digest), &one.place);
            let others = paths_unlike(by_place.get(&one.place), &digest);
            let why = if !elsewhere.is_empty() {
                Why::SharedAnswer(elsewhere)
            } else if !others.is_empty() {
                Why::TwoAnswers(others)
            } else {
                if kept.iter().all(|kept| kept.place != one.place) {
                    kept.push(one);
                }
                continue;
            };
            self.problem(one.file.path, Some(one.place.device.clone()), why);
        }
        kept
    }

    /// Keeps, of answers to several requests of one device, the one to the latest.
    fn keep_newest<'a>(&mut self, placed: Vec<Placed<'a>>, requests: &Requests<'a>) {
        let mut by_device: BTreeMap<_, Vec<Placed<'_>>> = BTreeMap::new();
        for one in placed {
            let mut devices = requests.devices.iter();
            let number = devices.position(|it| *it == one.place.device);
            by_device.entry(number).or_default().push(one);
        }
        for mut of_device in by_device.into_values() {
            of_device.sort_by_key(|one| one.place.request.map(KnownRequest::age));
            let Some(newest) = of_device.pop() else {
                continue;
            };
            let Placed { place, basis, file } = newest;
            for older in of_device {
                let why = Why::OlderRequest(file.path.clone());
                self.problem(older.file.path, Some(place.device.clone()), why);
            }
            self.matched.push(Matched {
                target: requests.target(place),
                answer: file.answer,
                path: file.path,
                written_at: file.written_at,
                basis,
            });
        }
        self.matched.sort_by(|one, other| one.path.cmp(&other.path));
    }
}

/// Returns the paths stored with any other value.
fn paths_unlike<T: PartialEq>(all: Option<&Vec<(T, PathBuf)>>, like: &T) -> Vec<PathBuf> {
    let others = all.into_iter().flatten().filter(|(one, _)| one != like);
    others.map(|(_, path)| path.clone()).collect()
}

#[cfg(test)]
mod tests;

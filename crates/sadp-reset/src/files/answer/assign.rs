//! Which answer belongs to which request. Pure: it sees only what was listed.

mod requests;

use std::{collections::BTreeMap, path::PathBuf};

use self::requests::Requests;
use super::{Answer, AnswerFile, Collected, NotAnAnswer, Problem, Why, filename_hints};
use crate::{Case, CaseId, DeviceKey, Digest, Package, RequestFacts, RequestKind};

/// An answer and the request it was made for.
#[derive(Debug)]
pub struct Matched {
    /// The request.
    pub target: Target,
    /// The answer.
    pub answer: Answer,
    /// The file it came from.
    pub path: PathBuf,
    /// What tells that it is this device's.
    pub known_by: KnownBy,
}

/// What tells whose an answer is. Its content cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBy {
    /// Its own name, or the person who named the device.
    Name,
    /// Where it lies, and nothing else: it does not show that it was saved in
    /// the wrong folder.
    Folder,
}

/// The request an answer was matched to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The device.
    pub device: DeviceKey,
    /// Its case, where the ledger has one.
    pub case: Option<CaseId>,
    /// The package's folder, where there is a request.
    pub package: Option<PathBuf>,
    /// What the device takes, where there is a request.
    pub kind: Option<RequestKind>,
    /// What decides whether it can still be answered.
    pub facts: RequestFacts,
}

/// What became of all that was found.
#[derive(Debug, Default)]
pub struct Assignment {
    /// Answers that belong to one request, at most one for each device.
    pub matched: Vec<Matched>,
    /// Everything that cannot be used.
    pub problems: Vec<Problem>,
    /// Packages without an answer, those of closed cases left out.
    pub waiting: Vec<PathBuf>,
}

/// Matches answers to requests: by the package they lie in, by the device asked
/// for, and by names that hold a serial or MAC. All that speaks of an answer has
/// to agree on one device. `cases` are all of the ledger, closed ones too.
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
        match place(&file, &requests, (&packages, explicit)) {
            Ok((place, known_by)) => placed.push(Placed {
                place,
                known_by,
                file,
            }),
            Err(why) => {
                let named = match &why {
                    Why::Misplaced { device, .. } => Some(device.clone()),
                    _ => None,
                };
                out.problem(file.path, named, why);
            }
        }
    }
    let placed = out.without_rivals(placed, &requests);
    out.keep_newest(placed, &requests);
    let waiting = packages.iter().enumerate().zip(answered);
    let waiting = waiting.filter(|((index, _), answered)| !answered && requests.awaits(*index));
    out.waiting = waiting
        .map(|((_, package), _)| package.path.clone())
        .collect();
    out
}

/// Which device, and which of its requests, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    device: usize,
    request: Option<usize>,
}

struct Placed {
    place: Place,
    known_by: KnownBy,
    file: AnswerFile,
}

/// Hears all that speaks of a file.
fn place(
    file: &AnswerFile,
    requests: &Requests,
    (packages, explicit): (&[Package], Option<&DeviceKey>),
) -> Result<(Place, KnownBy), Why> {
    if requests.holds_request(file) {
        return Err(NotAnAnswer::Request.into());
    }
    let by_folder = requests.by_folder(file);
    let by_name = filename_hints::named(&file.name, requests.devices());
    let mut own = by_name.clone();
    own.extend(explicit.map(|device| requests.devices_of(device)));
    let mut sets: Vec<Vec<usize>> = by_folder.iter().map(|place| vec![place.device]).collect();
    if let Some(folder) = file.folders.first() {
        sets.extend(filename_hints::named(folder, requests.devices()));
    }
    sets.extend(own.iter().cloned());
    let device = agree(&sets, requests).map_err(|why| match (why, agree(&by_name, requests)) {
        (Why::Contradiction { devices }, Ok(named)) => requests
            .misplaced(named, packages)
            .unwrap_or(Why::Contradiction { devices }),
        (why, _) => why,
    })?;
    let known_by = match agree(&own, requests) {
        Ok(_) => KnownBy::Name,
        Err(_) => KnownBy::Folder,
    };
    let request = by_folder.iter().find(|place| place.device == device);
    let request = request.map_or_else(|| requests.newest_of(device), |place| place.request);
    Ok((Place { device, request }, known_by))
}

/// The one device that every set holds.
fn agree(sets: &[Vec<usize>], requests: &Requests) -> Result<usize, Why> {
    let Some((first, rest)) = sets.split_first() else {
        return Err(Why::Unmatched);
    };
    if sets.iter().all(Vec::is_empty) {
        return Err(Why::Stranger);
    }
    let common = first
        .iter()
        .filter(|device| rest.iter().all(|set| set.contains(device)));
    let common: Vec<usize> = common.copied().collect();
    match common[..] {
        [device] => Ok(device),
        [] => {
            let mut named: Vec<usize> = sets.concat();
            named.sort_unstable();
            named.dedup();
            let devices = requests.keys(&named);
            Err(Why::Contradiction { devices })
        }
        _ => Err(Why::Ambiguous {
            candidates: requests.keys(&common),
        }),
    }
}

impl Assignment {
    fn problem(&mut self, path: PathBuf, device: Option<DeviceKey>, why: Why) {
        self.problems.push(Problem { path, device, why });
    }

    /// Refuses one answer that lies with several requests, and several answers
    /// to one. Of copies with one request, the first is kept.
    fn without_rivals(&mut self, placed: Vec<Placed>, requests: &Requests) -> Vec<Placed> {
        let mut by_content: BTreeMap<Digest, Vec<(Place, PathBuf)>> = BTreeMap::new();
        let mut by_place: BTreeMap<Place, Vec<(Digest, PathBuf)>> = BTreeMap::new();
        for Placed { place, file, .. } in &placed {
            let digest = file.answer.digest();
            let path = || file.path.clone();
            by_content.entry(digest).or_default().push((*place, path()));
            by_place.entry(*place).or_default().push((digest, path()));
        }
        let mut kept: Vec<Placed> = Vec::new();
        for one in placed {
            let digest = one.file.answer.digest();
            let elsewhere = paths_unlike(by_content.get(&digest), &one.place);
            let others = paths_unlike(by_place.get(&one.place), &digest);
            let why = if !elsewhere.is_empty() {
                Why::SharedAnswer { others: elsewhere }
            } else if !others.is_empty() {
                Why::TwoAnswers { others }
            } else {
                if kept.iter().all(|kept| kept.place != one.place) {
                    kept.push(one);
                }
                continue;
            };
            self.problem(one.file.path, requests.key(one.place.device), why);
        }
        kept
    }

    /// Of answers to several requests of one device, only the last can count.
    fn keep_newest(&mut self, placed: Vec<Placed>, requests: &Requests) {
        let mut by_device: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
        for one in placed {
            by_device.entry(one.place.device).or_default().push(one);
        }
        for mut of_device in by_device.into_values() {
            of_device.sort_by_key(|one| requests.age(one.place.request));
            let Some(newest) = of_device.pop() else {
                continue;
            };
            let Placed {
                place,
                known_by,
                file,
            } = newest;
            let device = requests.key(place.device);
            for older in of_device {
                let newer = file.path.clone();
                self.problem(older.file.path, device.clone(), Why::OlderRequest { newer });
            }
            if let Some(target) = requests.target(place) {
                self.matched.push(Matched {
                    target,
                    answer: file.answer,
                    path: file.path,
                    known_by,
                });
            }
        }
        self.matched.sort_by(|one, other| one.path.cmp(&other.path));
    }
}

/// The paths that stand with something else.
fn paths_unlike<T: PartialEq>(all: Option<&Vec<(T, PathBuf)>>, like: &T) -> Vec<PathBuf> {
    let others = all.into_iter().flatten().filter(|(one, _)| one != like);
    others.map(|(_, path)| path.clone()).collect()
}

#[cfg(test)]
mod tests;

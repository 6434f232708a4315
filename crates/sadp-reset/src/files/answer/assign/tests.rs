use jiff::Timestamp;
use sadp_model::Serial;

use super::*;
use crate::{CaseEnded, CaseEnding, NewCase, Package, RequestCommand, device_key::testing};

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + hour * 3600).unwrap()
}

fn key(number: u8) -> DeviceKey {
    testing::key(number, &format!("DS-CAMERA-{number}"))
}

fn request(number: u8, hour: i64) -> NewCase {
    NewCase {
        device: key(number),
        address: None,
        kind: RequestKind::FileOrKey,
        command: Some(RequestCommand::GetEncryptString),
        sha256: Some(Digest::of(&[number, u8::try_from(hour).unwrap()])),
        boot_time: Some("2026-09-18T09:21:28".parse().unwrap()),
        exported_at: at(hour),
        package: PathBuf::from(format!("/out/package {number} of {hour}")),
    }
}

fn package(request: &NewCase) -> Package {
    Package {
        request: request.clone(),
        model: None,
        firmware: None,
    }
}

/// Requests exported in this order, their cases and packages.
struct Exports {
    cases: Vec<Case>,
    packages: Vec<Package>,
}

impl Exports {
    fn new(requests: &[NewCase]) -> Self {
        let mut cases = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            let mut later = requests.iter().skip(index + 1);
            let again = later.find(|later| later.device.is_same(&request.device));
            cases.push(Case {
                id: (index + 1).to_string().parse().unwrap(),
                request: request.clone(),
                ended: again.map(|again| CaseEnded {
                    how: CaseEnding::Superseded,
                    at: again.exported_at,
                }),
            });
        }
        let packages = requests.iter().map(package).collect();
        Self { cases, packages }
    }

    fn without_packages(requests: &[NewCase]) -> Self {
        Self {
            packages: Vec::new(),
            ..Self::new(requests)
        }
    }

    fn assign(&self, files: Vec<AnswerFile>, selected: Option<&DeviceKey>) -> Assignment {
        let found = Collected {
            files,
            packages: self.packages.clone(),
            problems: Vec::new(),
        };
        assign(found, &self.cases, selected)
    }
}

/// A file `folder/name` with this content, in a package or not.
fn file(path: &str, content: &str, package: Option<usize>) -> AnswerFile {
    let (folder, name) = path.rsplit_once('/').unwrap();
    AnswerFile {
        path: path.into(),
        written_at: None,
        case: None,
        answer: Answer::parse(content.as_bytes()).unwrap(),
        raw: Digest::of(content.as_bytes()),
        byte_order_mark: false,
        package,
        name: name.into(),
        folders: folder.rsplit('/').map(str::to_owned).collect(),
    }
}

fn inside(path: &str, package: usize) -> AnswerFile {
    file(path, "answer", Some(package))
}

fn loose(path: &str) -> AnswerFile {
    file(path, "answer", None)
}

/// `path -> device case` of matched files, `path: why` of the others, with commas between.
fn told(assignment: &Assignment) -> String {
    let matched = assignment.matched.iter().map(|matched| {
        let target = &matched.target;
        let case = target.case.map(|case| case.to_string());
        let case = case.unwrap_or_else(|| "-".into());
        let serial = target.device.serial_text().unwrap_or_default();
        format!("{} -> {serial} {case}", matched.path.display())
    });
    let problems = assignment.problems.iter().map(|problem| {
        let why = format!("{:?}", problem.why);
        let why = why.split([' ', '[', '"']).next().unwrap_or_default();
        let why = why.trim_end_matches('(');
        format!("{}: {why}", problem.path.display())
    });
    matched.chain(problems).collect::<Vec<_>>().join(", ")
}

#[test]
fn one_answer_is_matched_by_folder_device_or_name_and_never_guessed() {
    let exports = Exports::new(&[request(1, 1), request(2, 1)]);
    let foreign = key(9);
    #[rustfmt::skip]
    let table: [(AnswerFile, Option<&DeviceKey>, &str); 26] = [
        // The package it lies in.
        (inside("/p/a.xml", 0), None, " -> DS-CAMERA-1 1 by Folder"),
        (inside("/p/a.xml", 1), None, " -> DS-CAMERA-2 2 by Folder"),
        // A folder with the name of a case's package, or of a device.
        (loose("/package 1 of 1/a.xml"), None, " -> DS-CAMERA-1 1 by Folder"),
        (loose("/package 2 of 1/unpacked/a.xml"), None, " -> DS-CAMERA-2 2 by Folder"),
        (loose("/from 44-47-CC-1D-6D-02/a.xml"), None, " -> DS-CAMERA-2 2 by Folder"),
        (inside("/4447cc1d6d01/a.xml", 0), None, " -> DS-CAMERA-1 1 by Folder"),
        // The device asked for.
        (loose("/x/a.xml"), Some(&key(2)), " -> DS-CAMERA-2 2 by Name"),
        (loose("/x/a.xml"), Some(&foreign), " -> DS-CAMERA-9 - by Name"),
        (inside("/p/a.xml", 0), Some(&key(1)), " -> DS-CAMERA-1 1 by Name"),
        // Names.
        (loose("/x/4447cc1d6d01.xml"), None, " -> DS-CAMERA-1 1 by Name"),
        (loose("/x/ds-camera-2.xml"), None, " -> DS-CAMERA-2 2 by Name"),
        (inside("/p/Encrypt_4447cc1d6d01.xml", 0), None, " -> DS-CAMERA-1 1 by Name"),
        (inside("/p/4447cc1d6d01.xml", 0), Some(&key(1)), " -> DS-CAMERA-1 1 by Name"),
        // A name that leaves two to choose from leaves it to the folder.
        (inside("/p/DS-CAMERA-1 DS-CAMERA-2", 0), None, " -> DS-CAMERA-1 1 by Folder"),
        (loose("/x/DS-CAMERA-1 DS-CAMERA-2.xml"), None, ": Ambiguous"),
        // Nothing to go by.
        (loose("/x/a.xml"), None, ": Unmatched"),
        (loose("/x/DS-CAMERA-3.xml"), None, ": Unmatched"),
        (loose("/x/44-47-cc-1d-6d-09.xml"), None, ": Stranger"),
        // What does not agree.
        (inside("/p/DS-CAMERA-2.xml", 0), None, ": Misplaced"),
        (inside("/p/4447cc1d6d02.xml", 0), None, ": Misplaced"),
        (inside("/p/44-47-cc-1d-6d-09.xml", 0), None, ": Contradiction"),
        (inside("/p/a.xml", 0), Some(&key(2)), ": Contradiction"),
        (inside("/package 2 of 1/a.xml", 0), None, ": Contradiction"),
        (loose("/DS-CAMERA-1/DS-CAMERA-2.xml"), None, ": Misplaced"),
        (loose("/x/DS-CAMERA-1 4447cc1d6d02.xml"), None, ": Contradiction"),
        (loose("/x/DS-CAMERA-1.xml"), Some(&foreign), ": Misplaced"),
    ];
    for (file, explicit, expected) in table {
        let path = file.path.display().to_string();
        let assigned = exports.assign(vec![file], explicit);
        let basis = assigned
            .matched
            .first()
            .map(|it| format!(" by {:?}", it.basis));
        let told = told(&assigned) + &basis.unwrap_or_default();
        assert_eq!(told, format!("{path}{expected}"), "{explicit:?}");
    }
}

#[test]
fn a_misplaced_answer_is_reported_with_the_package_it_belongs_into() {
    let mut exports = Exports::new(&[request(1, 1), request(2, 1), request(2, 2)]);
    for (last, moved) in [("package 2 of 2", false), ("moved", true)] {
        if moved {
            exports.packages[2].request.package = "moved".into();
        }
        let assigned = exports.assign(
            vec![file("/p/Encrypt_4447cc1d6d02.xml", "answer", Some(0))],
            None,
        );
        let [problem] = &assigned.problems[..] else {
            panic!("{assigned:?}")
        };
        let Why::Misplaced { device, package } = &problem.why else {
            panic!("{problem:?}")
        };
        assert_eq!((Some(device), device), (problem.device.as_ref(), &key(2)));
        assert!(package.ends_with(last), "{package:?}");
    }
}

/// Two files in the first package and one in the second.
fn three_files(contents: [&str; 3]) -> Vec<AnswerFile> {
    let [one, two, other] = contents;
    vec![
        file("/p/a", one, Some(0)),
        file("/p/b", two, Some(0)),
        file("/q/c", other, Some(1)),
    ]
}

#[test]
fn two_answers_to_one_request_are_refused_unless_they_are_the_same() {
    let exports = Exports::new(&[request(1, 1), request(2, 1)]);
    let rivals = exports.assign(three_files(["one", "two", "other"]), None);
    let refused = "/q/c -> DS-CAMERA-2 2, /p/a: TwoAnswers, /p/b: TwoAnswers";
    assert_eq!(told(&rivals), refused);
    let same = exports.assign(three_files(["one", "one\n", "other"]), None);
    let taken = "/p/a -> DS-CAMERA-1 1, /q/c -> DS-CAMERA-2 2";
    assert_eq!(told(&same), taken);
    let shared = exports.assign(three_files(["one", "one", "one"]), None);
    let refused = ["/p/a", "/p/b", "/q/c"].map(|path| format!("{path}: SharedAnswer"));
    assert_eq!(told(&shared), refused.join(", "));
    let Why::SharedAnswer(others) = &shared.problems[0].why else {
        panic!("{:?}", shared.problems)
    };
    assert_eq!(others, &[PathBuf::from("/q/c")]);
    assert_eq!(shared.problems[2].device, Some(key(2)));
}

#[test]
fn the_request_itself_is_no_answer_wherever_it_lies() {
    let mut asked = request(1, 1);
    // As version 0.1.0 exported it, and followed by the serial number.
    for exported in ["the-code", "the-codeDS-CAMERA-1"] {
        asked.sha256 = Some(Digest::of(exported.as_bytes()));
        let exports = Exports::without_packages(std::slice::from_ref(&asked));
        for content in [exported, &format!("{exported}\n"), "the-code"] {
            let assigned = exports.assign(vec![file("/x/DS-CAMERA-1.xml", content, None)], None);
            assert_eq!(told(&assigned), "/x/DS-CAMERA-1.xml: NotAnAnswer(Request)");
        }
    }
}

#[test]
fn an_answer_to_an_older_request_is_known_as_such() {
    let mut exports = Exports::new(&[request(1, 1), request(1, 2)]);
    let old = vec![file("/p/a", "old", Some(0))];
    let assigned = exports.assign(old, None);
    assert_eq!(told(&assigned), "/p/a -> DS-CAMERA-1 1");
    let facts = &assigned.matched[0].target.facts;
    assert_eq!(facts.newer_export, Some(at(2)));
    let how = CaseEnding::Superseded;
    assert_eq!(facts.ended, Some(CaseEnded { how, at: at(2) }));
    assert!(facts.judge(at(3), None).stops_import());

    let both = vec![file("/p/a", "old", Some(0)), file("/q/b", "new", Some(1))];
    let assigned = exports.assign(both, None);
    let expected = "/q/b -> DS-CAMERA-1 2, /p/a: OlderRequest";
    assert_eq!(told(&assigned), expected);
    let facts = &assigned.matched[0].target.facts;
    assert!(!facts.judge(at(3), None).stops_import());

    let by_name = vec![file("/x/DS-CAMERA-1", "new", None)];
    exports.packages.clear();
    let assigned = exports.assign(by_name, None);
    assert_eq!(
        told(&assigned),
        "/x/DS-CAMERA-1 -> DS-CAMERA-1 2",
        "the last one counts"
    );
}

#[test]
fn a_package_of_another_machine_is_judged_by_its_own_record() {
    let mut exports = Exports::new(&[request(1, 1)]);
    exports.cases.clear();
    let assigned = exports.assign(vec![inside("/p/a", 0)], None);
    let target = &assigned.matched[0].target;
    let kind = Some(RequestKind::FileOrKey);
    assert_eq!((target.case, target.kind), (None, kind));
    assert_eq!(target.package.as_deref(), Some(exports.packages[0].path()));
    assert_eq!(target.facts.exported_at, Some(at(1)));
    assert_eq!(target.facts.boot_time, request(1, 1).boot_time);
    assert!(!target.facts.judge(at(2), None).stops_import());
    assert!(target.facts.judge(at(50), None).stops_import());

    // A later export here makes it invalid; an earlier one does not.
    for (hour, newer) in [(2, Some(at(2))), (0, None)] {
        exports.cases = Exports::new(&[request(1, hour)]).cases;
        let assigned = exports.assign(vec![inside("/p/a", 0)], None);
        assert_eq!(assigned.matched[0].target.facts.newer_export, newer);
    }
}

#[test]
fn a_legacy_request_without_code_is_basis_its_time() {
    let legacy = NewCase {
        kind: RequestKind::LegacyCode,
        command: None,
        sha256: None,
        ..request(1, 1)
    };
    let exports = Exports::new(std::slice::from_ref(&legacy));
    let assigned = exports.assign(vec![file("/p/code.txt", "88991", Some(0))], None);
    assert_eq!(told(&assigned), "/p/code.txt -> DS-CAMERA-1 1");
    assert_eq!(assigned.matched[0].target.facts.newer_export, None);
}

#[test]
fn packages_without_an_answer_are_waiting() {
    let exports = Exports::new(&[request(1, 1), request(1, 2), request(2, 2), request(3, 3)]);
    let assigned = exports.assign(vec![file("/p/a", "answer", Some(2))], None);
    let waiting = [1, 3].map(|index| exports.packages[index].path().to_owned());
    assert_eq!(assigned.waiting, waiting, "the first is superseded");
}

#[test]
fn twins_with_one_serial_are_distinguished_by_mac_or_not_at_all() {
    let requests = [1, 2].map(|last| NewCase {
        device: testing::key(last, "TWIN-SERIAL"),
        ..request(last, 1)
    });
    let exports = Exports::without_packages(&requests);
    for (name, expected) in [
        ("/x/TWIN-SERIAL.xml", ": Ambiguous"),
        ("/x/TWIN-SERIAL_4447cc1d6d02.xml", " -> TWIN-SERIAL 2"),
    ] {
        let assigned = exports.assign(vec![loose(name)], None);
        assert_eq!(told(&assigned), format!("{name}{expected}"));
    }
    // A device named by a serial that two have is not known well enough.
    let serial = testing::key(None, "TWIN-SERIAL");
    let assigned = exports.assign(vec![file("/x/a", "answer", None)], Some(&serial));
    assert_eq!(told(&assigned), "/x/a: Ambiguous");
}

proptest::proptest! {
    #[test]
    fn shuffled_answers_are_never_sent_to_two_devices(
        places in proptest::collection::vec((0..4usize, 0..4u8), 0..8),
    ) {
        let requests = [1, 2, 3, 4].map(|number| request(number, 1));
        let files: Vec<_> = places.iter().enumerate().map(|(index, (package, content))| {
            file(&format!("/p/{index}"), &format!("answer-{content}"), Some(*package))
        }).collect();
        let count = files.len();
        let assigned = Exports::new(&requests).assign(files, None);
        let mut devices: Vec<_> = assigned.matched.iter().map(|one| one.target.case).collect();
        let mut contents: Vec<_> = assigned.matched.iter().map(|one| one.answer.digest()).collect();
        for matched in &assigned.matched {
            let rivals = places.iter().filter(|(package, content)| {
                let here = Some(&requests[*package].device) == Some(&matched.target.device);
                here != (Digest::of(format!("answer-{content}").as_bytes()) == matched.answer.digest())
            });
            proptest::prop_assert_eq!(rivals.count(), 0, "only sent where nothing speaks against it");
        }
        let all = devices.len();
        devices.sort_unstable();
        devices.dedup();
        contents.sort_unstable();
        contents.dedup();
        proptest::prop_assert_eq!((devices.len(), contents.len()), (all, all));
        proptest::prop_assert!(all + assigned.problems.len() <= count);
    }

    #[test]
    fn what_is_named_as_its_package_goes_to_its_device_or_nowhere(
        serials in proptest::array::uniform3(proptest::prop_oneof![
            "\\PC{0,80}",
            "[-/\\\\_. A-C]{0,12}",
            "(Encrypt|no-mac|4447cc1d6d0[123]|xml|/){1,3}",
        ]),
        folder in 0..3usize,
    ) {
        let requests = [1, 2, 3].map(|number| NewCase {
            device: DeviceKey::new(key(number).mac(), Serial::new(&serials[usize::from(number) - 1])).unwrap(),
            ..request(number, 1)
        });
        let name = format!("/p/Encrypt_{}.xml", crate::device_name(&requests[0].device));
        let assigned = Exports::new(&requests).assign(vec![file(&name, "answer", Some(folder))], None);
        let places: Vec<_> = assigned.matched.iter().map(|one| &one.target.device).collect();
        proptest::prop_assert!(places.is_empty() || (folder == 0 && places == [&requests[0].device]), "{name}");
    }
}

#[test]
fn an_unmatched_file_is_for_the_case_that_is_chosen_and_no_other() {
    let exports = Exports::new(&[request(1, 0), request(2, 0)]);
    let asked_for = |files| {
        let found = Collected {
            files,
            packages: exports.packages.clone(),
            problems: Vec::new(),
        };
        let targets = targets(&found, &exports.cases).into_iter().enumerate();
        let unclear = targets.filter(|(_, it)| it.as_ref().is_err_and(Why::is_unclear));
        unclear.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let files = || {
        vec![
            loose("/x/a"),
            loose("/x/DS-CAMERA-1.xml"),
            inside("/p/b", 1),
            loose("/x/44-47-cc-1d-6d-77.xml"),
        ]
    };
    assert_eq!(asked_for(files()), [0], "nothing names only the first");
    let chosen = |path: &str, package, case: &str| AnswerFile {
        case: case.parse().ok(),
        ..file(path, "answer", package)
    };
    for (file, expected) in [
        (chosen("/x/a", None, "2"), "/x/a -> DS-CAMERA-2 2"),
        (chosen("/x/a", None, "9"), "/x/a: Unmatched"),
        (chosen("/p/b", Some(1), "2"), "/p/b -> DS-CAMERA-2 2"),
        // Its folder or its name tells otherwise.
        (chosen("/p/b", Some(1), "1"), "/p/b: Contradiction"),
        (
            chosen("/x/DS-CAMERA-1.xml", None, "2"),
            "/x/DS-CAMERA-1.xml: Misplaced",
        ),
    ] {
        assert_eq!(told(&exports.assign(vec![file], None)), expected);
    }
    // An older request of the same device is not taken for its last one.
    let again = Exports::new(&[request(1, 0), request(1, 5)]);
    let assigned = again.assign(vec![chosen("/x/a", None, "1")], None);
    assert_eq!(told(&assigned), "/x/a -> DS-CAMERA-1 1");
    assert!(assigned.matched[0].target.facts.newer_export.is_some());
    let folder = chosen("/p/b", Some(1), "1");
    assert_eq!(
        told(&again.assign(vec![folder], None)),
        "/p/b: Contradiction"
    );
}

//! Answers that lie in wrong packages: what their names tell, and what only a
//! device can tell.

use std::{collections::BTreeMap, fs, path::PathBuf};

use sadp_reset::{Action, AttemptFilter, Ledger};

use super::{RecoverySite, device, name, outcomes, text};
use crate::run::Run;

/// Six requests and more, each with its answer in its package.
fn answered(more: &[&str]) -> RecoverySite {
    const SIX: [&str; 6] = [
        "ipc-v5.3.3",
        "ipc-v5.5.6",
        "ipc-v5.5.82",
        "ptz-v5.5.22",
        "nvr-v4.30.085",
        "dvr-v3.4.89",
    ];
    let devices = (1..).zip(SIX.iter().chain(more));
    let site: String = devices
        .map(|(last, profile)| device(profile, last, ""))
        .collect();
    let recovery = RecoverySite::new(&site);
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    recovery
}

/// The answers in their packages, by the packages' MACs.
fn answers(recovery: &RecoverySite) -> BTreeMap<String, PathBuf> {
    let packages = recovery.packages().into_iter();
    let answer = |(mac, package): (String, PathBuf)| {
        let files = fs::read_dir(package).unwrap();
        let mut files = files.map(|entry| entry.unwrap().path());
        let is_answer = |path: &PathBuf| {
            let name = name(path);
            name.starts_with("Encrypt") || name.starts_with("key")
        };
        (mac, files.find(is_answer).unwrap())
    };
    packages.map(answer).collect()
}

/// Names answers as the vendor's support does, so that only their folders tell
/// whose they are.
fn make_plain(recovery: &RecoverySite) -> Vec<PathBuf> {
    let rename = |path: PathBuf| {
        let plain = path.with_file_name("Encrypt.xml");
        fs::rename(path, &plain).unwrap();
        plain
    };
    answers(recovery).into_values().map(rename).collect()
}

/// Puts the content of each file into the one after it.
fn rotate(files: &[PathBuf]) {
    let contents: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let next = files.iter().cycle().skip(1);
    for (content, path) in contents.into_iter().zip(next) {
        fs::write(path, content).unwrap();
    }
}

/// How many answers left this computer.
fn sent(recovery: &RecoverySite) -> usize {
    let ledger = Ledger::open_existing(&recovery.van.path("state")).unwrap();
    let attempts = ledger.unwrap().attempts(&AttemptFilter::default()).unwrap();
    let answers = attempts
        .iter()
        .filter(|record| record.attempt.action == Action::ImportAnswer);
    answers.count()
}

fn open(recovery: &RecoverySite) -> usize {
    let cases = recovery.cases().into_iter();
    cases.filter(|(_, state)| state == "open").count()
}

/// The devices whose outcome is this.
fn ending(run: &Run, result: &str) -> Vec<String> {
    let all = outcomes(run).into_iter();
    all.filter(|(_, outcome)| outcome["result"] == result)
        .map(|(mac, _)| mac)
        .collect()
}

/// Every device but the first was left alone, and is told how to go on.
fn assert_one_lost_one_try(recovery: &RecoverySite, run: &Run, devices: usize) {
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(ending(run, "refused").len(), 1, "{run}");
    assert_eq!(ending(run, "skipped").len(), devices - 1, "{run}");
    for outcome in outcomes(run).values() {
        if outcome["result"] == "refused" {
            assert_eq!(outcome["tries_left"], 6, "{run}");
            continue;
        }
        let message = text(&outcome["message"]);
        assert!(message.contains("folders may be mixed up"), "{run}");
        assert!(text(&outcome["next"]).contains("--device"), "{run}");
    }
    assert_eq!((sent(recovery), open(recovery)), (1, devices));
}

#[test]
fn answers_moved_between_packages_are_all_known_by_their_names() {
    let recovery = answered(&["ipc-v5.2.5"]);
    let answers = answers(&recovery);
    let packages = recovery.packages();
    let homes: Vec<_> = answers.values().collect();
    let strange = packages.values().cycle().skip(1);
    let moved: Vec<_> = homes
        .iter()
        .zip(strange)
        .map(|(answer, package)| {
            let path = package.join(name(answer));
            fs::rename(answer, &path).unwrap();
            path
        })
        .collect();
    let run = recovery.import(&[]);
    assert_eq!((run.code, sent(&recovery)), (4, 0), "{run}");
    assert_eq!(ending(&run, "skipped").len(), 7, "{run}");
    for (mac, outcome) in outcomes(&run) {
        let home = &packages[&mac.replace(':', "")];
        let told = format!("it belongs in {}", home.display());
        assert!(text(&outcome["message"]).ends_with(&told), "{run}");
        assert!(text(&outcome["next"]).contains("move it into"), "{run}");
    }
    // Moved as it was told, each finds its device.
    for (moved, home) in moved.iter().zip(&homes) {
        fs::rename(moved, home).unwrap();
    }
    let run = recovery.import(&[]);
    assert_eq!((run.code, ending(&run, "done").len()), (0, 7), "{run}");
    assert_eq!((sent(&recovery), open(&recovery)), (7, 0));
}

#[test]
fn plain_answers_in_their_places_recover_all() {
    let recovery = answered(&[]);
    make_plain(&recovery);
    let run = recovery.import(&[]);
    assert_eq!((run.code, ending(&run, "done").len()), (0, 6), "{run}");
    assert!(
        run.stderr
            .contains("6 of them are matched by their folder alone"),
        "{run}"
    );
}

#[test]
fn of_plain_answers_in_wrong_packages_one_is_sent() {
    let recovery = answered(&[]);
    let plain = make_plain(&recovery);
    rotate(&plain);
    let run = recovery.import(&["--force", "stale-request"]);
    assert_one_lost_one_try(&recovery, &run, 6);
    // As they are told: in their places, under names that tell whose they are.
    let refused = ending(&run, "refused").concat().replace(':', "");
    let contents: Vec<_> = plain.iter().map(|path| fs::read(path).unwrap()).collect();
    let right = contents.into_iter().cycle().skip(1);
    for ((mac, package), content) in recovery.packages().into_iter().zip(right) {
        fs::remove_file(package.join("Encrypt.xml")).unwrap();
        fs::write(package.join(format!("Encrypt_{mac}.xml")), content).unwrap();
    }
    let package = &recovery.packages()[&refused];
    let alone = package.join(format!("Encrypt_{refused}.xml"));
    let more = ["--device", &refused, "--force", "refused-before"];
    let run = recovery.import_from(alone.to_str().unwrap(), &more);
    assert_eq!((run.code, ending(&run, "done").len()), (0, 1), "{run}");
    let run = recovery.import(&[]);
    assert_eq!((run.code, ending(&run, "done").len()), (0, 5), "{run}");
    assert_eq!((sent(&recovery), open(&recovery)), (7, 0));
}

#[test]
fn two_plain_answers_that_changed_places_end_it() {
    // Where the first two did, nothing else is touched.
    let recovery = answered(&[]);
    rotate(&make_plain(&recovery)[..2]);
    assert_one_lost_one_try(&recovery, &recovery.import(&[]), 6);
    // Where the last two did, the others are recovered.
    let recovery = answered(&[]);
    rotate(&make_plain(&recovery)[4..]);
    let run = recovery.import(&["--parallel", "1"]);
    assert_eq!(run.code, 1, "{run}");
    let ends = ["done", "refused", "skipped"].map(|result| ending(&run, result).len());
    assert_eq!(ends, [4, 1, 1], "{run}");
    assert_eq!((sent(&recovery), open(&recovery)), (5, 2));
}

#[test]
fn answers_known_by_name_go_on_and_come_first() {
    let recovery = answered(&[]);
    let answers: Vec<_> = answers(&recovery).into_values().collect();
    let plain: Vec<_> = answers[..4]
        .iter()
        .map(|path| {
            let plain = path.with_file_name("Encrypt.xml");
            fs::rename(path, &plain).unwrap();
            plain
        })
        .collect();
    rotate(&plain);
    let run = recovery.import(&[]);
    assert_eq!(run.code, 1, "{run}");
    let ends = ["done", "refused", "skipped"].map(|result| ending(&run, result).len());
    assert_eq!(ends, [2, 1, 3], "{run}");
    assert_eq!((sent(&recovery), open(&recovery)), (3, 4));
}

#[test]
fn a_name_that_misleads_keeps_back_what_only_a_folder_shows() {
    let recovery = answered(&[]);
    let answers: Vec<_> = answers(&recovery).into_values().collect();
    let plain = answers[0].with_file_name("Encrypt.xml");
    fs::rename(&answers[0], &plain).unwrap();
    // Their names stay, their contents do not.
    rotate(&answers[1..3]);
    let run = recovery.import(&[]);
    assert_eq!(run.code, 1, "{run}");
    let ends = ["done", "refused", "skipped"].map(|result| ending(&run, result).len());
    assert_eq!(ends, [3, 2, 1], "{run}");
    assert_eq!(ending(&run, "skipped"), ["44:47:cc:00:00:01"], "{run}");
    // What was refused is not sent again; what waited is.
    let run = recovery.import(&[]);
    assert_eq!(run.code, 4, "{run}");
    assert_eq!(ending(&run, "done"), ["44:47:cc:00:00:01"], "{run}");
}

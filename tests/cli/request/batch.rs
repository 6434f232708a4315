//! Many devices at once, loss, and batches that are killed.

use std::{
    collections::BTreeSet,
    fs,
    io::{Cursor, Write},
    process::Stdio,
};

use mail_builder::MessageBuilder;
use mailparse::{MailHeaderMap, parse_mail};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{RecoverySite, device, name, outcomes, results, text};
use crate::run::{Run, sadpctl};

/// Every kind of request.
fn mixed() -> String {
    let profiles = [
        "ipc-v5.3.3",
        "ipc-v5.4.5-types-first",
        "intercom-v1.5.0",
        "ipc-v5.5.6",
        "ipc-v5.5.82",
        "ptz-v5.5.22",
        "nvr-v3.4.106",
        "nvr-v4.30.085",
        "dvr-v3.4.89",
        "ipc-v5.2.5",
    ];
    let devices = (1..).zip(profiles);
    devices
        .map(|(last, profile)| device(profile, last, ""))
        .collect()
}

#[test]
fn ten_devices_of_every_kind_are_recovered() {
    let recovery = RecoverySite::new(&format!(
        "{}{}",
        mixed(),
        device("ipc-v5.5.82", 11, "activated = false")
    ));
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    let told = outcomes(&export);
    assert_eq!(told["44:47:cc:00:00:0b"]["result"], "skipped", "{export}");
    let path = told["44:47:cc:00:00:05"]["data"]["path"].as_str().unwrap();
    for file in ["DeviceKey.xml", "qr.png", "request.json", "request.txt"] {
        assert!(
            fs::metadata(format!("{path}/{file}")).is_ok(),
            "{file}: {export}"
        );
    }
    assert_eq!(recovery.packages().len(), 10);
    for (mac, package) in recovery.packages() {
        let told = &told[&mac_with_colons(&mac)];
        let kind = text(&told["data"]["kind"]);
        let Ok(request) = fs::read_to_string(package.join("DeviceKey.xml")) else {
            assert_eq!(kind, "legacy-code");
            continue;
        };
        let serial = text(&told["device"]["serial"]);
        assert_eq!(request.ends_with(&serial), kind == "file-or-key", "{mac}");
    }
    recovery.answer(&[]);
    let import = recovery.import(&[]);
    assert_eq!(import.code, 0, "{import}");
    assert_eq!(results(&import), ["done"; 10], "{import}");
    let old = &outcomes(&import)["44:47:cc:00:00:0a"];
    assert_eq!(
        old["message"],
        "it has the default password of its own manual now"
    );
    let states: BTreeSet<_> = recovery
        .cases()
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(states, BTreeSet::from(["recovered".into()]));
    assert!(recovery.takes("192.168.1.105", super::NEW));
    assert!(recovery.takes("192.168.1.107", super::NEW));
    // Answers are left as they were, and the next run has nothing to do.
    let again = recovery.import(&[]);
    assert_eq!(
        (again.code, results(&again)),
        (0, vec!["skipped".into(); 10]),
        "{again}"
    );
    assert!(again.stderr.contains("nothing to do"), "{again}");
}

/// One e-mail goes out, and one comes back with an archive in it.
#[test]
fn requests_go_out_in_one_mail_and_come_back_in_one_archive() {
    let recovery = RecoverySite::new(&mixed());
    fs::create_dir_all(recovery.van.path("config/sadpctl")).unwrap();
    fs::write(
        recovery.van.path("config/sadpctl/contact.toml"),
        "name = \"A. Installer\"\nemail = \"a@example.com\"\nsupport-email = \"support@example.com\"\n",
    )
    .unwrap();
    let requests = recovery.requests();
    let out = ["--out", requests.to_str().unwrap(), "--yes"];
    let first = recovery.run(&[&["reset", "export", "44:47:cc:00:00:01"], &out[..]].concat());
    assert!(
        first
            .stderr
            .contains("1 request without an answer in one e-mail"),
        "{first}"
    );
    let export = recovery.run(&[&["reset", "export", "--all"], &out[..]].concat());
    assert!(
        export
            .stderr
            .contains("10 requests without an answer in one e-mail"),
        "{export}"
    );
    // A run that finds nothing to export makes the mailing again.
    fs::remove_file(requests.join("requests.eml")).unwrap();
    let again = recovery.run(&[&["reset", "export", "--all"], &out[..]].concat());
    assert!(
        again
            .stderr
            .contains("10 requests without an answer in one e-mail"),
        "{again}"
    );
    let draft = fs::read(requests.join("requests.eml")).unwrap();
    let draft = parse_mail(&draft).unwrap();
    let to = draft.headers.get_first_value("To");
    assert_eq!(to.as_deref(), Some("<support@example.com>"));
    let codes = draft.subparts.iter().skip(1);
    let codes: BTreeSet<_> = codes.map(|part| part.get_body_raw().unwrap()).collect();
    for package in recovery.packages().into_values() {
        if let Ok(code) = fs::read(package.join("DeviceKey.xml")) {
            assert!(codes.contains(&code), "{}", package.display());
        }
    }
    let letter = fs::read_to_string(requests.join("request-letter.txt")).unwrap();
    assert_eq!(letter.matches("44:47:cc:00:00:").count(), 10, "{letter}");

    // Our own mailing is not taken for answers.
    let none = recovery.import(&[]);
    assert!(none.stderr.contains("no answer was found"), "{none}");
    let own = recovery.import_from(requests.join("requests.zip").to_str().unwrap(), &[]);
    assert_eq!(own.code, 4, "{own}");
    assert!(own.stdout.contains("the request itself"), "{own}");

    let answers = recovery.van.path("answers");
    let vendor = ["sim", "vendor", requests.to_str().unwrap(), "--out"];
    let vendor: Run = sadpctl(&[&vendor[..], &[answers.to_str().unwrap()]].concat())
        .output()
        .unwrap()
        .into();
    assert_eq!(vendor.code, 0, "{vendor}");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for folder in fs::read_dir(&answers).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let path = format!("{}/{}", name(&folder), name(&file));
            archive.start_file(path, options).unwrap();
            archive.write_all(&fs::read(file).unwrap()).unwrap();
        }
    }
    let archive = archive.finish().unwrap().into_inner();
    let mail = MessageBuilder::new()
        .from("support@example.com")
        .subject("RE: requests")
        .text_body("Dear customer, see the archive.")
        .attachment("application/zip", "answers.zip", archive)
        .write_to_vec()
        .unwrap();
    let reply = recovery.van.path("reply.eml");
    fs::write(&reply, mail).unwrap();
    let import = recovery.import_from(reply.to_str().unwrap(), &[]);
    assert_eq!(import.code, 0, "{import}");
    assert_eq!(results(&import), ["done"; 10], "{import}");
}

fn mac_with_colons(bare: &str) -> String {
    let mac: sadp_model::MacAddr = bare.parse().unwrap();
    mac.to_string()
}

#[test]
fn with_loss_each_answer_leaves_once_until_the_user_insists() {
    let recovery = RecoverySite::new(&format!("[defaults]\nloss = 0.1\n{}", mixed()));
    for _ in 0..6 {
        recovery.export(&["--all"]);
        if recovery.packages().len() == 10 {
            break;
        }
    }
    recovery.answer(&[]);
    let mut recovered = BTreeSet::new();
    for round in 0..8 {
        // As by a user who tried the new password meanwhile, and was refused.
        let insists: &[&str] = if round < 2 {
            &[]
        } else {
            &["--force", "may-have-worked"]
        };
        let run = recovery.import(insists);
        for (mac, outcome) in outcomes(&run) {
            let message = outcome["message"].as_str().unwrap();
            let taken = message.contains("accepted") || outcome["result"] == "done";
            if taken {
                recovered.insert(mac);
            }
            // What may have been carried out keeps its case; only the device closes it.
            assert_ne!(outcome["result"], "refused", "{run}");
        }
        if recovered.len() == 10 {
            break;
        }
    }
    assert_eq!(recovered.len(), 10);
    assert!(recovery.cases().iter().all(|(_, state)| state != "spent"));
}

const SLOW: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 24\nip = \"192.168.1.64\"\n\
     boot = \"2026-09-18T09:21:28\"\ndelay = \"20ms..60ms\"\n";

/// Starts a command and kills it once `enough` holds.
fn killed(recovery: &RecoverySite, arguments: &[&str], enough: impl Fn(&RecoverySite) -> bool) {
    let mut child = recovery
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !enough(recovery) && child.try_wait().unwrap().is_none() {}
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_export_killed_midway_loses_nothing() {
    let recovery = RecoverySite::new(SLOW);
    let requests = recovery.requests();
    let requests = requests.to_str().unwrap();
    let arguments = [
        "reset",
        "export",
        "--all",
        "--out",
        requests,
        "--yes",
        "--parallel",
        "2",
    ];
    let written = |recovery: &RecoverySite| {
        let entries = fs::read_dir(recovery.requests());
        entries.is_ok_and(|entries| entries.count() > 4)
    };
    killed(&recovery, &arguments, written);
    let before = recovery.packages();
    assert!(!before.is_empty());
    for package in before.values() {
        let json = fs::read(package.join("request.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&json).unwrap();
    }
    let rest = recovery.export(&["--all"]);
    // A device may have told its request, of which no case was written any more.
    let open = recovery.cases();
    assert_eq!(
        open.iter().filter(|(_, state)| state == "open").count(),
        24,
        "{rest}"
    );
    let skipped = results(&rest)
        .iter()
        .filter(|result| *result == "skipped")
        .count();
    assert!(skipped >= before.len() - 1, "{rest}");
    recovery.answer(&[]);
    let import = recovery.import(&[]);
    let done = results(&import)
        .iter()
        .filter(|result| *result == "done")
        .count();
    assert_eq!(done, 24, "{import}");
}

#[test]
fn an_import_killed_midway_is_finished_by_the_next() {
    let recovery = RecoverySite::new(SLOW);
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let requests = recovery.requests();
    let requests = requests.to_str().unwrap();
    let arguments = ["reset", "import", requests, "--yes", "--parallel", "2"];
    let some = |recovery: &RecoverySite| {
        recovery
            .cases()
            .iter()
            .any(|(_, state)| state == "recovered")
    };
    killed(&recovery, &arguments, some);
    let closed = recovery
        .cases()
        .iter()
        .filter(|(_, state)| state == "recovered")
        .count();
    let run = recovery.import(&[]);
    let (mut done, mut under_way) = (closed, 0);
    for outcome in outcomes(&run).values() {
        match outcome["result"].as_str().unwrap() {
            "done" => done += 1,
            result => {
                assert_eq!(result, "skipped", "{run}");
                let message = outcome["message"].as_str().unwrap();
                if message.contains("already") {
                    continue;
                }
                // Under way when it was killed: it does not leave twice.
                assert!(message.contains("most likely it was carried out"), "{run}");
                done += 1;
                under_way += 1;
            }
        }
    }
    assert_eq!(done, 24, "{run}");
    let cases = recovery.cases();
    let open = cases.iter().filter(|(_, state)| state == "open");
    assert_eq!(open.count(), under_way, "{run}");
}

#[test]
fn answers_that_changed_places_ruin_nothing() {
    let recovery = RecoverySite::new(&format!(
        "{}{}{}",
        device("ipc-v5.5.82", 1, ""),
        device("ipc-v5.5.82", 2, ""),
        device("ipc-v5.5.82", 3, ""),
    ));
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let packages = recovery.packages();
    let named = packages.iter().map(|(mac, package)| {
        let mut files = fs::read_dir(package).unwrap();
        let answer = files.find_map(|file| {
            let path = file.unwrap().path();
            name(&path).contains("Encrypt").then_some(path)
        });
        let plain = package.join("Encrypt.xml");
        let answer = answer.unwrap();
        assert!(name(&answer).ends_with(&format!("_{mac}.xml")));
        fs::rename(answer, &plain).unwrap();
        plain
    });
    let answers: Vec<_> = named.collect();
    let [one, two, three] = &answers[..] else {
        panic!("three packages")
    };
    let texts = answers
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect::<Vec<_>>();
    // The same answer twice: it can fit one only, so neither is sent.
    fs::write(two, &texts[0]).unwrap();
    let run = recovery.import(&[]);
    assert_eq!(
        (run.code, results(&run)),
        (4, ["done", "skipped", "skipped"].map(Into::into).to_vec()),
        "{run}"
    );
    assert_eq!(
        outcomes(&run)["44:47:cc:00:00:03"]["result"],
        "done",
        "{run}"
    );
    fs::remove_file(three).unwrap();
    // A name that speaks of another device: not sent.
    fs::remove_file(one).unwrap();
    let named = two.with_file_name("Encrypt_4447cc000001.xml");
    fs::rename(two, &named).unwrap();
    let run = recovery.import(&[]);
    assert_eq!(
        (run.code, results(&run)),
        (4, vec!["skipped".into()]),
        "{run}"
    );
    assert!(run.stdout.contains("it belongs in"), "{run}");
    fs::remove_file(named).unwrap();
    // Changed places without a sign: one device refuses, and that ends it.
    fs::write(one, &texts[1]).unwrap();
    fs::write(two, &texts[0]).unwrap();
    let run = recovery.import(&[]);
    assert_eq!(
        (run.code, results(&run)),
        (1, ["refused", "skipped"].map(Into::into).to_vec()),
        "{run}"
    );
    let outcome = &outcomes(&run)["44:47:cc:00:00:01"];
    assert_eq!(outcome["refusal"], "failed", "{run}");
    assert!(
        outcome["message"]
            .as_str()
            .unwrap()
            .contains("does not take this answer (2009 failed)"),
        "{run}"
    );
    // The same file again is not sent again.
    let run = recovery.import_from(one.to_str().unwrap(), &[]);
    assert_eq!(
        (run.code, results(&run)),
        (4, vec!["skipped".into()]),
        "{run}"
    );
    assert!(
        run.stdout.contains("it refused an answer to this request"),
        "{run}"
    );
    // Each in its place.
    fs::write(one, &texts[0]).unwrap();
    fs::write(two, &texts[1]).unwrap();
    let run = recovery.import(&["--force", "refused-before"]);
    assert_eq!(
        (run.code, results(&run)),
        (0, ["done", "done"].map(Into::into).to_vec()),
        "{run}"
    );
    assert!(
        recovery
            .cases()
            .iter()
            .all(|(_, state)| state == "recovered")
    );
}

//! The GUID way against simulated recorders.

use std::{fs, process::Stdio};

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use sadp_proto::Guid;
use sadp_reset::{GuidExport, Ledger, Vault};

use crate::{
    activate::Van,
    prepared::{CURRENT, NEW, ONE, TWO, recorder, refusals, told},
};

const EXPORT: [&str; 4] = ["guid", "export", "--all", "--yes"];
const IMPORT: [&str; 4] = ["guid", "import", "--all", "--yes"];

fn pair() -> String {
    recorder(1, "") + &recorder(2, "")
}

#[test]
fn what_was_exported_resets_the_password_once() {
    let van = Van::new(
        &(pair()
            + "[[device]]\nprofile = \"ipc-v5.2.5\"\nip = \"192.168.1.9\"\ndelay = \"0..20ms\"\n"),
    );
    let export = van.reset(&EXPORT);
    assert_eq!(export.code, 0, "{export}");
    let outcomes = export.json();
    let done: Vec<_> = outcomes.as_array().unwrap()[1..].to_vec();
    for outcome in &done {
        assert_eq!(outcome["action"], "guid-export", "{export}");
        assert_eq!(outcome["result"], "done", "{export}");
        assert_eq!(outcome["data"]["encrypted"], false, "{export}");
        let text = fs::read(outcome["data"]["path"].as_str().unwrap()).unwrap();
        assert_eq!(text.len(), 172, "as it came");
    }
    assert_eq!(outcomes[0]["result"], "skipped", "the camera: {export}");
    assert!(van.guids().iter().all(|guid| guid["state"] == "valid"));

    let import = van.reset(&IMPORT);
    assert_eq!(import.code, 0, "{import}");
    let outcomes = import.json();
    for outcome in &outcomes.as_array().unwrap()[1..] {
        assert_eq!(outcome["action"], "guid-import", "{import}");
        assert_eq!(outcome["message"], "the new password is set", "{import}");
        assert_eq!(outcome["data"]["active"], true, "{import}");
    }
    assert!(van.has_password(ONE, NEW) && van.has_password(TWO, NEW));
    let guids = van.guids();
    assert!(guids.iter().all(|guid| guid["void"] == "used"), "{guids:?}");
    let before = van.sent();
    let again = van.reset(&IMPORT);
    assert_eq!(again.code, 3, "{again}");
    assert!(again.stderr.contains("no usable GUID"), "{again}");
    assert_eq!(van.sent(), before, "a used GUID is not sent again");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_vault() {
    use std::os::unix::fs::PermissionsExt;
    let van = Van::new(&recorder(1, ""));
    let export = van.reset(&EXPORT);
    assert_eq!(export.code, 0, "{export}");
    let file = export.json()[0]["data"]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(van.path("state/guid").to_str().unwrap()), 0o700);
}

#[test]
fn a_wrong_password_ends_the_export_at_the_first_device() {
    let van = Van::new(&pair());
    let run = van.reset_with("Guessed-99", &EXPORT);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(run.json()[0]["refusal"], "PasswordError", "{run}");
    assert_eq!(run.json()[0]["tries_left"], 6, "{run}");
    assert_eq!(run.json()[1]["result"], "skipped", "{run}");
    assert_eq!((van.sent(), van.guids().len()), (1, 0));
}

#[test]
fn the_newest_usable_guid_is_taken_and_the_others_become_void() {
    let van = Van::new(&recorder(
        1,
        "questions = { 1 = \"a\", 2 = \"b\", 3 = \"c\" }",
    ));
    for _ in 0..2 {
        assert_eq!(van.reset(&EXPORT).code, 0);
    }
    let newest = van.guids()[0]["path"].clone();
    let import = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(import.code, 0, "{import}");
    assert_eq!(import.json()[0]["data"]["path"], newest, "{import}");
    let voids: Vec<_> = van.guids().iter().map(|it| it["void"].clone()).collect();
    assert_eq!(voids, ["used", "password-changed"]);
    // Any other way that sets a password makes GUIDs void, too.
    assert_eq!(van.reset_with(NEW, &EXPORT).code, 0);
    let answers = van.put("answers.txt", "1=a\n2=b\n3=c\n");
    let answer = van.reset(&["questions", "answer", ONE, "--answers", &answers, "--yes"]);
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(van.guids()[0]["void"], "password-changed");
    let import = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(import.code, 4, "{import}");
    assert!(import.stdout.contains("another password"), "{import}");
}

/// Puts a GUID into the vault as if the first device had exported it, some
/// seconds from now.
fn keep(van: &Van, text: &str, seconds: i64) -> String {
    let state = van.path("state");
    let mut ledger = Ledger::open(&state).unwrap();
    let device = ledger.guids(None).unwrap()[0].device.clone();
    let export = GuidExport {
        device: &device,
        guid: &Guid::from_text(text).unwrap(),
        at: Timestamp::now() + SignedDuration::from_secs(seconds),
    };
    let vault = Vault::new(&state);
    let record = vault.store(&mut ledger, export, None).unwrap();
    vault.path_of(&record).display().to_string()
}

#[test]
fn a_suspect_guid_is_not_preferred_and_goes_out_by_force_alone() {
    let van = Van::new(&recorder(1, ""));
    let export = van.reset(&EXPORT);
    assert_eq!(export.json()[0]["data"]["suspect"], false, "{export}");
    let whole = export.json()[0]["data"]["path"].clone();
    let suspect = keep(&van, "AAECAwQFBgcICQoLDA0ODw==", 1);
    let import = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(import.code, 0, "{import}");
    let data = &import.json()[0]["data"];
    assert_eq!(
        (&data["path"], &data["not_preferred"]),
        (&whole, &suspect.into())
    );
    let message = import.json()[0]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("a newer GUID in the vault is suspect"),
        "{import}"
    );
    assert!(van.has_password(ONE, NEW));

    let sent = van.sent();
    let suspect = keep(&van, "no base64 at all", 60);
    let import = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!((import.code, van.sent()), (4, sent), "{import}");
    let message = import.json()[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("does not hold 128 bytes"), "{import}");
    let forced = van.reset(&["guid", "import", ONE, "--yes", "--force", "refused-before"]);
    assert_eq!(forced.json()[0]["refusal"], "invalidGUID", "{forced}");
    assert_eq!(forced.json()[0]["data"]["path"], suspect, "{forced}");
    let listed = |path: &str| {
        let guids = van.guids();
        let listed = guids.iter().find(|it| it["path"] == path).unwrap();
        listed["suspect"].clone()
    };
    assert_eq!(listed(&suspect), true);
    assert_eq!(listed(whole.as_str().unwrap()), false);
}

#[test]
fn a_suspect_guid_in_a_file_goes_out_by_force_alone() {
    let van = Van::new(&recorder(1, ""));
    let files = [
        ("long.guid", "A".repeat(176), 4),
        ("short.guid", "A".repeat(168), 2),
        ("text.guid", "no base64 at all\n".into(), 2),
    ];
    for (sent, (name, text, code)) in files.into_iter().enumerate() {
        let path = van.put(name, text);
        let file = ["guid", "import", ONE, &path, "--yes"];
        let held = van.reset(&file);
        assert_eq!((held.code, van.sent()), (code, sent), "{name}: {held}");
        let told = format!("{}{}", held.stdout, held.stderr);
        assert!(told.contains("--force refused-before"), "{name}: {held}");
        let forced = van.reset(&[&file[..], &["--force", "refused-before"]].concat());
        assert_eq!(
            forced.json()[0]["refusal"],
            "invalidGUID",
            "{name}: {forced}"
        );
    }
}

#[test]
fn a_file_from_elsewhere_is_taken_raw_or_as_text() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let van = Van::new(&pair());
    let export = van.reset(&EXPORT);
    let path = |place: usize| {
        export.json()[place]["data"]["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let text = |place| fs::read_to_string(path(place)).unwrap();
    let raw = BASE64_STANDARD.decode(text(0)).unwrap();
    let raw = van.put("DeviceGUID.xml", raw);
    let text = van.put("guid.txt", text(1) + "\r\n");
    // Somebody else's state: nothing but the file is known.
    fs::remove_dir_all(van.path("state")).unwrap();
    for (device, file) in [(ONE, &raw), (TWO, &text)] {
        let run = van.reset(&["guid", "import", device, file, "--yes"]);
        assert_eq!(run.code, 0, "{run}");
        assert!(van.has_password(device, NEW));
    }
}

#[test]
fn a_foreign_guid_costs_one_try_and_is_not_taken_again() {
    let van = Van::new(&recorder(1, "recovery_tries_left = 4"));
    assert_eq!(van.reset(&EXPORT).code, 0);
    let foreign = van.put("foreign.guid", [7; 128]);
    let run = van.reset(&["guid", "import", ONE, &foreign, "--yes"]);
    assert_eq!(
        (run.code, &run.json()[0]["refusal"]),
        (1, &"invalidGUID".into()),
        "{run}"
    );
    assert_eq!(run.json()[0]["tries_left"], 3, "{run}");
    assert_eq!(van.guids()[0]["state"], "valid", "the vault's own stays");
    let sent = van.sent();
    let again = ["guid", "import", ONE, &foreign, "--yes"];
    let run = van.reset(&again);
    assert_eq!((run.code, van.sent()), (4, sent), "{run}");
    assert!(run.stdout.contains("the device called it invalid"), "{run}");
    let run = van.reset(&[&again[..], &["--force", "refused-before"]].concat());
    assert_eq!(run.json()[0]["tries_left"], 2, "{run}");
    let sent = van.sent();
    let run = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(
        (run.code, van.sent()),
        (4, sent),
        "few tries need their word: {run}"
    );
    let lifted = ["--force", "few-tries", "--force", "refused-before"];
    let run = van.reset(&[&["guid", "import", ONE, "--yes"][..], &lifted].concat());
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_file_is_known_to_be_of_the_vault() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let van = Van::new(&pair());
    assert_eq!(van.reset(&EXPORT).code, 0);
    let guids = van.guids();
    let own = |mac: &str| guids.iter().find(|it| it["mac"] == mac).unwrap();
    let file = own(ONE)["path"].as_str().unwrap();
    let raw = BASE64_STANDARD.decode(fs::read(file).unwrap()).unwrap();
    let copy = van.put("copy.guid", raw);
    let sent = van.sent();
    for file in [file, &copy] {
        let run = van.reset(&["guid", "import", TWO, file, "--yes"]);
        assert_eq!((run.code, van.sent()), (4, sent), "{run}");
        assert!(run.stdout.contains("another device exported"), "{run}");
    }

    let run = van.reset(&["guid", "import", ONE, &copy, "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let guids = van.guids();
    let own = |mac: &str| guids.iter().find(|it| it["mac"] == mac).unwrap();
    assert_eq!(
        (&own(ONE)["void"], &own(TWO)["state"]),
        (&"used".into(), &"valid".into())
    );
    let sent = van.sent();
    for file in [file, &copy] {
        let import = ["guid", "import", ONE, file, "--yes"];
        for more in [&[][..], &["--dry-run"]] {
            let run = van.reset(&[&import[..], more].concat());
            assert_eq!((run.code, van.sent()), (4, sent), "{run}");
            assert!(run.stdout.contains("it was used, and works once"), "{run}");
            assert!(run.stdout.contains("--force refused-before"), "{run}");
        }
    }
    let run = van.reset(&[
        "guid",
        "import",
        ONE,
        file,
        "--yes",
        "--force",
        "refused-before",
    ]);
    assert_eq!((run.code, van.sent()), (1, sent + 1), "{run}");
    assert_eq!(run.json()[0]["refusal"], "invalidGUID", "{run}");
}

#[test]
fn a_guid_that_its_device_calls_invalid_is_marked_so() {
    let van = Van::new(&recorder(1, "refuse = { GUIDReset = \"invalidGUID\" }"));
    assert_eq!(van.reset(&EXPORT).code, 0);
    let run = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(van.guids()[0]["void"], "invalid");
    let run = van.reset(&["guid", "import", ONE, "--yes"]);
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stdout.contains("the device called it invalid"), "{run}");
    assert_eq!(van.sent(), 2);
}

#[test]
fn a_locked_recorder_is_left_alone() {
    let site = pair() + "recovery_tries_left = 0\n";
    let van = Van::new(&site);
    assert_eq!(van.reset(&EXPORT).code, 0);
    let run = van.reset(&["guid", "import", TWO, "--yes"]);
    assert_eq!(
        (run.code, &run.json()[0]["refusal"]),
        (1, &"locked".into()),
        "{run}"
    );
    let sent = van.sent();
    let run = van.reset(&IMPORT);
    assert_eq!(run.code, 4, "{run}");
    assert_eq!(van.sent(), sent + 1, "only the other one: {run}");
    assert!(run.stdout.contains("locked until"), "{run}");
    assert_eq!(
        van.guids()
            .iter()
            .filter(|it| it["state"] == "valid")
            .count(),
        1
    );
}

#[test]
fn an_encrypted_guid_needs_its_passphrase() {
    let van = Van::new(&recorder(1, ""));
    let phrase = van.put("phrase.txt", "correct horse\n");
    let export = van.reset(&[&EXPORT[..], &["--passphrase-file", &phrase]].concat());
    assert_eq!(export.code, 0, "{export}");
    assert_eq!(export.json()[0]["data"]["encrypted"], true);
    let path = export.json()[0]["data"]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        fs::read(&path)
            .unwrap()
            .starts_with(b"age-encryption.org/v1")
    );
    assert_eq!(van.guids()[0]["encrypted"], true);
    let sent = van.sent();
    let none = van.reset(&IMPORT);
    assert_eq!(none.code, 4, "{none}");
    assert!(none.stdout.contains("--passphrase-file"), "{none}");
    let wrong = van.put("wrong.txt", "battery staple\n");
    let run = van.reset(&[&IMPORT[..], &["--passphrase-file", &wrong]].concat());
    assert_eq!(run.code, 4, "{run}");
    assert!(!run.to_string().contains("battery"), "{run}");
    let file = van.reset(&[
        "guid",
        "import",
        ONE,
        &path,
        "--yes",
        "--passphrase-file",
        &wrong,
    ]);
    assert_eq!((file.code, file.stdout.as_str()), (4, ""), "{file}");
    assert_eq!(van.sent(), sent);
    let run = van.reset(&[&IMPORT[..], &["--passphrase-file", &phrase]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert!(van.has_password(ONE, NEW));
}

#[test]
fn altered_and_missing_files_are_reported_and_not_sent() {
    let van = Van::new(&pair());
    let export = van.reset(&EXPORT);
    let path = |place: usize| {
        export.json()[place]["data"]["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let sent = van.sent();
    let whole = fs::read(path(0)).unwrap();
    fs::write(path(0), &whole[..100]).unwrap();
    fs::remove_file(path(1)).unwrap();
    let run = van.reset(&IMPORT);
    assert_eq!(run.code, 4, "{run}");
    for text in [
        "changed or cut short",
        "is not there any more",
        "bring the file back",
    ] {
        assert!(run.stdout.contains(text), "{text}: {run}");
    }
    assert!(van.guids().iter().any(|guid| guid["state"] == "missing"));
    for (name, bytes, code) in [
        ("cut.guid", &whole[..100], 2),
        ("empty.guid", &[], 2),
        ("large.guid", &[b'A'; 9000], 2),
        (
            "list.csv",
            &b"ID,Device Type,Status\n1,DS-2CD,Active\n"[..],
            2,
        ),
    ] {
        let file = van.put(name, bytes);
        let run = van.reset(&["guid", "import", ONE, &file, "--yes"]);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{name}: {run}");
        assert!(run.stderr.contains(name), "{run}");
    }
    let gone = van.reset(&["guid", "import", ONE, "no/such.guid", "--yes"]);
    assert_eq!((gone.code, gone.stdout.as_str()), (5, ""), "{gone}");
    assert_eq!(van.sent(), sent);
}

#[test]
fn what_cannot_be_kept_ends_the_batch_and_is_reported() {
    let van = Van::new(&pair());
    let show = van.reset(&["questions", "show", ONE]);
    assert_eq!(show.code, 0, "{show}");
    van.put("state/guid", "no folder");
    let run = van.reset(&EXPORT);
    assert_eq!((run.code, van.sent()), (5, 1), "{run}");
    assert_eq!(run.json()[0]["result"], "unknown", "{run}");
    assert!(run.stdout.contains("could not be kept"), "{run}");
    assert_eq!(run.json()[1]["result"], "skipped", "{run}");
    assert!(van.path("state/guid").is_file());
    fs::remove_file(van.path("state/guid")).unwrap();
    assert_eq!(van.reset(&EXPORT).code, 0);
}

#[test]
fn an_export_killed_midway_keeps_what_arrived() {
    // The fourth and those after it say nothing: it is killed before all are done.
    let silent = |number| {
        if number > 3 {
            "late = { ExportGUID = \"3600s\" }"
        } else {
            ""
        }
    };
    let site = (1..=12).map(|number| recorder(number, silent(number)));
    let van = Van::new(&site.collect::<String>());
    let arguments = [&["reset"], &EXPORT[..]].concat();
    let mut child = van
        .sim
        .command(&arguments)
        .env("SADPCTL_STATE", van.path("state"))
        .env("SADPCTL_PASSWORD", CURRENT)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let vault = van.path("state/guid");
    let files = || fs::read_dir(&vault).map_or(0, Iterator::count);
    while files() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = van.guids();
    // Files may be there that are not in the ledger so far, or have no name of
    // their own.
    assert!((1..=3).contains(&kept.len()), "{kept:?}");
    for guid in &kept {
        assert_eq!(guid["state"], "valid");
        let text = fs::read(guid["path"].as_str().unwrap()).unwrap();
        assert_eq!(text.len(), 172);
    }
    let import = van.reset(&IMPORT);
    assert_eq!(import.code, 0, "{import}");
    let outcomes = import.json();
    let done = outcomes.as_array().unwrap().iter();
    let done = done.filter(|it| it["result"] == "done").count();
    assert_eq!(done, kept.len(), "{import}");
}

#[test]
fn a_dry_run_and_what_is_not_offered_send_nothing() {
    let van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:01\"\nip = \"192.168.1.9\"\ndelay = \"0..20ms\"\n\
         [[device]]\nprofile = \"nvr-v4.1.70\"\nmac = \"44:47:cc:00:00:02\"\nip = \"192.168.1.8\"\ndelay = \"0..20ms\"\n",
    );
    let dry = van.reset(&["guid", "export", "--all", "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry}");
    let run = van.reset(&["guid", "export", ONE, "--yes"]);
    assert_eq!(run.code, 4, "{run}");
    let none = van.reset(&["guid", "import", TWO, "--yes"]);
    assert_eq!(none.code, 4, "{none}");
    let unasked = van.reset(&["guid", "export", "--all"]);
    assert_eq!(
        (unasked.code, unasked.stdout.as_str()),
        (2, ""),
        "{unasked}"
    );
    assert_snapshot!(format!("{}\n{}\n{}", told(&dry), told(&run), told(&none)));
    assert_eq!(van.sent(), 0);
    assert!(!van.path("state").join("ledger.sqlite3").exists());
}

#[test]
fn the_vault_is_listed_without_a_network() {
    let van = Van::new(&recorder(1, ""));
    let list = |format| {
        let state = van.path("state");
        crate::run::run(&[
            "reset",
            "guid",
            "list",
            "--format",
            format,
            "--state",
            state.to_str().unwrap(),
        ])
    };
    assert_eq!(
        (list("json").code, list("json").stdout.as_str()),
        (0, "[]\n")
    );
    assert_eq!(van.reset(&EXPORT).code, 0);
    assert_eq!(list("json").json()[0]["mac"], ONE);
    assert_eq!(list("ndjson").stdout.lines().count(), 1);
    let csv = list("csv");
    let titles = "serial,mac,exported_at,path,encrypted,state,void,void_at,suspect,name\r\n";
    assert!(csv.stdout.starts_with(titles), "{csv}");
    let table = list("table");
    for text in ["STATE", "valid", ONE, ".guid"] {
        assert!(table.stdout.contains(text), "{text}: {table}");
    }
    assert_eq!(list("xml").code, 2);
}

#[test]
fn every_refusal_is_reported() {
    let export = refusals(
        "ExportGUID",
        &["PasswordError", "locked", "failed"],
        |van, device| van.reset(&["guid", "export", device, "--yes"]),
    );
    let words = [
        "notActivated",
        "riskPassword",
        "invalidGUID",
        "locked",
        "failed",
    ];
    let import = refusals("GUIDReset", &words, |van, device| {
        let file = van.put("own.guid", [1; 128]);
        van.reset(&["guid", "import", device, &file, "--yes"])
    });
    assert_snapshot!(format!("{export}\n{import}"));
}

#[test]
fn recorders_pass_the_password_on_where_they_offer_it() {
    let site = recorder(1, "cameras = [\"192.168.1.50\"]")
        + "[[device]]\nprofile = \"dvr-v3.4.89\"\nmac = \"44:47:cc:00:00:03\"\nip = \"192.168.1.103\"\ndelay = \"0..20ms\"\nfields = { SupportGUID = \"true\" }\n"
        + "[[device]]\nprofile = \"ipc-v5.6.5\"\nmac = \"44:47:cc:00:00:50\"\nip = \"192.168.1.50\"\ndelay = \"0..20ms\"\n";
    let van = Van::new(&site);
    assert_eq!(van.reset(&EXPORT).code, 0);
    let refused = van.reset(&[
        "guid",
        "import",
        "44:47:cc:00:00:03",
        "--sync-cameras",
        "--yes",
    ]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(
        refused.stdout.contains("does not offer to pass"),
        "{refused}"
    );
    let run = van.reset(&["guid", "import", ONE, "--sync-cameras", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["data"]["sync_cameras"], true, "{run}");
    assert!(van.has_password("44:47:cc:00:00:50", NEW));
    assert!(van.has_password("44:47:cc:00:00:03", CURRENT));
}

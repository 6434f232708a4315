//! What is asked on a terminal, and that no secret typed there is shown.

use std::fs;

use pty_process::Size;

use crate::{
    activate::Van,
    prepared::{CURRENT, NEW, ONE, recorder},
    pty::Dialogue,
    request::{RecoverySite, device},
};

const PASSPHRASE: &str = "open-Sesame-5";

const CAMERA: &str = "44:47:cc:00:00:01";

const QUESTION: &str = "Send the answers to this device? [y/N]";

/// A camera whose request was exported, and the key to it.
fn keyed() -> (RecoverySite, String) {
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, ""));
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&["--key"]);
    let package = recovery.packages().into_values().next().unwrap();
    let key = fs::read_to_string(package.join(key_name(&package))).unwrap();
    (recovery, key.trim().to_owned())
}

fn key_name(package: &std::path::Path) -> String {
    let mut names = fs::read_dir(package)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.starts_with("key_")).unwrap()
}

fn import_key(recovery: &RecoverySite) -> Dialogue {
    let mut command = recovery.command(&["reset", "import", "--device", CAMERA]);
    command.env_remove("SADPCTL_NEW_PASSWORD");
    Dialogue::start(&command)
}

/// How many answers were sent, by what became of their request.
fn is_open(recovery: &RecoverySite) -> bool {
    recovery.cases()[0].1 == "open"
}

#[test]
fn a_key_and_a_new_password_are_typed_unseen() {
    let (recovery, key) = keyed();
    let mut asked = import_key(&recovery);
    asked.confide("Vendor's key: ", &key);
    asked.answer(QUESTION, "y");
    asked.confide("New password: ", NEW);
    asked.confide("Type it again: ", NEW);
    let (code, said) = asked.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the new password is set"), "{said}");
    for secret in [&*key, NEW] {
        assert!(!said.contains(secret), "{said}");
    }
    assert!(recovery.takes("192.168.1.101", NEW));
}

/// Two requests wait, and the answer to the second came by e-mail.
#[test]
fn an_unmatched_answer_asks_for_its_request_or_is_given_it() {
    let site = device("ipc-v5.5.82", 1, "") + &device("ipc-v5.5.82", 2, "");
    let recovery = RecoverySite::new(&site);
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let cases = recovery.run(&["reset", "cases", "--format", "json"]).json();
    let case = cases
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["device"]["mac"] == "44:47:cc:00:00:02");
    let case = case.unwrap()["case"].to_string();
    let package = recovery.packages().remove("4447cc000002").unwrap();
    let mut files = fs::read_dir(&package)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let answer = files
        .find(|path| path.to_str().unwrap().contains("Encrypt"))
        .unwrap();
    let mail = recovery.van.put(
        "answer.eml",
        format!(
            "From: support@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Disposition: attachment; filename=\"Encrypt.xml\"\r\n\r\n{}\r\n--b--\r\n",
            fs::read_to_string(answer).unwrap()
        ),
    );
    let import = ["reset", "import", &mail];
    // Without a terminal nobody is asked, and nothing is guessed.
    let run = recovery.import_from(&mail, &[]);
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stdout.contains("--case N"), "{run}");
    let none = recovery.import_from(&mail, &["--case", "77"]);
    assert_eq!(none.code, 3, "{none}");
    let question = "For which request is";
    for (typed, code, told) in [
        ("", 4, "nothing shows which"),
        ("9", 3, "waits under the number 9"),
    ] {
        let mut asked = Dialogue::start(&recovery.command(&import));
        asked.answer(question, typed);
        let (ended, said) = asked.end();
        assert_eq!(ended, code, "{said}");
        assert!(said.contains(told), "{said}");
    }
    let mut asked = Dialogue::start(&recovery.command(&import));
    asked.answer(question, &case);
    asked.answer(QUESTION, "n");
    let (_, said) = asked.end();
    assert!(said.contains(&format!("{case}  DS-")), "{said}");
    assert!(said.contains("answer.eml/Encrypt.xml"), "{said}");
    let run = recovery.import_from(&mail, &["--case", &case]);
    assert_eq!(run.code, 0, "{run}");
    assert!(recovery.takes("44:47:cc:00:00:02", NEW));
    let open: Vec<_> = recovery
        .cases()
        .into_iter()
        .filter(|case| case.1 == "open")
        .collect();
    assert_eq!(open.len(), 1);
}

#[test]
fn a_key_file_goes_with_the_number_of_a_request() {
    let (recovery, key) = keyed();
    let cases = recovery.run(&["reset", "cases", "--format", "json"]).json();
    let case = cases[0]["case"].to_string();
    // An editor wrote the mark: the same as an answer in a file.
    let key = recovery.van.put("key.txt", format!("\u{feff}  {key}\r\n"));
    let shown = recovery.run(&["reset", "import", &key, "--case", &case, "--dry-run"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert!(shown.stderr.contains("byte order mark"), "{shown}");
    let import = [
        "reset",
        "import",
        "--key-file",
        &key,
        "--yes",
        "--format",
        "json",
    ];
    let run = recovery.run(&import);
    assert_eq!(run.code, 2, "{run}");
    let run = recovery.run(&[&import[..], &["--case", &case]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert!(!is_open(&recovery));
}

#[test]
fn nothing_is_sent_where_the_answers_are_no() {
    let (recovery, key) = keyed();
    // Typed twice, and not the same.
    let mut asked = import_key(&recovery);
    asked.confide("Vendor's key: ", &key);
    asked.answer(QUESTION, "y");
    asked.confide("New password: ", NEW);
    asked.confide("Type it again: ", "Garden-77y");
    let (code, said) = asked.end();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("typed twice is not the same"), "{said}");
    assert!(!said.contains("Garden"), "{said}");
    // A weak one is not asked for again.
    let mut asked = import_key(&recovery);
    asked.confide("Vendor's key: ", &key);
    asked.answer(QUESTION, "y");
    asked.confide("New password: ", "garden");
    let (code, said) = asked.end();
    assert_eq!(code, 4, "{said}");
    assert!(!said.contains("again"), "{said}");
    // Anything but yes is a no, and so is Ctrl-C; then no password is asked for.
    for no in ["\n", "n\n", "yess\n", "\x03"] {
        let mut asked = import_key(&recovery);
        asked.confide("Vendor's key: ", &key);
        asked.press_at(QUESTION, no);
        let (code, said) = asked.end();
        assert_eq!(code, 1, "{no:?}: {said}");
        assert!(said.contains("not confirmed: nothing was sent"), "{said}");
    }
    // Ctrl-C where a secret is asked for, with a part of it typed.
    let mut asked = import_key(&recovery);
    asked.confide("Vendor's key: ", &key);
    asked.answer(QUESTION, "y");
    asked.press_unseen("New password: ", "Gard\x03");
    let (code, said) = asked.end();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("interrupted: nothing was sent"), "{said}");
    assert!(!said.contains("Gard"), "{said}");
    // Nothing typed is no password.
    let mut asked = import_key(&recovery);
    asked.confide("Vendor's key: ", "");
    let (code, said) = asked.end();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is empty"), "{said}");
    assert!(is_open(&recovery));
}

#[test]
fn a_passphrase_is_typed_unseen_to_shut_and_to_open_the_vault() {
    let van = Van::new(&recorder(1, ""));
    let command = |arguments: &[&str]| {
        let mut command = van.command(arguments);
        command.env("XDG_CONFIG_HOME", van.path("config"));
        command
    };
    let mut asked = Dialogue::start(&command(&["reset", "guid", "export", ONE, "--encrypt"]));
    asked.answer("Export the GUID of this device? [y/N]", "yes");
    asked.confide("Current password: ", CURRENT);
    asked.confide("Passphrase: ", PASSPHRASE);
    asked.confide("Type it again: ", PASSPHRASE);
    let (code, said) = asked.end();
    assert_eq!(code, 0, "{said}");
    let mut all = said;
    let import = ["reset", "guid", "import", ONE];
    let mut asked = Dialogue::start(&command(&import));
    asked.confide("Passphrase: ", "open-Sesame-6");
    let (code, said) = asked.end();
    assert_ne!(code, 0, "{said}");
    all += &said;
    let mut asked = Dialogue::start(&command(&import));
    asked.confide("Passphrase: ", PASSPHRASE);
    asked.answer("Reset the password of this device by GUID? [y/N]", "y");
    asked.confide("New password: ", NEW);
    asked.confide("Type it again: ", NEW);
    let (code, said) = asked.end();
    assert_eq!(code, 0, "{said}");
    all += &said;
    for secret in [CURRENT, NEW, "Sesame"] {
        assert!(!all.contains(secret), "{all}");
    }
    assert!(van.has_password(ONE, NEW));
}

#[test]
fn a_second_export_asks_before_it_gives_a_request_up() {
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, ""));
    assert_eq!(recovery.export(&["--all"]).code, 0);
    let before = recovery.packages();
    let requests = recovery.requests();
    let out = requests.to_str().unwrap();
    let export = recovery.command(&["reset", "export", CAMERA, "--out", out]);
    let question = "Export another request from this device, and give up the older one? [y/N]";
    for no in ["n\n", "\n", "\x03"] {
        let mut asked = Dialogue::start(&export);
        asked.press_at(question, no);
        let (code, said) = asked.end();
        assert_eq!(code, 4, "{no:?}: {said}");
        assert!(said.contains("becomes void by another"), "{said}");
        assert!(said.contains("still waits for an answer"), "{said}");
    }
    assert_eq!(recovery.packages(), before);
    assert!(is_open(&recovery) && recovery.cases().len() == 1);
    // A yes to the one is none to the other.
    let mut asked = Dialogue::start(&export);
    asked.answer(question, "y");
    asked.answer("Export a request from this device? [y/N]", "n");
    let (code, said) = asked.end();
    assert_eq!(code, 1, "{said}");
    assert_eq!(recovery.packages(), before);
    let mut asked = Dialogue::start(&export);
    asked.answer(question, "y");
    asked.answer("Export a request from this device? [y/N]", "y");
    let (code, said) = asked.end();
    assert_eq!(code, 0, "{said}");
    let states: Vec<_> = recovery
        .cases()
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(states, ["open", "superseded"]);
}

/// The list above a question is whole, however short the terminal is, and no password is
/// asked for where the answer is no.
#[test]
fn a_long_list_goes_through_a_pager() {
    let devices: Vec<_> = (1..=12)
        .map(|last| device("ipc-v5.5.82", last, "activated = false"))
        .collect();
    let site = RecoverySite::new(&devices.concat());
    let mut activate = site.command(&["activate", "--all"]);
    activate.env_remove("SADPCTL_NEW_PASSWORD");
    let question = "Activate these 12 devices? [y/N]";
    for (rows, is_paged) in [(10, true), (50, false)] {
        activate.env("PAGER", "sed -e s/^/paged:/");
        let mut asked = Dialogue::sized(&activate, Size::new(rows, 80));
        asked.answer(question, "n");
        let (code, said) = asked.end();
        assert_eq!(code, 1, "{said}");
        for last in 1..=12 {
            assert!(
                said.contains(&format!("44:47:cc:00:00:{last:02x}")),
                "{said}"
            );
        }
        assert_eq!(said.contains("paged:  unactivated"), is_paged, "{said}");
        assert!(!said.contains("password:"), "{said}");
    }
}

/// Ctrl-C, as a terminal sends it.
const INTERRUPT: &str = "\u{3}";

#[test]
fn how_far_a_command_is_stands_on_a_terminal_alone() {
    let waits = "activated = false\nlate = { activate = \"3600s\" }";
    let van = Van::new(&format!(
        "{}{}{}",
        device("ipc-v5.5.82", 1, "reboot = \"3600s\""),
        device("ipc-v5.5.82", 2, "activated = false"),
        device("ipc-v5.5.82", 3, waits),
    ));
    let password = van.file("Simulated-7");
    let plan = van.path("plan.csv");
    fs::write(
        &plan,
        format!("mac,ip,mask,gateway\n{CAMERA},192.168.1.77,255.255.255.0,192.168.1.1\n"),
    )
    .unwrap();
    let plan = plan.to_str().unwrap();
    let activate = [
        "activate",
        "--all",
        "--yes",
        "--new-password-file",
        &password,
    ];
    let apply = ["net", "apply", plan, "--yes", "--password-file", &password];
    let wait = ["--wait-back", "12h"];
    let sweep = ["scan", "--rate", "1", "--target", "127.0.0.0/24"];
    for (arguments, lines) in [
        (
            &["scan", "--wait", "1h"][..],
            &["listening, ", ": 3 devices (Ctrl-C ends it)"][..],
        ),
        (&sweep, &["] asked 1 of 254 addresses, ", " left"]),
        (&activate, &["] activating 1 of 2"]),
        (
            &[&apply[..], &wait].concat(),
            &[
                "waiting for 1 of 1 device to return, 11h",
                " left (Ctrl-C ends it)",
            ],
        ),
    ] {
        let mut shown = Dialogue::start(&van.command(arguments));
        for line in lines {
            shown.until(line);
        }
        shown.press_at("", INTERRUPT);
        shown.end();
    }
    for arguments in [&["scan"][..], &["doctor"], &["net", "show", CAMERA]] {
        let run = van.run(arguments);
        for part in ["listening", "checking this computer", "\r", "\u{1b}"] {
            assert!(!run.stderr.contains(part), "{run}");
        }
    }
}

//! `reset prepare`, and `activate --prepare`, on simulated devices.

use std::fs;

use serde_json::Value;

use crate::{
    activate::Van,
    check::{self, Shop},
    prepared::{NEW, ONE, TWO, recorder},
    run::Run,
};

const MAILBOX: [&str; 2] = ["--mailbox", "owner@example.com"];

/// What became of each preparation of the first device.
fn steps(run: &Run) -> Vec<String> {
    let json = run.json();
    let steps = json[0]["data"]["steps"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps
        .map(|step| format!("{} {}", text(&step["action"]), text(&step["result"])))
        .collect()
}

#[test]
fn one_command_prepares_all_that_resets_the_password_later() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let answers = van.path("answers.txt");
    let make = ["--make-answers", answers.to_str().unwrap()];
    let prepare = ["prepare", "--all", "--yes"];
    let planned = van.reset(&[&["prepare", "--all", "--dry-run"], &MAILBOX[..], &make].concat());
    assert_eq!((planned.code, van.sent()), (0, 0), "{planned}");
    assert_eq!(steps(&planned)[2], "questions-set planned", "{planned}");
    assert!(!answers.exists());
    let run = van.reset(&[&prepare[..], &MAILBOX, &make].concat());
    assert_eq!(
        (run.code, &run.json()[0]["action"]),
        (0, &"prepare".into()),
        "{run}"
    );
    let done = ["guid-export done", "mail-set done", "questions-set done"];
    assert_eq!(steps(&run), done, "{run}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&answers).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let sent = van.sent();
    assert_eq!(sent, 6);
    let again = van.reset(&prepare);
    assert_eq!((again.code, van.sent()), (0, sent), "{again}");
    let already = [
        "guid-export already",
        "mail-set already",
        "questions-set already",
    ];
    assert_eq!(steps(&again), already, "{again}");
    // Each recovers by its own answers.
    let lines = fs::read_to_string(&answers).unwrap();
    for (device, mac) in [(ONE, "44:47:cc:00:00:01"), (TWO, "44:47:cc:00:00:02")] {
        let line = lines.lines().find(|line| line.starts_with(mac)).unwrap();
        let own = line.split(';').skip(1).collect::<Vec<_>>().join("\n");
        let own = van.put("own.txt", own);
        let answer = ["questions", "answer", device, "--answers", &own, "--yes"];
        let run = van.reset(&answer);
        assert_eq!(run.code, 0, "{run}");
        assert!(van.has_password(device, NEW));
    }
}

#[test]
fn a_wrong_password_is_sent_once() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let prepare = [&["prepare", "--all", "--yes"], &MAILBOX[..]].concat();
    let run = van.reset_with("Wrong-77x", &prepare);
    assert_eq!((run.code, van.sent()), (1, 1), "{run}");
    assert_eq!(run.json()[0]["refusal"], "PasswordError", "{run}");
    let results = steps(&run);
    assert_eq!(
        results,
        ["guid-export refused", "mail-set skipped"],
        "{run}"
    );
}

#[test]
fn what_cannot_be_prepared_is_said_before_anything_is_sent() {
    let van = Van::new(&recorder(1, ""));
    let long = format!("{ONE};1={};2=b;3=c", "x".repeat(129));
    for (name, text, told) in [
        ("long", long.as_str(), "more than 128 bytes"),
        ("few", "44:47:cc:00:00:01;1=a;2=b", "2 answers are given"),
        (
            "mixed",
            "44:47:cc:00:00:01;1=a;2=b;3=c\n1=a",
            "line 2: not of the form MAC;",
        ),
        ("none", "# nothing\n", "no answer in the file"),
    ] {
        let file = van.put(name, text);
        let run = van.reset(&["prepare", "--all", "--yes", "--answers", &file]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {run}");
        assert!(run.stderr.contains(told), "{name}: {run}");
    }
    let there = van.put("there.txt", "1=a");
    let run = van.reset(&["prepare", "--all", "--yes", "--make-answers", &there]);
    assert_eq!(run.code, 2, "{run}");
    assert_eq!(fs::read(&there).unwrap(), b"1=a");
    assert!(!van.path("state").join("guid").exists());
    // Questions that the device does not list are not sent; the rest is.
    let other = van.put("other", "1=a\n2=b\n31=c");
    let run = van.reset(&["prepare", "--all", "--yes", "--answers", &other]);
    assert_eq!(run.code, 4, "{run}");
    assert_eq!(
        steps(&run),
        ["guid-export done", "questions-set skipped"],
        "{run}"
    );
    assert!(run.stdout.contains("does not list question 31"), "{run}");
}

#[test]
fn activation_and_preparation_are_one_command() {
    let van = Van::new(&recorder(1, "activated = false"));
    let password = van.file(NEW);
    let activate = [
        "activate",
        "--all",
        "--yes",
        "--new-password-file",
        &password,
    ];
    let unclear = van.run(&[&activate[..], &MAILBOX].concat());
    assert_eq!(unclear.code, 2, "{unclear}");
    assert!(unclear.stderr.contains("needs --prepare"), "{unclear}");
    let run = van.run(&[&activate[..], &MAILBOX, &["--prepare"]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("GUID: exported; e-mail: reserved"),
        "{run}"
    );
    let summary = "1 device: activate: 1 done; prepare: 1 done";
    assert!(run.stderr.contains(summary), "{run}");
    assert!(van.has_password(ONE, NEW));
}

/// By SADP the first camera offers nothing, and the second no e-mail address.
const OVER_HTTP: &str = "
    [defaults]
    password = \"Warehouse-48\"
    [[device]]
    profile = \"ipc-v5.2.5\"
    ip = \"127.0.6.1\"
    http = { profile = \"recorder-v4.62\" }
    [[device]]
    profile = \"ipc-v5.5.82\"
    ip = \"127.0.6.2\"
    http = { profile = \"camera-v5.8\" }
";

#[test]
fn what_is_offered_over_http_alone_is_prepared_there() {
    let shop = Shop::of(OVER_HTTP);
    let answers = shop.path("answers.txt");
    fs::write(&answers, "1=Paris\n4=Rex\n9=blue\n").unwrap();
    let answers = ["--answers", answers.to_str().unwrap(), "--yes"];
    let devices = ["reset", "prepare", "127.0.6.1", "127.0.6.2"];
    let format = ["--format", "json"];
    let arguments = [&devices, &MAILBOX[..], &answers, &format].concat();
    let vias = |run: &Run, place: usize| {
        let json = run.json();
        let steps = json[place]["data"]["steps"].as_array().unwrap().clone();
        steps
            .iter()
            .map(|step| [&step["via"], &step["result"]].map(|it| it.as_str().unwrap().to_owned()))
            .map(|[via, result]| format!("{via} {result}"))
            .collect::<Vec<_>>()
    };

    let wrong = shop.run(&arguments, "Somebody-elses-1");
    assert_eq!(wrong.code, 1, "{wrong}");
    let tries = ["127.0.6.1", "127.0.6.2"].map(|it| shop.tries_left(it));
    assert_eq!(
        tries,
        [7, 7],
        "SADP refused it first, and that ends all: {wrong}"
    );

    let force = ["--force", "refused-before"];
    let run = shop.run(&[&arguments[..], &force].concat(), check::PASSWORD);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(vias(&run, 0), ["http done"; 3], "{run}");
    assert_eq!(vias(&run, 1), ["http done", "sadp done"], "{run}");
    let guid = run.json()[0]["data"]["steps"][0]["data"]["path"].clone();
    assert!(
        fs::read(guid.as_str().unwrap()).unwrap().len() >= 128,
        "{run}"
    );
    let again = shop.run(&arguments, check::PASSWORD);
    assert_eq!(vias(&again, 0), ["http already"; 3], "{again}");
}

#[test]
fn over_http_a_wrong_password_costs_one_try_of_one_device() {
    let cameras = OVER_HTTP.replace("ipc-v5.5.82", "ipc-v5.2.5");
    let shop = Shop::of(&cameras);
    let devices = ["reset", "prepare", "127.0.6.1", "127.0.6.2", "--yes"];
    let arguments = [&devices, &MAILBOX[..], &["--format", "json"]].concat();
    let wrong = shop.run(&arguments, "Somebody-elses-1");
    assert_eq!(wrong.code, 1, "{wrong}");
    let json = wrong.json();
    let results = [&json[0]["result"], &json[1]["result"]];
    assert_eq!(results, ["refused", "skipped"], "{wrong}");
    let tries = ["127.0.6.1", "127.0.6.2"].map(|it| shop.tries_left(it));
    assert_eq!(tries, [6, 7], "{wrong}");
}

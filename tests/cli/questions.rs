//! Security questions of simulated devices.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::{
    activate::Van,
    prepared::{NEW, ONE, TWO, recorder, refusals},
};

const SET: &str = "questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }";
const RIGHT: &str = "# ours\n1=Paris\r\n\n4=Rex\n9=blue\n";

fn command<'a>(verb: &'a str, device: &'a str, answers: &'a str) -> [&'a str; 6] {
    ["questions", verb, device, "--answers", answers, "--yes"]
}

#[test]
fn questions_are_shown_with_their_names() {
    let site = recorder(1, SET)
        + &recorder(2, "")
        + "[[device]]\nprofile = \"ipc-v5.2.5\"\nip = \"192.168.1.9\"\ndelay = \"0..20ms\"\n";
    let van = Van::new(&site);
    let folder = van.path("config/sadpctl");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("questions.toml"),
        "[names]\n4 = \"first pet\"\n",
    )
    .unwrap();
    let run = van.reset(&["questions", "show", "--all"]);
    assert_eq!(run.code, 0, "{run}");
    let outcomes = run.json();
    let of = |mac: &str| {
        let mut all = outcomes.as_array().unwrap().iter();
        all.find(|it| it["device"]["mac"] == mac).unwrap().clone()
    };
    let shown = of(ONE);
    assert_eq!(shown["action"], "questions-read", "{run}");
    let questions = shown["data"]["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 15, "{run}");
    assert_eq!(questions[0], json!({"id": 1, "set": true, "name": null}));
    assert_eq!(
        questions[3],
        json!({"id": 4, "set": true, "name": "first pet"})
    );
    assert_eq!(questions[4], json!({"id": 5, "set": false, "name": null}));
    assert_eq!(
        shown["message"],
        "of 15 questions these are set: 1, 4 (first pet), 9"
    );
    assert_eq!(of(TWO)["message"], "none of 15 questions is set");
    fs::write(folder.join("questions.toml"), "4 = \"first pet\"\n").unwrap();
    let bad = van.reset(&["questions", "show", ONE]);
    assert_eq!((bad.code, bad.stdout.as_str()), (2, ""), "{bad}");
    assert!(bad.stderr.contains("questions.toml"), "{bad}");
}

#[test]
fn what_was_set_resets_the_password() {
    let van = Van::new(&recorder(1, ""));
    let answers = van.put("answers.txt", RIGHT);
    let set = van.reset(&command("set", ONE, &answers));
    assert_eq!(set.code, 0, "{set}");
    assert_eq!(set.json()[0]["action"], "questions-set");
    assert_eq!(set.json()[0]["message"], "the security questions are set");
    let answer = van.reset(&command("answer", ONE, &answers));
    assert_eq!(answer.code, 0, "{answer}");
    assert_eq!(answer.json()[0]["action"], "questions-answer");
    assert_eq!(answer.json()[0]["message"], "the new password is set");
    assert!(van.has_password(ONE, NEW));
    let dry = van.reset(&["questions", "answer", ONE, "--dry-run"]);
    assert_eq!(
        (dry.code, &dry.json()[0]["result"]),
        (0, &"planned".into()),
        "{dry}"
    );
}

#[test]
fn wrong_answers_cost_one_try_each_and_the_last_need_force() {
    let van = Van::new(&recorder(1, &format!("{SET}\nrecovery_tries_left = 3")));
    let wrong = van.put("wrong.txt", "1=Paris\n4=Max\n9=blue\n");
    let run = van.reset(&command("answer", ONE, &wrong));
    assert_eq!(
        (run.code, &run.json()[0]["refusal"]),
        (1, &"AnswerError".into()),
        "{run}"
    );
    assert_eq!(run.json()[0]["tries_left"], 2, "{run}");
    let right = van.put("right.txt", RIGHT);
    let held = van.reset(&command("answer", ONE, &right));
    assert_eq!((held.code, van.sent()), (4, 1), "{held}");
    let forced = van.reset(
        &[
            &command("answer", ONE, &right)[..],
            &["--force", "few-tries", "--force", "refused-before"],
        ]
        .concat(),
    );
    assert_eq!(forced.code, 0, "{forced}");
}

#[test]
fn a_locked_device_is_reported_once_and_then_left_alone() {
    let van = Van::new(&recorder(1, &format!("{SET}\nrecovery_tries_left = 0")));
    let right = van.put("right.txt", RIGHT);
    let run = van.reset(&command("answer", ONE, &right));
    assert_eq!(
        (run.code, &run.json()[0]["refusal"]),
        (1, &"locked".into()),
        "{run}"
    );
    let run = van.reset(&command("answer", ONE, &right));
    assert_eq!((run.code, van.sent()), (4, 1), "{run}");
}

#[test]
fn a_question_that_the_device_does_not_list_is_not_answered() {
    let van = Van::new(&recorder(1, SET));
    let unlisted = van.put("answers.txt", "1=Paris\n4=Rex\n20=blue\n");
    for verb in ["set", "answer"] {
        let run = van.reset(&command(verb, ONE, &unlisted));
        assert_eq!((run.code, van.sent()), (4, 0), "{run}");
        let message = run.json()[0]["message"].as_str().unwrap().to_owned();
        assert_eq!(message, "not sent: the device does not list question 20");
    }
    let right = van.put("right.txt", RIGHT);
    let run = van.reset(&command("answer", ONE, &right));
    assert_eq!(run.code, 0, "no try was spent: {run}");
}

#[test]
fn questions_beyond_fifteen_are_counted_and_nothing_is_sent_for_them() {
    let van = Van::new(&recorder(1, &format!("{SET}\nsurplus_questions = 2")));
    let shown = van.reset(&["questions", "show", ONE]);
    assert_eq!(shown.code, 0, "{shown}");
    let data = &shown.json()[0]["data"];
    let questions = data["questions"].as_array().unwrap();
    assert_eq!((questions.len(), &data["ignored"]), (15, &json!(2)));
    let message = shown.json()[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("2 beyond the first 15"), "{shown}");
    let surplus = van.put("answers.txt", "1=Paris\n4=Rex\n16=blue\n");
    for verb in ["set", "answer"] {
        let run = van.reset(&command(verb, ONE, &surplus));
        assert_eq!((run.code, van.sent()), (4, 0), "{run}");
        let message = run.json()[0]["message"].as_str().unwrap().to_owned();
        assert_eq!(message, "not sent: the device does not list question 16");
    }
}

#[test]
fn an_answer_of_more_than_128_bytes_is_not_set() {
    let van = Van::new(&recorder(1, SET));
    let text = |length| format!("1={}\n2=b\n3=c\n", "x".repeat(length));
    let long = van.put("long.txt", text(129));
    let run = van.reset(&command("set", ONE, &long));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    assert!(run.stderr.contains("more than 128 bytes"), "{run}");
    let longest = van.put("longest.txt", text(128));
    let run = van.reset(&command("set", ONE, &longest));
    assert_eq!(run.code, 0, "{run}");
    let run = van.reset(&command("answer", ONE, &long));
    assert_eq!(run.json()[0]["refusal"], "AnswerError", "it is sent: {run}");
}

#[test]
fn answers_that_cannot_be_used_are_not_sent() {
    let van = Van::new(&recorder(1, SET));
    let long = format!("1={}\n2=Rosebud\n3=c\n", "x".repeat(300));
    let bad = [
        ("two", "1=Rosebud\n2=b\n"),
        ("four", "1=Rosebud\n2=b\n3=c\n4=d\n"),
        ("twice", "1=Rosebud\n2=b\n2=c\n"),
        ("zero", "0=Rosebud\n2=b\n3=c\n"),
        ("high", "33=Rosebud\n2=b\n3=c\n"),
        ("wordy", "first=Rosebud\n2=b\n3=c\n"),
        ("bare", "Rosebud\n2=b\n3=c\n"),
        ("blank", "1=\n2=Rosebud\n3=c\n"),
        ("empty", ""),
        ("long", &long),
    ];
    let mut told = Vec::new();
    for verb in ["set", "answer"] {
        for (name, text) in bad {
            let file = van.put(name, text);
            let run = van.reset(&command(verb, ONE, &file));
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {run}");
            assert!(!run.stderr.contains("Rosebud"), "{name}: {run}");
            let stderr = run
                .stderr
                .replace(van.folder.path().to_str().unwrap(), "FOLDER");
            if verb == "set" {
                told.push(format!("{name}: {stderr}"));
            }
        }
    }
    assert_snapshot!(told.concat());
    let none = van.reset(&["questions", "answer", ONE, "--yes"]);
    assert_eq!(none.code, 2, "{none}");
    let gone = van.reset(&command("answer", ONE, "no/such/file"));
    assert_eq!(gone.code, 5, "{gone}");
    assert!(!van.path("state").exists());
}

#[test]
fn every_refusal_is_reported() {
    let words = [
        "LongAnswer",
        "QuestionNumErr",
        "PasswordError",
        "locked",
        "failed",
    ];
    let set = refusals("setsecurityquestion", &words, |van, device| {
        let answers = van.put("answers.txt", RIGHT);
        van.reset(&command("set", device, &answers))
    });
    let words = [
        "notActivated",
        "riskPassword",
        "AnswerError",
        "locked",
        "failed",
    ];
    let answer = refusals("AnswerReset", &words, |van, device| {
        let answers = van.put("answers.txt", RIGHT);
        van.reset(&command("answer", device, &answers))
    });
    let show = refusals("getsecurityquestion", &["failed"], |van, device| {
        van.reset(&["questions", "show", device])
    });
    assert_snapshot!(format!("{set}\n{answer}\n{show}"));
}

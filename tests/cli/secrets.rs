//! No password is ever shown or kept: not in output, logs, help or the state
//! folder.

#[cfg(target_os = "linux")]
mod memory;

use std::{fs, path::Path};

use crate::{
    activate::Van,
    prepared::{self, ONE, TWO, recorder},
    run::Run,
};

const MARKED: &str = "Zq7-Marked!word";
const MARKED_CURRENT: &str = "Kx9-Current!wrd";

const SITE: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.64"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
ip = "192.168.1.101"
activated = false
refuse = { activate = "PasswordError" }

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.102"
password = "Zq7-Marked!word"
"#;

#[test]
fn no_password_is_shown_or_kept() {
    let van = Van::new(SITE);
    let file = van.file(MARKED);
    let with_file = ["--new-password-file", &file];
    let plan = van.path("plan.csv");
    fs::write(
        &plan,
        "mac,ip,mask,gateway\n44:47:cc:00:00:03,192.168.1.103,255.255.255.0,192.168.1.1\n",
    )
    .unwrap();
    let plan = plan.to_str().unwrap();
    let commands: [&[&str]; 20] = [
        &["--help"],
        &["activate", "--help"],
        &["activate", "--all", "--dry-run"],
        &["activate", "--all"],
        &["activate", "44:47:cc:00:00:09", "--yes"],
        &["activate", "44:47:cc:00:00:01", "--yes", "--format", "json"],
        &["activate", "--all", "--yes"],
        &[
            "activate",
            "--all",
            "--yes",
            "--format",
            "csv",
            with_file[0],
            with_file[1],
        ],
        &["activate", "--all", "--yes", with_file[0], "no/such/file"],
        &["reset", "button", "44:47:cc:00:00:02", "--activate"],
        &["locate", "44:47:cc:00:00:03", "on", "--yes"],
        &["net", "show", "44:47:cc:00:00:03"],
        &["net", "plan", "--from", "192.168.1.150"],
        &["net", "apply", plan, "--dry-run"],
        &[
            "net",
            "set",
            "44:47:cc:00:00:03",
            "--http-port",
            "81",
            "--yes",
        ],
        &["net", "apply", plan, "--yes", "--force=refused-before"],
        &[
            "net",
            "apply",
            plan,
            "--yes",
            "--force=refused-before",
            "--password-file",
            &file,
        ],
        &["scan"],
        &["show", "44:47:cc:00:00:03"],
        &["scan", "--format", "json"],
    ];
    for arguments in commands {
        let mut command = van.sim.command(arguments);
        command
            .arg("-vvv")
            .env("SADPCTL_STATE", van.path("state"))
            .env("SADPCTL_NEW_PASSWORD", MARKED)
            .env("SADPCTL_PASSWORD", MARKED_CURRENT);
        let run: Run = command.output().unwrap().into();
        assert!((0..=5).contains(&run.code), "{run}");
        clean(&run.to_string(), &format!("{arguments:?}"));
        search(&van.path("state"));
        let result = "plan.result.csv";
        let written = fs::read_to_string(van.path(result)).unwrap_or_default();
        clean(&written, result);
    }
    assert!(van.path("plan.result.csv").exists());
    assert!(van.path("state").join("ledger.sqlite3").exists());
}

/// Answers, codes, passphrases and GUIDs, right and wrong ones.
#[test]
fn no_secret_of_recovery_is_shown_or_kept() {
    const PHRASE: &str = "Marked-passphrase-1";
    const SECRETS: [&str; 7] = [
        MARKED,
        MARKED_CURRENT,
        "Marked-answer",
        PHRASE,
        "Marked-code",
        "Marked-wrong",
        // The beginning of a GUID in base64 and as its bytes.
        "TWFya2VkLUdVSUQ",
    ];
    let site = recorder(1, "password = \"Kx9-Current!wrd\"")
        + &recorder(
            2,
            "password = \"Kx9-Current!wrd\"\nmailbox = \"o@example.com\"",
        );
    let van = Van::new(&site);
    let answers = van.put("answers.txt", "1=Marked-answer-1\n2=Marked-answer-2\n3=x\n");
    let wrong = van.put("wrong.txt", "1=Marked-wrong-1\n2=Marked-answer-2\n3=x\n");
    let broken = van.put("broken.txt", "1=Marked-answer-1\nMarked-answer-2\n");
    let code = van.put("code.txt", "Marked-code");
    let phrase = van.put("phrase.txt", PHRASE);
    let guid = van.put("guid", [&b"Marked-GUID\0"[..], &[b'x'; 116]].concat());
    let cut = van.put("cut.guid", "Marked-GUID, cut short");
    let (answers, code) = (["--answers", &answers], ["--code-file", &code]);
    let phrase = ["--passphrase-file", &phrase];
    let commands: [&[&str]; 12] = [
        &["questions", "set", ONE, answers[0], answers[1]],
        &["questions", "answer", ONE, "--answers", &wrong],
        &["questions", "answer", ONE, "--answers", &broken],
        &["questions", "answer", ONE, answers[0], answers[1]],
        &["mail", "qr", TWO],
        &["mail", "confirm", TWO, code[0], code[1]],
        &["guid", "export", TWO, phrase[0], phrase[1]],
        &["guid", "import", TWO, &guid],
        &["guid", "import", TWO, &cut],
        &["guid", "import", TWO, "--passphrase-file", answers[1]],
        &["guid", "import", TWO, phrase[0], phrase[1]],
        &["guid", "export", "--all"],
    ];
    for arguments in commands {
        // Each is sent, whatever was refused before.
        let lifted: &[&str] = match arguments[1] {
            "qr" => &[],
            _ => &["--force=refused-before"],
        };
        let all = [&["reset"], arguments, &["-vvv", "--yes"], lifted].concat();
        let mut command = van.sim.command(&all);
        command
            .env("SADPCTL_STATE", van.path("state"))
            .env("SADPCTL_NEW_PASSWORD", MARKED)
            .env("SADPCTL_PASSWORD", MARKED_CURRENT);
        let run: Run = command.output().unwrap().into();
        assert!((0..=4).contains(&run.code), "{run}");
        let text = run.to_string();
        for secret in SECRETS.iter().chain(&["Marked-GUID"]) {
            assert!(!text.contains(secret), "{secret} of {arguments:?}: {text}");
        }
        prepared::search(&van.path("state"), &SECRETS);
    }
    assert!(van.has_password(TWO, MARKED), "the ways were gone");
}

/// What an editor or a mail program leaves around a password costs no try.
#[test]
fn a_password_with_a_mark_or_blanks_around_it_costs_no_try() {
    let van = Van::new(SITE);
    let set = |text: &str, more: &[&str]| {
        let file = van.file(text);
        let set = ["net", "set", "44:47:cc:00:00:03", "--yes", "--http-port"];
        van.run(&[&set[..], &["81", "--password-file", &file], more].concat())
    };
    for (text, told) in [
        (format!(" {MARKED}"), "a blank"),
        (format!("{MARKED} \n"), "a blank"),
        (format!("{MARKED}\nmore\n"), "more than one line"),
        (format!("{MARKED}\u{200b}"), "invisible character"),
    ] {
        let run = set(&text, &[]);
        assert_eq!((run.code, van.sent()), (4, 0), "{run}");
        assert!(run.stderr.contains(told), "{run}");
    }
    let run = set(&format!("\u{feff}{MARKED}\r\n"), &[]);
    assert_eq!((run.code, van.sent()), (0, 1), "{run}");
    assert!(run.stderr.contains("byte order mark"), "{run}");
    let activate = ["activate", "44:47:cc:00:00:01", "--yes", "--force"];
    for text in [
        "Gärten-77x",
        " Garden-77x",
        "Garden-77x\nmore",
        "Garden\u{200b}77x",
    ] {
        let file = van.file(text);
        let new = ["--new-password-file", &file];
        let run = van.run(&[&activate[..], &new].concat());
        assert_eq!((run.code, van.sent()), (4, 1), "{text:?}: {run}");
    }
}

/// Codes are one word, and answers have no blanks around them: what else there is beside
/// them was copied along, and would cost a try.
#[test]
fn codes_and_answers_with_text_around_them_cost_no_try() {
    let site = recorder(1, "mailbox = \"o@example.com\"");
    let van = Van::new(&site);
    let quiet = van.put("mark.txt", "\u{feff}1=Rex\n2=b\n3=c\n");
    let answer = ["reset", "questions", "answer", ONE, "--answers", &quiet];
    let run = van.run(&[&answer[..], &["--dry-run", "-q"]].concat());
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run}");
    let run = van.run(&[&answer[..], &["--dry-run"]].concat());
    assert!(run.stderr.contains("byte order mark"), "{run}");
    for text in ["Your code: 123456", "123456\n654321", "12\u{200b}3456"] {
        let code = van.put("code.txt", text);
        for command in [
            &[
                "reset",
                "mail",
                "confirm",
                ONE,
                "--code-file",
                &code,
                "--yes",
            ][..],
            &["cloud", "code", ONE, "--code-file", &code, "--yes"],
            &[
                "reset",
                "import",
                "--device",
                ONE,
                "--key-file",
                &code,
                "--yes",
            ],
        ] {
            // A dated code may have several words.
            if text.contains("code:") && command[1] == "import" {
                continue;
            }
            let run = van.run(command);
            assert_eq!((run.code, van.sent()), (2, 0), "{text:?}: {run}");
        }
    }
    for text in ["1=Rex \n2=b\n3=c\n", "1=R\u{200b}ex\n2=b\n3=c\n"] {
        let answers = van.put("answers.txt", text);
        let run = van.run(&[
            "reset",
            "questions",
            "answer",
            ONE,
            "--answers",
            &answers,
            "--yes",
        ]);
        assert_eq!((run.code, van.sent()), (2, 0), "{text:?}: {run}");
    }
}

#[test]
fn no_weak_password_is_shown() {
    let van = Van::new(SITE);
    let file = van.file("Zq7-Marked");
    let weak = ["activate", "--all", "--yes", "--new-password-file", &file];
    for marked in ["Zq7", "Zq7-Marked123", "Zq7-Marked-and-much-too-long"] {
        fs::write(&file, marked).unwrap();
        let run = van.run(&weak);
        assert_eq!(run.code, 4, "{run}");
        assert!(!run.to_string().contains(marked), "{run}");
    }
}

/// Searches every file of a folder, what `SQLite` keeps beside the ledger too.
fn search(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        clean(
            &String::from_utf8_lossy(&bytes),
            &path.display().to_string(),
        );
    }
}

fn clean(text: &str, place: &str) {
    for marked in [MARKED, MARKED_CURRENT] {
        assert!(!text.contains(marked), "{place}: {text}");
    }
}

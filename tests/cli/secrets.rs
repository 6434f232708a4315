//! No password is ever shown or kept: not in output, logs, help or the state
//! folder.

use std::{fs, path::Path};

use crate::{activate::Van, run::Run};

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
        &["net", "apply", plan, "--yes"],
        &["net", "apply", plan, "--yes", "--password-file", &file],
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
        for result in ["plan.result.csv", "plan.result-2.csv"] {
            let written = fs::read_to_string(van.path(result)).unwrap_or_default();
            clean(&written, result);
        }
    }
    assert!(van.path("plan.result.csv").exists());
    assert!(van.path("state").join("ledger.sqlite3").exists());
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

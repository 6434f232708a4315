//! What is done wrong gets one clear error, what to do next, and the exit code
//! of the contract.

use insta::assert_snapshot;

use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::run::{sadpctl, skipped};
use crate::{
    loopback::Sim,
    run::{Run, run},
};

const SHOP: &str = "fixtures/replies/shop.xml";

#[test]
fn an_error_is_one_json_object_where_json_is_asked_for() {
    let sim = Sim::start(&["--count", "2"]);
    let show = sim.command(&["show", "10.9.9.9", "--format", "ndjson", "--quiet"]);
    let show = Run::from({ show }.output().unwrap());
    for (run, code, message, device) in [
        (show, 3, "10.9.9.9", "10.9.9.9".into()),
        (
            run(&["decode", "missing", "--format", "json"]),
            5,
            "missing",
            Value::Null,
        ),
        (
            run(&["scan", "--format=json", "--where", "colour=red"]),
            2,
            "colour",
            Value::Null,
        ),
        (run(&["scna", "--format", "json"]), 2, "scna", Value::Null),
    ] {
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run}");
        let error = run.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(error).unwrap();
        assert_eq!(error["code"], code, "{run}");
        assert_eq!(error["device"], device, "{run}");
        assert!(
            error["message"].as_str().unwrap().contains(message),
            "{run}"
        );
        assert!(!error["next"].as_str().unwrap().is_empty(), "{run}");
    }
}

/// Each of these touches no network: it fails before, or stays on loopback.
#[test]
fn usage() {
    for (name, arguments) in [
        ("no command", &[][..]),
        ("unknown command", &["scna"]),
        (
            "bad CIDR",
            &["scan", "-i", "127.0.0.1", "--target", "192.168.1.0/33"],
        ),
        (
            "large CIDR",
            &["scan", "-i", "127.0.0.1", "--target", "10.0.0.0/8"],
        ),
        ("bad wait", &["scan", "-i", "127.0.0.1", "--wait", "soon"]),
        ("bad rate", &["scan", "-i", "127.0.0.1", "--rate", "0"]),
        (
            "bad group",
            &["scan", "-i", "127.0.0.1", "--group", "10.0.0.1"],
        ),
        (
            "no condition",
            &["scan", "-i", "127.0.0.1", "--where", "unactivated"],
        ),
        (
            "unknown key",
            &["scan", "-i", "127.0.0.1", "--where", "stat=active"],
        ),
        ("unknown sort key", &["decode", SHOP, "--sort", "adress"]),
        ("unknown format", &["decode", SHOP, "--format", "yaml"]),
        (
            "messages as csv",
            &["decode", SHOP, "--messages", "--format", "csv"],
        ),
        ("watch as csv", &["watch", "--format", "csv"]),
        ("watch too often", &["watch", "--every", "100ms"]),
        ("sim without interface", &["sim", "run", "--count", "3"]),
        (
            "sim with a bad probability",
            &["sim", "run", "-i", "127.0.0.1", "--loss", "2"],
        ),
        (
            "sim with a malformed site",
            &["sim", "run", "-i", "127.0.0.1", SHOP],
        ),
        (
            "page at every address",
            &["web", "-i", "127.0.0.1", "--listen", "0.0.0.0"],
        ),
        (
            "page that ends at once",
            &["web", "-i", "127.0.0.1", "--idle", "0s"],
        ),
        (
            "page as json",
            &["web", "-i", "127.0.0.1", "--format", "json"],
        ),
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}: {run}");
        assert_snapshot!(format!("usage-{}", name.replace(' ', "-")), run.stderr);
    }
}

#[test]
fn an_unknown_interface_lists_those_there_are() {
    for arguments in [
        &["scan", "-i", "nope7"][..],
        &["sim", "run", "-i", "nope7"],
        &["doctor", "-i", "nope7"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, 2, "{run}");
        assert!(
            run.stderr.contains("nope7") && run.stderr.contains("127.0.0.1"),
            "{run}"
        );
        assert!(run.stderr.contains("hint: "), "{run}");
    }
}

#[test]
fn files() {
    for (name, code, file) in [
        ("missing", 5, "fixtures/none.pcap"),
        ("folder", 5, "fixtures"),
        ("another kind", 2, "Cargo.toml"),
        ("torn at once", 2, "fixtures/captures/header-only.pcap"),
        ("other traffic", 3, "fixtures/captures/other-traffic.pcap"),
        ("another link", 3, "fixtures/captures/wifi-link.pcap"),
        ("no device", 3, "fixtures/replies/inquiry.xml"),
    ] {
        let run = run(&["decode", file]);
        assert_eq!(run.code, code, "{name}: {run}");
        assert_eq!(run.stdout, "", "{name}");
        if code == 5 {
            // The system's words differ.
            let start = format!("error: cannot read {file}: ");
            assert!(run.stderr.starts_with(&start), "{run}");
            assert!(run.stderr.contains("\nhint: "), "{run}");
        } else {
            assert_snapshot!(format!("file-{}", name.replace(' ', "-")), run.stderr);
        }
    }
}

#[test]
fn nothing_chosen_is_reported_and_still_valid_output() {
    let run = run(&[
        "decode",
        SHOP,
        "--where",
        "state=locked",
        "--format",
        "json",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (3, "[]\n"), "{run}");
    assert_snapshot!(run.stderr);
}

/// Who can write the state folder decides what is sent to devices.
#[cfg(unix)]
#[test]
fn a_state_folder_that_others_can_write_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "Garden-77x\n").unwrap();
    let password = password.to_str().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let link = ["--state", state, "-i", "127.0.0.1", "--port", "47043"];
    let activate = [
        "activate",
        "--all",
        "--yes",
        "--new-password-file",
        password,
    ];
    let refused = run(&[&activate[..], &link].concat());
    assert_eq!(refused.code, 5, "{refused}");
    let why = "other users can write it: take that permission away (chmod go-w)";
    assert!(refused.stderr.contains(why), "{refused}");
    assert!(!folder.path().join("ledger.sqlite3").exists());
}

/// Without a home directory there is no folder for what is remembered.
#[cfg(target_os = "linux")]
#[test]
fn without_a_state_folder_reading_goes_on_after_one_warning() {
    use std::os::unix::process::CommandExt as _;

    // No account has this number, so no home directory is known for it either.
    const NOBODY: u32 = 64_321;
    let run = |arguments: &[&str]| {
        let mut command = sadpctl(arguments);
        command.env_remove("HOME").env_remove("SADPCTL_STATE");
        command.uid(NOBODY);
        command.output().ok().map(Run::from)
    };
    let scan = [
        "scan",
        "-i",
        "127.0.0.1",
        "--wait",
        "10ms",
        "--port",
        "47039",
    ];
    let Some(scan) = run(&scan) else {
        return skipped("not permitted to change the user");
    };
    assert_eq!(scan.code, 3, "{scan}");
    assert_eq!(scan.stderr.matches("warning: ").count(), 1, "{scan}");
    let warning = "locks and earlier commands are not known: cannot find out";
    assert!(scan.stderr.contains(warning), "{scan}");
    let cases = run(&["reset", "cases"]).unwrap();
    assert_eq!(cases.code, 5, "{cases}");
    assert!(
        cases.stderr.contains("name a folder with --state"),
        "{cases}"
    );
}

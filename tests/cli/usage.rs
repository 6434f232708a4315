//! Help, completions and manual pages.

use std::fs;

use insta::assert_snapshot;

use crate::{
    loopback::Sim,
    run::{Run, run, sadpctl},
};

#[test]
fn help() {
    assert_snapshot!(run(&["--help"]).stdout);
    assert_snapshot!("short", run(&["-h"]).stdout);
    assert_snapshot!("force", run(&["reset", "import", "--help"]).stdout);
    let bare = run(&[]);
    assert_eq!((bare.code, bare.stderr), (2, run(&["-h"]).stdout));
    assert_snapshot!(run(&["scan", "-h"]).stdout);
    assert_snapshot!(run(&["decode", "--help"]).stdout);
    assert_snapshot!(run(&["sim", "run", "--help"]).stdout);
    assert_snapshot!(run(&["watch", "--help"]).stdout);
}

#[test]
fn a_word_of_force_that_is_none_is_reported_with_all_that_are() {
    for wrong in ["nonsense", "44:47:cc:00:00:01", "locked,few-tries"] {
        let run = run(&["activate", "--all", "--yes", "--force", wrong]);
        assert_eq!(run.code, 2, "{run}");
        for word in ["weak-password", "two-senders", "account-changed"] {
            assert!(run.stderr.contains(word), "{word}: {run}");
        }
    }
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stdout.contains("COMPLETE"), "{shell}");
        assert!(run.stdout.contains("sadpctl"), "{shell}");
    }
}

/// Devices are those of the last scan: there are none any more.
#[test]
fn values_are_completed_without_a_look() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let candidates = |line: &str| -> Vec<String> {
        let mut command = sadpctl(&["--", line]);
        command.env("SADPCTL_STATE", &state).env("COMPLETE", "bash");
        let run: Run = command.output().unwrap().into();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
        run.stdout.lines().map(String::from).collect()
    };
    let is_option = |it: &String| it.starts_with('-');
    assert!(candidates("sadpctl show ").iter().all(is_option));
    assert!(!state.exists());
    fs::create_dir(&state).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&state, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut sim = Sim::start(&["--count", "2", "--seed", "7"]);
    let scan = || -> Run {
        let mut scan = sim.command(&["scan", "--format", "json"]);
        scan.env("SADPCTL_STATE", &state).output().unwrap().into()
    };
    let found = scan().json();
    for (at, name) in ["Gate-north", "--yes"].into_iter().enumerate() {
        let mac = found[at]["mac"].as_str().unwrap();
        let folder = state.to_str().unwrap();
        let named = run(&["name", "--state", folder, "--", mac, name]);
        assert_eq!(named.code, 0, "{named}");
    }
    let scan = scan().json();
    sim.stop();
    let kept = fs::read(state.join("last-scan.json")).unwrap();
    let files = fs::read_dir(&state).unwrap().count();
    let texts = |pointer: &str| -> Vec<&str> {
        let devices = scan.as_array().unwrap().iter();
        devices
            .map(|it| it.pointer(pointer).unwrap().as_str().unwrap())
            .collect()
    };
    for command in ["show", "activate", "net set", "reset ways"] {
        let line = format!("sadpctl {command} ");
        let names = candidates(&line);
        for name in [texts("/mac"), texts("/ipv4/address")].concat() {
            assert!(names.iter().any(|it| it == name), "{line}: {names:?}");
        }
    }
    assert_eq!(candidates("sadpctl show Gate"), ["Gate-north"]);
    let options = candidates("sadpctl show --yes");
    assert!(options.is_empty(), "a name is no option: {options:?}");
    // Bash replaces what stands behind the last colon or equals sign.
    let mac = texts("/mac")[0];
    assert_eq!(
        candidates(&format!("sadpctl show {}", &mac[..7])),
        [&mac[6..]]
    );
    let serial = texts("/serial")[0];
    assert_eq!(
        candidates(&format!("sadpctl show {}", &serial[..12])),
        [serial]
    );
    assert_eq!(candidates("sadpctl scan --sort ipv6.p"), ["ipv6.prefix"]);
    assert_eq!(
        candidates("sadpctl scan --where kind=nvr,sta"),
        ["nvr,state="]
    );
    assert_eq!(
        candidates("sadpctl scan --where kind=nvr,state=un"),
        ["unactivated"]
    );
    #[cfg(target_os = "linux")]
    assert_eq!(candidates("sadpctl watch -i l"), ["lo"]);
    assert_eq!(candidates("sadpctl doctor --format js"), ["json"]);
    assert_eq!(
        candidates("sadpctl activate --all --force weak"),
        ["weak-password"]
    );
    assert_eq!(fs::read_dir(&state).unwrap().count(), files);
    assert_eq!(fs::read(state.join("last-scan.json")).unwrap(), kept);
}

const SECTIONS: [&str; 5] = [
    ".SH EXAMPLES\n",
    ".SH \"EXIT STATUS\"\n",
    ".SH FILES\n",
    ".SH ENVIRONMENT\n",
    ".SH \"SEE ALSO\"\n",
];

#[test]
fn manual_pages() {
    let main = run(&["man"]);
    assert_eq!(main.code, 0, "{main}");
    assert!(main.stdout.contains(".TH sadpctl 1"), "{main}");
    let folder = tempfile::tempdir().unwrap();
    let pages = run(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!((pages.code, pages.stdout.as_str()), (0, ""), "{pages}");
    for page in ["sadpctl.1", "sadpctl-scan.1", "sadpctl-sim-run.1"] {
        assert!(folder.path().join(page).exists(), "{page}");
    }
    for page in fs::read_dir(&folder).unwrap() {
        let path = page.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        for section in SECTIONS {
            assert!(page.contains(section), "{}: {section}", path.display());
        }
        let (_, examples) = page.split_once("\n.SH EXAMPLES\n.EX\n").unwrap();
        let (examples, _) = examples.split_once("\n.EE\n").unwrap();
        assert!(examples.contains("sadpctl "), "{}", path.display());
    }
}

/// What people type who know other tools.
#[test]
fn other_words_for_the_same_are_taken() {
    let sim = Sim::start(&["--count", "2"]);
    for words in [
        &["ls"][..],
        &["list", "--wait", "1"],
        &["discover"],
        &["scan", "127.0.0.1"],
        &["scan", "127.0.0.0/30", "--target", "127.0.0.1-3"],
    ] {
        let run = sim.run(&[words, &["--format", "ndjson"]].concat());
        assert_eq!(run.code, 0, "{words:?}: {run}");
        assert_eq!(run.stdout.lines().count(), 2, "{words:?}: {run}");
    }
    let scan = sim.run(&["scan", "--format", "json"]).json();
    let device = scan[0]["ipv4"]["address"].as_str().unwrap();
    let ways = sim.run(&["reset", "ways", device]);
    let short = sim.run(&["reset", device]);
    assert_eq!((short.code, &short.stdout), (0, &ways.stdout), "{short}");
    let typo = sim.run(&["reset", "way"]);
    assert_eq!(typo.code, 2, "{typo}");
    assert!(typo.stderr.contains("sadpctl reset ways"), "{typo}");
    let set = ["net", "set", device, "--dry-run", "--gateway", "none"];
    let planned = ["--ip", "10.9.0.77/16", "--format", "json"];
    let planned = sim.run(&[&set[..], &planned].concat());
    assert_eq!(planned.code, 0, "{planned}");
    let after = &planned.json()[0]["data"]["after"];
    assert_eq!(after["ipv4"]["mask"], "255.255.0.0", "{planned}");
    let with_mask = ["--ip", "10.9.0.77", "--mask", "16", "--format", "json"];
    let again = sim.run(&[&set[..], &with_mask].concat());
    assert_eq!(again.json()[0]["data"]["after"], *after, "{again}");
    let two = sim.run(&[&set[..], &["--ip", "10.9.0.77/16", "--mask", "24"]].concat());
    assert_eq!(two.code, 2, "{two}");
    assert!(two.stderr.contains("--ip gives the mask"), "{two}");
}

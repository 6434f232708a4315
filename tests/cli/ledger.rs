//! The ledger is opened once in a run of each command.

use std::{
    ffi::CStr,
    io::{BufRead, BufReader},
    mem::MaybeUninit,
    path::Path,
    process::{Command, Stdio},
};

use rustix::{
    fd::OwnedFd,
    fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init},
};
use sadp_reset::Ledger;

use crate::{
    activate::Van,
    prepared::{CURRENT, ONE, recorder},
    run::{Run, sadpctl},
};

/// Counts how often files of a folder are opened.
struct Opens(OwnedFd);

impl Opens {
    fn of(folder: &Path) -> Self {
        let queue = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        add_watch(&queue, folder, WatchFlags::OPEN).unwrap();
        Self(queue)
    }

    /// How often the ledger was opened since the last call.
    fn of_ledger(&self) -> usize {
        self.of_file(Ledger::FILE_NAME)
    }

    /// The same for another file. What other files were opened is forgotten.
    fn of_file(&self, wanted: &str) -> usize {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.0, &mut buffer);
        let mut opened = 0;
        while let Ok(event) = events.next() {
            let name = event.file_name().map(CStr::to_bytes);
            opened += usize::from(name == Some(wanted.as_bytes()));
        }
        opened
    }
}

#[test]
fn each_command_opens_it_once() {
    let devices: Vec<_> = (1..=4).map(|number| recorder(number, "")).collect();
    let van = Van::new(&devices.concat());
    let state = van.path("state");
    let run = |mut command: Command, code| {
        command
            .env("XDG_CONFIG_HOME", van.path("config"))
            .env("SADPCTL_PASSWORD", CURRENT)
            .stdin(Stdio::null());
        let run: Run = command.output().unwrap().into();
        assert_eq!(run.code, code, "{command:?}: {run}");
        run.stdout
    };
    // The first command makes it.
    run(van.command(&["locate", ONE, "off"]), 0);
    let opens = Opens::of(&state);
    let plan = ["net", "plan", "--all", "--from", "192.168.1.21"];
    let plan = run(van.command(&plan), 0);
    assert_eq!(opens.of_ledger(), 1, "net plan");
    let plan = van.put("plan.csv", plan);
    for (arguments, code) in [
        (&["scan"][..], 0),
        (&["show", ONE], 0),
        (&["net", "show", ONE], 0),
        (&["net", "apply", &plan, "--dry-run"], 0),
        (&["net", "apply", &plan, "--yes"], 0),
        (&["reset", "ways", "--all"], 0),
        (&["reset", "app", ONE], 0),
        (&["reset", "cases"], 0),
        (&["reset", "guid", "export", "--all", "--yes"], 0),
        // Nobody holds a button, which recorders are not said to have.
        (&["reset", "button", ONE, "--for", "100ms", "--force"], 1),
        (&["locate", ONE, "off"], 0),
        (&["cloud", "show", ONE], 0),
    ] {
        run(van.command(arguments), code);
        assert_eq!(opens.of_ledger(), 1, "{arguments:?}");
    }
    let mut list = sadpctl(&["reset", "guid", "list"]);
    list.env("SADPCTL_STATE", &state);
    run(list, 0);
    assert_eq!(opens.of_ledger(), 1, "reset guid list");
    let mut watch = van.command(&["watch", "--plain"]);
    watch.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut watch = watch.spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    for _ in 0..4 {
        lines.next().unwrap().unwrap();
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert_eq!(opens.of_ledger(), 1, "watch");
}

#[test]
fn a_plan_of_two_hundred_devices_opens_no_file_twice() {
    let van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 200\nip = \"10.77.1.1\"\nmask = \"255.255.0.0\"\npassword = \"Simulated-7\"",
    );
    let run = |words: &[&str]| {
        let mut command = van.command(words);
        command.env("SADPCTL_PASSWORD", CURRENT);
        let run: Run = command.stdin(Stdio::null()).output().unwrap().into();
        assert_eq!(run.code, 0, "{run}");
        run
    };
    // The first command makes the ledger.
    run(&["reset", "ways", "10.77.1.1"]);
    let plan = run(&["net", "plan", "--all", "--from", "10.77.2.1"]).stdout;
    assert_eq!(plan.lines().count(), 201);
    let plan = van.put("plan.csv", plan);
    let (ledger, plans) = (van.path("state"), Path::new(&plan).parent().unwrap());
    let (ledger, plans) = (Opens::of(&ledger), Opens::of(plans));
    let applied = run(&["net", "apply", &plan, "--yes"]);
    assert!(applied.stderr.contains("200 of 200 verified"), "{applied}");
    assert_eq!(ledger.of_ledger(), 1);
    assert_eq!(plans.of_file("plan.csv"), 1);
}

/// What a newer sadpctl, or another program, wrote into a cell.
#[test]
fn the_cause_of_a_damaged_ledger_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(Ledger::open(folder.path()).unwrap());
    let file = folder.path().join(Ledger::FILE_NAME);
    let sql = "INSERT INTO cases (mac, kind, exported_at, package, package_name)
        VALUES ('44:47:cc:00:00:01', 'nonsense', 1, 'p', 'p')";
    let ledger = rusqlite::Connection::open(&file).unwrap();
    ledger.execute(sql, []).unwrap();
    let mut command = sadpctl(&["reset", "cases"]);
    command.env("SADPCTL_STATE", folder.path());
    let run = Run::from(command.output().unwrap());
    assert_eq!(run.code, 5, "{run}");
    assert_eq!(
        run.stderr.matches("not a word the ledger knows").count(),
        1,
        "{run}"
    );
    assert!(run.stderr.contains("is damaged: keep a copy"), "{run}");
}

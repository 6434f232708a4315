//! The ledger is opened once in a run of each command.

use std::{ffi::CStr, mem::MaybeUninit, path::Path, process::Stdio};

use rustix::{
    fd::OwnedFd,
    fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init},
};
use sadp_reset::Ledger;

use crate::{
    activate::Van,
    prepared::{CURRENT, ONE, recorder},
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
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(&self.0, &mut buffer);
        let mut opened = 0;
        while let Ok(event) = events.next() {
            let name = event.file_name().map(CStr::to_bytes);
            opened += usize::from(name == Some(Ledger::FILE_NAME.as_bytes()));
        }
        opened
    }
}

#[test]
fn each_command_opens_it_once() {
    let devices: Vec<_> = (1..=4).map(|number| recorder(number, "")).collect();
    let van = Van::new(&devices.concat());
    let state = van.path("state");
    let run = |arguments: &[&str]| {
        let mut command = van.command(arguments);
        command
            .env("XDG_CONFIG_HOME", van.path("config"))
            .env("SADPCTL_PASSWORD", CURRENT)
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {stdout}{stderr}"
        );
        stdout
    };
    // The first command makes it.
    run(&["locate", ONE, "off"]);
    let opens = Opens::of(&state);
    let plan = run(&["net", "plan", "--all", "--from", "192.168.1.21"]);
    assert_eq!(opens.of_ledger(), 1, "net plan");
    let plan = van.put("plan.csv", plan);
    for arguments in [
        &["scan"][..],
        &["show", ONE],
        &["net", "show", ONE],
        &["net", "apply", &plan, "--dry-run"],
        &["net", "apply", &plan, "--yes"],
        &["reset", "ways", "--all"],
        &["reset", "app", ONE],
        &["reset", "cases"],
        &["reset", "guid", "export", "--all", "--yes"],
        &["locate", ONE, "off"],
        &["cloud", "show", ONE],
    ] {
        run(arguments);
        assert_eq!(opens.of_ledger(), 1, "{arguments:?}");
    }
}

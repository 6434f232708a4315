//! Full and protected disks, clocks that jump, and several runs at once: what is
//! kept, what is said, and that nothing is sent that could not be written down.

#[cfg(target_os = "linux")]
mod disk;

use std::{
    fs::{self, OpenOptions},
    path::Path,
    process::Command,
};

use rusqlite::Connection;
use sadp_reset::{AttemptResult, Ledger};

use crate::{
    activate::Van,
    run::{Run, by, sadpctl, skipped},
    signals::{results, sent},
    talk::Talk,
};

/// So many devices without a password that take a moment to answer.
fn site(count: u32) -> String {
    format!(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = {count}\nip = \"192.168.1.101\"\n\
         activated = false\ndelay = \"200ms\"\n"
    )
}

/// Sets the first password on all, one after the other, with this folder of
/// state.
fn activate(van: &Van, state: &str) -> Command {
    let file = van.file("Garden-77x");
    let all = ["activate", "--all", "--yes", "--parallel", "1"];
    let more = ["--format", "json", "--new-password-file", &file];
    let mut command = van.sim.command(&[&all[..], &more].concat());
    command.env("SADPCTL_STATE", van.path(state));
    command
}

/// Runs on one state folder take turns. One whose turn does not come ends with exit
/// code 5 and says for which run it waited.
#[test]
fn of_twenty_runs_on_one_state_folder_none_sends_what_another_sent() {
    let van = Van::new(&site(4));
    let mut commands: Vec<_> = (0..20).map(|_| activate(&van, "state")).collect();
    let talks = commands.iter_mut();
    let talks = talks.map(|it| Talk::start(it.args(["--lock-wait", "3s"])));
    let talks: Vec<_> = talks.collect();
    let runs: Vec<_> = talks.into_iter().map(Talk::end).collect();
    let mut done = 0;
    for run in &runs {
        assert!([0, 5].contains(&run.code), "{run}");
        if run.code == 5 {
            let told = "another run changes devices with the same state folder: sadpctl ";
            assert!(run.stderr.contains(told), "{run}");
            assert_eq!(run.stdout, "", "{run}");
        } else {
            let all = results(run);
            done += all.iter().filter(|(result, _)| result == "done").count();
        }
    }
    assert_eq!(done, 4, "each is activated once");
    assert_eq!(sent(&van.path("state")).len(), 4);
    assert_eq!(van.states(), ["active"; 4]);
}

/// Whatever cannot be opened is said, and ends the run with a code that says so.
#[cfg(unix)]
#[test]
fn with_few_file_descriptors_nothing_panics() {
    let van = Van::new(&site(1));
    for limit in 4..24 {
        let limited = format!("ulimit -n {limit} && exec \"$@\"");
        let scan = van.command(&["scan", "--wait", "100ms"]);
        let run: Run = by(&["sh", "-c", &limited, "sh"], &scan)
            .output()
            .unwrap()
            .into();
        assert!([0, 3, 5].contains(&run.code), "{limit}: {run}");
        let told = run.code == 0 || run.stderr.contains("error: ");
        assert!(told && !run.stderr.contains("panicked"), "{limit}: {run}");
    }
}

/// A device keeps one key exchange at a time: two runs that ask it at the very
/// same time may both be refused. They are told so, and the next run is not.
#[test]
fn two_runs_at_once_do_no_harm_and_their_ledgers_stay_whole() {
    for states in [["state", "state"], ["state", "other"]] {
        let van = Van::new(&site(4));
        let commands = states.map(|state| activate(&van, state));
        let talks = commands.map(|mut command| Talk::start(&mut command));
        let runs = talks.map(Talk::end);
        let last: Run = activate(&van, "state").output().unwrap().into();
        assert_eq!(last.code, 0, "{last}");
        assert_eq!(van.states(), ["active"; 4], "{last}");
        let mut done = 0;
        for run in runs.iter().chain([&last]) {
            for (result, message) in results(run) {
                match &*result {
                    "done" => done += 1,
                    "skipped" => assert_eq!(message, "already active", "{run}"),
                    "refused" => {
                        let words = ["(2009 failed)", "hasActivated"];
                        assert!(words.iter().any(|word| message.contains(word)), "{run}");
                    }
                    _ => panic!("{result}: {run}"),
                }
            }
        }
        let [one, other] = &runs;
        assert_eq!(done, 4, "each is activated once: {one}\n{other}\n{last}");
        let mut folders = states.to_vec();
        folders.dedup();
        let sent: Vec<_> = folders
            .into_iter()
            .flat_map(|state| sent(&van.path(state)))
            .collect();
        let of = |outcome| sent.iter().filter(|it| **it == outcome).count();
        assert_eq!(of(AttemptResult::Done), 4, "{sent:?}");
        assert_eq!(
            of(AttemptResult::Done) + of(AttemptResult::Refused),
            sent.len()
        );
    }
}

#[test]
fn a_ledger_kept_busy_is_waited_for_and_then_nothing_is_sent() {
    let van = Van::new(&site(2));
    drop(Ledger::open(&van.path("state")).unwrap());
    let holder = Connection::open(van.path("state").join(Ledger::FILE_NAME)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run: Run = activate(&van, "state").output().unwrap().into();
    assert_eq!(run.code, 5, "{run}");
    for text in ["in use by another run", "wait until it is done"] {
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
    for (result, message) in results(&run) {
        assert_eq!(result, "skipped", "{run}");
        assert!(message.starts_with("not sent"), "{run}");
    }
    // Looking does not wait for it.
    assert_eq!(van.states(), ["unactivated"; 2]);
    drop(holder);
    let run: Run = activate(&van, "state").output().unwrap().into();
    assert_eq!(run.code, 0, "{run}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_reported() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let out_of_room = |mut command: Command| {
        let run: Run = command.stdout(full()).output().unwrap().into();
        assert_eq!(run.code, 5, "{command:?}: {run}");
        for text in ["cannot write the output", "disk is full"] {
            assert!(run.stderr.contains(text), "{text}: {command:?}: {run}");
        }
        run
    };
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["completions", "bash"],
        &["man"],
        &["decode", "fixtures/captures/site.pcap"],
        &["demo", "--format", "json"],
        &["demo"],
    ] {
        out_of_room(sadpctl(arguments));
    }
    // What was done is reported anyway.
    let van = Van::new(&site(2));
    let run = out_of_room(activate(&van, "state"));
    assert!(run.stderr.contains("2 devices: 2 done"), "{run}");
    assert_eq!(sent(&van.path("state")), [AttemptResult::Done; 2]);
    out_of_room(van.command(&["scan"]));
}

#[test]
fn a_reader_that_is_gone_does_not_hide_a_refusal() {
    let van = Van::new(&format!(
        "{}refuse = {{ activate = \"failed\" }}\n",
        site(2)
    ));
    let mut talk = Talk::start(&mut activate(&van, "state"));
    drop(talk.child.stdout.take());
    let run = talk.end();
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("2 devices: 2 refused"), "{run}");
}

/// A command whose clock another program sets, by this file. `None` where there
/// is no such program.
#[cfg(target_os = "linux")]
fn with_a_clock(file: &Path, command: &Command) -> Option<Command> {
    let asked = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output();
    let Some(library) = asked.ok().filter(|output| output.status.success()) else {
        skipped("there is no `faketime` to set a clock");
        return None;
    };
    let mut command = by(&["env"], command);
    command
        .env(
            "LD_PRELOAD",
            String::from_utf8(library.stdout).unwrap().trim(),
        )
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Some(command)
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_reported_years_ahead_ends_when_the_device_said() {
    let refuse = "refuse = { activate = { word = \"locked\", lock_minutes = 30 } }\n";
    let van = Van::new(&(site(1) + refuse));
    let clock = van.path("clock");
    fs::write(&clock, "+3650d").unwrap();
    let Some(mut command) = with_a_clock(&clock, &activate(&van, "state")) else {
        return;
    };
    let run: Run = command.output().unwrap().into();
    assert_eq!(run.code, 1, "{run}");
    let ledger = Ledger::open_existing(&van.path("state")).unwrap().unwrap();
    let now = jiff::Timestamp::now();
    let minutes = |ledger: &Ledger| {
        let locks = ledger.locks(now).unwrap();
        assert_eq!(locks.len(), 1);
        now.until(locks[0].until)
            .unwrap()
            .total(jiff::Unit::Minute)
            .unwrap()
    };
    // Some minutes may have passed since.
    let left = minutes(&ledger);
    assert!(left > 10.0 && left <= 30.0, "not at once, not for ever");
    assert!(ledger.is_ahead_of(now).unwrap());
    let first = van.run(&["scan"]);
    assert!(first.stderr.contains("clock was set back"), "{first}");
    let second = van.run(&["scan"]);
    assert!(!second.stderr.contains("clock was set back"), "{second}");
    assert!(!ledger.is_ahead_of(now).unwrap(), "it ends from then on");
    let left = minutes(&ledger);
    assert!(left > 10.0 && left < 60.0, "{left}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_clock_that_is_set_meanwhile_neither_ends_nor_prolongs_a_scan() {
    let van = Van::new(&site(3));
    let clock = van.path("clock");
    for time in ["-3650d", "+3650d"] {
        fs::write(&clock, "+0").unwrap();
        let scan = van.command(&["scan", "--format", "json", "-v", "--wait", "2s"]);
        let Some(mut scan) = with_a_clock(&clock, &scan) else {
            return;
        };
        let mut scan = Talk::start(&mut scan);
        scan.until("asking on ");
        fs::write(&clock, time).unwrap();
        let run = scan.end();
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(run.json().as_array().unwrap().len(), 3, "{run}");
        let took = run.stderr.split("took ").nth(1);
        let took = took.and_then(|took| took.split(' ').next()?.parse::<f64>().ok());
        // It may have been held up, but by no years.
        assert!(took.is_some_and(|it| (2.0..600.0).contains(&it)), "{run}");
    }
}

//! Ctrl-C and its like at every stage: what is kept, what is said, and that
//! nothing is sent behind them.

use std::{fs, io::Read, path::Path, process::Command};

use sadp_reset::{AttemptFilter, AttemptResult, Ledger};

use crate::{
    activate::Van,
    loopback::Sim,
    run::{Run, by, skipped},
    talk::Talk,
};

/// Two without a password, and which commands each answers late.
fn site(one: &str, other: &str) -> String {
    let device = |number, late| {
        format!(
            "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:0{number}\"\n\
             ip = \"192.168.1.10{number}\"\nactivated = false\nlate = {{ {late} }}\n"
        )
    };
    device(1, one) + &device(2, other)
}

/// A key exchange that takes until it is given up.
const NO_KEY: &str = "exchangecode = \"3600s\"";

/// What is asked of them, one after the other.
const ACTIVATE: [&str; 6] = [
    "activate",
    "--all",
    "-v",
    "--parallel",
    "1",
    "--new-password-file",
];

const IN_JSON: [&str; 3] = ["--yes", "--format", "json"];

/// The line with which a scan begins.
const SCANNING: &str = "asking on ";

/// The line behind which the commands are sent.
const SENDING: &str = "the first password is set on 2 devices";

fn activate(van: &Van, more: &[&str]) -> Command {
    let file = van.file("Garden-77x");
    van.command(&[&ACTIVATE[..], &[&file], more].concat())
}

/// What became of every command that left, by the ledger.
pub(crate) fn sent(state: &Path) -> Vec<AttemptResult> {
    let ledger = Ledger::open_existing(state).unwrap();
    let attempts = ledger.map(|ledger| ledger.attempts(&AttemptFilter::default()).unwrap());
    let attempts = attempts.unwrap_or_default().into_iter();
    attempts.map(|attempt| attempt.result()).collect()
}

pub(crate) fn results(run: &Run) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let outcomes = run.json();
    let outcomes = outcomes.as_array().unwrap().iter();
    outcomes
        .map(|outcome| (text(&outcome["result"]), text(&outcome["message"])))
        .collect()
}

/// Whether who runs the tests has them outlive their terminal.
pub(crate) fn hangup_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn each_signal_ends_a_scan_which_prints_what_it_found() {
    let sim = Sim::start(&["--count", "3"]);
    for signal in ["INT", "TERM", "HUP"] {
        if signal == "HUP" && hangup_is_ignored() {
            continue;
        }
        let mut scan = sim.command(&["scan", "--wait", "1h", "--format", "ndjson", "-v"]);
        let mut scan = Talk::start(&mut scan);
        scan.until(SCANNING);
        // Another scan hears the same devices; by its end the first heard them
        // too, from its own questions or from the answers to these.
        let heard = sim.run(&["scan", "--format", "ndjson"]);
        assert_eq!(heard.stdout.lines().count(), 3, "{heard}");
        scan.signal(signal);
        let run = scan.end();
        assert_eq!((run.code, run.stdout.lines().count()), (0, 3), "{run}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn started_by_nohup_it_outlives_its_terminal() {
    let sim = Sim::start(&["--count", "1"]);
    let scan = sim.command(&["scan", "--wait", "1h", "-v"]);
    let mut scan = Talk::start(&mut by(&["nohup"], &scan));
    scan.until(SCANNING);
    scan.signal("HUP");
    let heard = sim.run(&["scan"]);
    assert_eq!(heard.code, 0, "{heard}");
    assert!(scan.child.try_wait().unwrap().is_none());
    scan.signal("TERM");
    let run = scan.end();
    assert_eq!(run.code, 0, "{run}");
}

/// 65,534 addresses at ten a second take hours.
#[test]
fn an_interrupted_sweep_tells_how_far_it_came_and_what_it_found() {
    let sim = Sim::start(&["--count", "1"]);
    let target = ["scan", "--target", "127.1.0.0/16", "--rate", "10", "-v"];
    let mut scan = Talk::start(&mut sim.command(&target));
    scan.until(SCANNING);
    scan.signal("INT");
    let run = scan.end();
    assert_eq!(run.code, 1, "{run}");
    let told = "of 65534 addresses were asked";
    assert!(run.stderr.contains(told), "{run}");
}

#[test]
fn during_the_opening_scan_nothing_is_sent() {
    let van = Van::new(&site("", ""));
    // Nothing but the signal ends it.
    let more = [&["--wait", "1h"], &IN_JSON[..]].concat();
    for signal in ["INT", "TERM"] {
        let mut talk = Talk::start(&mut activate(&van, &more));
        talk.until(SCANNING);
        talk.signal(signal);
        let run = talk.end();
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
        let said = "interrupted before anything was sent";
        assert!(run.stderr.contains(said), "{run}");
        assert!(
            !van.path("state").join("ledger.sqlite3").exists(),
            "nothing was sent"
        );
    }
}

/// The question is put on a terminal, which `script` plays.
#[cfg(target_os = "linux")]
#[test]
fn at_the_question_nothing_is_sent() {
    let van = Van::new(&site("", ""));
    let activate = activate(&van, &[]);
    let pid = r#"echo pid $$ >&2; exec "$@""#;
    let words = by(&["sh", "-c", pid, "sh"], &activate);
    let words = [words.get_program()].into_iter().chain(words.get_args());
    let line: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    for signal in ["INT", "TERM"] {
        let mut script = Command::new("script");
        script.args(["-qefc", &line.join(" "), "/dev/null"]);
        script.envs(
            activate
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let script = script.stdin(std::process::Stdio::piped());
        let Ok(mut script) = script.stdout(std::process::Stdio::piped()).spawn() else {
            return skipped("there is no `script` to play a terminal");
        };
        let mut said = String::new();
        let mut terminal = script.stdout.take().unwrap();
        let mut byte = [0];
        while !said.contains("Activate these 2 devices? [y/N]") {
            assert_eq!(terminal.read(&mut byte).unwrap(), 1, "it ended: {said}");
            said.push(byte[0].into());
        }
        let pid = said.split_whitespace().nth(1).unwrap();
        let kill = Command::new("kill").args(["-s", signal, pid]).status();
        assert!(kill.unwrap().success());
        terminal.read_to_string(&mut said).unwrap();
        assert_eq!(script.wait().unwrap().code(), Some(1), "{said}");
        assert!(said.contains("not confirmed: nothing was sent"), "{said}");
        assert!(
            !van.path("state").join("ledger.sqlite3").exists(),
            "nothing was sent"
        );
    }
}

#[test]
fn before_the_first_command_left_nothing_is_sent() {
    let van = Van::new(&site(NO_KEY, NO_KEY));
    for signal in ["INT", "TERM"] {
        let mut talk = Talk::start(&mut activate(&van, &IN_JSON));
        talk.until(SENDING);
        talk.signal(signal);
        let run = talk.end();
        assert_eq!(run.code, 1, "{run}");
        let unsent = ("skipped".into(), "not sent: interrupted".into());
        assert_eq!(results(&run), [unsent.clone(), unsent], "{run}");
        assert!(run.stderr.contains("nothing more is sent"), "{run}");
        assert_eq!(sent(&van.path("state")), [], "{run}");
    }
    assert_eq!(van.states(), ["unactivated"; 2]);
}

#[test]
fn a_command_that_left_is_waited_for_and_the_rest_is_not_sent() {
    for signal in ["INT", "TERM"] {
        let van = Van::new(&site("activate = \"2s\"", NO_KEY));
        let mut talk = Talk::start(&mut activate(&van, &IN_JSON));
        talk.until(SENDING);
        while sent(&van.path("state")).is_empty() {
            assert!(talk.child.try_wait().unwrap().is_none(), "{}", talk.said);
        }
        talk.signal(signal);
        let run = talk.end();
        assert_eq!(run.code, 1, "{run}");
        let done = ("done".into(), "activated".into());
        let unsent = ("skipped".into(), "not sent: interrupted".into());
        let mut results = results(&run);
        results.sort();
        assert_eq!(results, [done, unsent], "{run}");
        // Its reply was heard and written down.
        assert_eq!(sent(&van.path("state")), [AttemptResult::Done], "{run}");
    }
}

/// Without `--settle` devices are looked at only once the commands are over.
#[test]
fn during_the_closing_look_what_was_done_is_reported() {
    for signal in ["INT", "TERM"] {
        let van = Van::new(&site("", ""));
        let arguments = [&IN_JSON[..], &["--settle", "0s"]].concat();
        let mut talk = Talk::start(&mut activate(&van, &arguments));
        talk.until(SENDING);
        talk.until_again(SCANNING);
        talk.signal(signal);
        let run = talk.end();
        assert_eq!(run.code, 0, "{run}");
        let results = results(&run);
        assert_eq!(results.len(), 2, "{run}");
        for (result, message) in results {
            assert_eq!(result, "done", "{run}");
            assert!(message.starts_with("activated"), "{run}");
        }
        assert_eq!(sent(&van.path("state")), [AttemptResult::Done; 2]);
    }
}

/// Where it does not listen, for it writes to nobody, the second one ends it.
#[test]
fn a_second_one_ends_what_does_not_listen() {
    let sim = Sim::start(&["--count", "200"]);
    let mut talk = Talk::start(&mut sim.command(&["scan", "--format", "json"]));
    // It has begun to print more than fits a pipe.
    let stdout = talk.child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let status = loop {
        talk.signal("TERM");
        if let Some(status) = talk.child.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(128 + 15));
}

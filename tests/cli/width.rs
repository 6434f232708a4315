//! Lines that fit the terminal, whichever command prints them.

use std::{fs, process::Command, thread};

use insta::assert_snapshot;
use jiff::civil::{Date, Time};
use pty_process::Size;
use uuid::Uuid;

use crate::{
    pty::OnTerminal,
    request::{NEW, RecoverySite, device},
    run::{Run, sadpctl},
};

/// Higher than anything that is printed, so that no pager begins.
const ROWS: u16 = 900;

/// What a command leaves on a terminal, once no line is wider than that is.
///
/// A terminal loses what was not read yet when the first process on it ends, so a shell
/// waits there until all is read.
fn on_terminal(command: &Command, columns: u16) -> String {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "\"$0\" \"$@\"; printf '\\0'; read -r _"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let terminal = OnTerminal::start(&shell, Size::new(ROWS, columns));
    let mut parser = vt100::Parser::new(ROWS, columns, 0);
    for bytes in &terminal.bytes {
        parser.process(&bytes);
        if bytes.contains(&0) {
            terminal.press("\n");
        }
    }
    let screen = parser.screen();
    for (number, row) in (0..).zip(screen.rows(0, columns)) {
        // A word that is too long stands alone.
        assert!(
            !screen.row_wrapped(number) || !row.trim().contains(' '),
            "{command:?} at {columns}: {row}"
        );
    }
    screen.contents()
}

/// The commands whose output is compared, one a line.
const COMMANDS: &str = include_str!("width/commands.txt");

/// Each command of devices, as it is printed on four terminals and in a pipe. No line is
/// wider than the terminal.
#[test]
fn what_commands_print() {
    let widths = [Some(60), Some(80), Some(120), Some(200), None];
    let printed = thread::scope(|scope| {
        let started = widths.map(|columns| scope.spawn(move || printed_at(columns)));
        started.map(|it| it.join().unwrap())
    });
    for (place, line) in COMMANDS.lines().enumerate() {
        let all = printed.each_ref().map(|it| it[place].as_str()).concat();
        assert_snapshot!(line.replace(['/', ' '], "_"), all, line);
    }
}

/// What each command prints at a site of its own.
fn printed_at(columns: Option<u16>) -> Vec<String> {
    let site = site();
    let printed = COMMANDS.lines().map(|line| {
        let arguments: Vec<_> = line.split_whitespace().collect();
        let mut command = if line == "reset guid list --quiet" {
            let mut list = sadpctl(&arguments);
            list.env("SADPCTL_STATE", site.van.path("state"));
            list
        } else {
            site.command(&arguments)
        };
        steady(&if let Some(columns) = columns {
            let printed = on_terminal(&command, columns);
            format!("=== {columns} columns\n{printed}\n")
        } else {
            let Run { stdout, stderr, .. } = command.output().unwrap().into();
            format!("=== a pipe: stdout\n{stdout}\n=== a pipe: stderr\n{stderr}")
        })
    });
    printed.collect()
}

fn site() -> RecoverySite {
    let questions = "questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }";
    let site = RecoverySite::new(&format!(
        "[defaults]\nmask = \"255.255.255.0\"\ngateway = \"192.168.1.1\"\npassword = \"{NEW}\"\n\
        {}{}{}{}",
        device("ipc-v5.5.82", 1, questions),
        device("nvr-v4.30.085", 2, "mailbox = \"owner@example.com\""),
        device("ipc-v5.2.5", 3, ""),
        device("ipc-v5.5.82", 4, "activated = false"),
    ));
    let contact = site.van.path("config/sadpctl/contact.toml");
    fs::create_dir_all(contact.parent().unwrap()).unwrap();
    fs::write(contact, include_str!("width/contact.toml")).unwrap();
    let name = site.run(&["name", "192.168.1.101", "Gate north", "--place", "Roof"]);
    assert_eq!(name.code, 0, "{name}");
    let mut guid = site.command(&["reset", "guid", "export", "192.168.1.102", "--yes"]);
    guid.env("SADPCTL_PASSWORD", NEW);
    let guid = Run::from(guid.output().unwrap());
    assert_eq!(guid.code, 0, "{guid}");
    site
}

/// The text without what differs from run to run: digits of dates, times, durations and
/// names of GUID files, and the ids of replies.
fn steady(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let bare = word.trim_end();
        let is_date = bare.contains('-') && bare.parse::<Date>().is_ok();
        let is_time = bare.contains(':') && bare.parse::<Time>().is_ok();
        let is_duration = bare.contains('.') && bare.parse::<f64>().is_ok();
        if is_date || is_time || is_duration || bare.contains(".guid") {
            word.replace(|it: char| it.is_ascii_digit(), "0")
        } else if Uuid::try_parse(bare).is_ok() {
            word.replace(|it: char| it.is_ascii_hexdigit(), "0")
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

#[test]
fn help_and_errors_fit_the_terminal() {
    for arguments in [
        &[][..],
        &["--help"],
        &["scan", "--help"],
        &["net", "apply", "--help"],
        &["reset", "import", "--help"],
        &[
            "scan",
            "--where",
            "no-such-key-at-all=anything-that-is-long",
        ],
        &["scan", "--format", "parquet"],
        &[
            "decode",
            "/no/such/file/anywhere/in/this/computer/that-has-a-long-name.pcapng",
        ],
        &["decode", "fixtures/replies/shop.xml"],
        &["decode", "--messages", "fixtures/replies/shop.xml"],
        &["demo"],
    ] {
        for columns in [60, 80] {
            assert!(!on_terminal(&sadpctl(arguments), columns).trim().is_empty());
        }
    }
}

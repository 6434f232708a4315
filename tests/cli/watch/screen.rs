//! The view that fills the screen, in a pseudo-terminal.

use std::process::{Command, ExitStatus};

use insta::assert_snapshot;
use pty_process::Size;

use super::{PATIENCE, kill};
use crate::{
    loopback::{Sim, channel},
    pty::OnTerminal,
    run::by,
    signals::hangup_is_ignored,
};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// The end of a synchronised update.
const END_OF_PICTURE: &[u8] = b"\x1b[?2026l";

/// `watch` on a terminal of its own.
pub(super) struct Screen {
    pub(super) terminal: OnTerminal,
    /// All that came from it.
    pub(super) raw: Vec<u8>,
    /// The beginning of a picture.
    begun: Vec<u8>,
    lines_only: bool,
    parser: vt100::Parser,
}

impl Screen {
    fn start(sim: &Sim, arguments: &[&str]) -> Self {
        Self {
            lines_only: arguments.contains(&"--plain"),
            ..Self::on(&watch(sim, arguments))
        }
    }

    fn on(command: &Command) -> Self {
        Self::sized(command, [COLUMNS, ROWS])
    }

    /// On a terminal of so many columns and rows.
    pub(super) fn sized(command: &Command, [columns, rows]: [u16; 2]) -> Self {
        Self {
            terminal: OnTerminal::start(command, Size::new(rows, columns)),
            raw: Vec::new(),
            begun: Vec::new(),
            lines_only: false,
            parser: vt100::Parser::new(rows, columns, 0),
        }
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.terminal.press(keys);
    }

    /// Waits until the screen holds all of these, and none of those.
    pub(super) fn wait_for(&mut self, wanted: &[&str], unwanted: &[&str]) -> String {
        loop {
            let text = self.parser.screen().contents();
            let holds = |part: &&str| text.contains(part);
            if wanted.iter().all(holds) && !unwanted.iter().any(holds) {
                return timeless(&text);
            }
            let Ok(bytes) = self.terminal.bytes.recv_timeout(PATIENCE) else {
                panic!("{wanted:?} is not on the screen, or {unwanted:?} is:\n{text}");
            };
            self.take_in(bytes);
        }
    }

    /// Shows whole pictures only.
    fn take_in(&mut self, bytes: Vec<u8>) {
        self.raw.extend(&bytes);
        self.begun.extend(bytes);
        let mut places = self.begun.windows(END_OF_PICTURE.len());
        let whole = match places.rposition(|it| it == END_OF_PICTURE) {
            _ if self.lines_only => self.begun.len(),
            Some(place) => place + END_OF_PICTURE.len(),
            None => return,
        };
        self.parser.process(&self.begun[..whole]);
        self.begun.drain(..whole);
    }

    fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.screen_mut().set_size(rows, columns);
        self.terminal.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Waits for the end, and looks whether the terminal is as it was.
    pub(super) fn ends_tidily(self) {
        let (status, text) = self.end();
        assert!(status.success(), "{status}\n{text}");
    }

    /// The same, however it ends. Returns what is left on the terminal, too.
    pub(super) fn end(mut self) -> (ExitStatus, String) {
        let status = self.terminal.child.wait().unwrap();
        assert!(self.terminal.is_as_before());
        self.parser.process(&self.begun);
        while let Ok(bytes) = self.terminal.bytes.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
        }
        let left = self.parser.screen();
        assert!(!left.alternate_screen() && !left.hide_cursor());
        (status, left.contents())
    }
}

pub(super) fn watch(sim: &Sim, arguments: &[&str]) -> Command {
    let mut command = sim.command(&["watch", "--every", "1s", "--offline-after", super::PATIENT]);
    command.args(arguments);
    command.env("TERM", "xterm-256color").env("TZ", "UTC");
    command
}

/// The screen with its times as they would be at no time.
fn timeless(text: &str) -> String {
    let is_time =
        |word: &&str| word.len() == 8 && word.bytes().all(|it| it.is_ascii_digit() || it == b':');
    let lines = text.lines().map(|line| {
        let line = line.trim_end();
        let time = line.split(' ').find(is_time);
        time.map_or_else(|| line.into(), |time| line.replace(time, "HH:MM:SS"))
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn site() -> Sim {
    Sim::start_on(channel(), &["fixtures/sites/small-shop.toml"])
}

const ALL: &str = "10 online, 0 offline";

#[test]
fn the_list_fills_the_screen_and_obeys_its_keys() {
    let sim = site();
    let mut screen = Screen::start(&sim, &[]);
    // The word of a device depends on which of two was heard first.
    screen.wait_for(&[ALL, "Enter details", "row 1 of 10"], &[]);
    screen.press("/model~7608\r");
    let found = screen.wait_for(
        &["1 shown", "DS-7608NI-K2", "q quit"],
        &["filter: model~7608 "],
    );
    assert_snapshot!("filtered", found);
    screen.press("\r");
    assert_snapshot!(
        "details",
        screen.wait_for(&["Esc back", "Serial number"], &["Enter details"])
    );
    screen.press("q");
    screen.wait_for(&["Enter details"], &[]);
    screen.resize(10, 40);
    let small = screen.wait_for(&["ADDRESS", "Enter details"], &["MAC", "space mark"]);
    assert_snapshot!("small", small);
    screen.resize(ROWS, COLUMNS);
    // A key that comes together with a resize waits for the next key.
    screen.wait_for(&["1 shown", "MAC"], &[]);
    screen.press("\x1b");
    screen.wait_for(&["DS-KH6210-L"], &["1 shown"]);
    screen.press("s");
    screen.wait_for(&["MODEL^"], &[]);
    screen.press("q");
    screen.ends_tidily();
}

#[test]
fn the_terminal_is_left_as_it_was() {
    let sim = site();
    let mut leave: Vec<fn(&mut Screen)> = vec![
        |screen| screen.press("\x03"),
        |screen| kill(screen.terminal.child.id(), "-TERM"),
        |screen| kill(screen.terminal.child.id(), "-INT"),
    ];
    if !hangup_is_ignored() {
        leave.push(|screen| kill(screen.terminal.child.id(), "-HUP"));
    }
    for leave in leave {
        let mut screen = Screen::start(&sim, &[]);
        screen.wait_for(&[ALL], &[]);
        assert!(screen.parser.screen().alternate_screen());
        leave(&mut screen);
        screen.ends_tidily();
    }
}

/// As when a window is closed over a program that was started to ignore that.
#[cfg(target_os = "linux")]
#[test]
fn it_ends_when_its_terminal_hangs_up_though_the_signal_is_ignored() {
    let sim = site();
    let ignoring = r#"trap "" HUP; exec "$@""#;
    let watch = by(&["sh", "-c", ignoring, "sh"], &watch(&sim, &[]));
    let mut screen = Screen::on(&watch);
    screen.wait_for(&[ALL], &[]);
    let mut child = screen.terminal.hang_up();
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    let sim = site();
    for (arguments, coloured) in [(&[][..], true), (&["--color", "never"], false)] {
        let mut screen = Screen::start(&sim, arguments);
        screen.wait_for(&[ALL], &[]);
        let screen_now = screen.parser.screen();
        let cells = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        let mut colours =
            cells.filter_map(|(row, column)| Some(screen_now.cell(row, column)?.fgcolor()));
        assert_eq!(
            colours.any(|colour| colour != vt100::Color::Default),
            coloured
        );
        screen.press("q");
        screen.ends_tidily();
    }
}

#[test]
fn lines_are_printed_on_a_terminal_where_they_are_wanted() {
    let sim = site();
    let mut screen = Screen::start(&sim, &["--plain"]);
    screen.wait_for(&["online     192.168.1.100"], &[]);
    assert!(!screen.parser.screen().alternate_screen());
    screen.press("\x03");
    screen.ends_tidily();
}

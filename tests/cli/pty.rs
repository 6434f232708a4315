//! Commands on a pseudo-terminal of their own.

use std::{
    io::{Read, Write},
    process::{self, Child},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};
use rustix::termios::{LocalModes, Termios, tcgetattr};

use crate::run::root;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// A command on a terminal of its own, and what it writes there.
pub(crate) struct OnTerminal {
    pub(crate) child: Child,
    pub(crate) pty: Arc<Pty>,
    pub(crate) bytes: mpsc::Receiver<Vec<u8>>,
    before: Termios,
}

impl OnTerminal {
    pub(crate) fn start(command: &process::Command, size: Size) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(size).unwrap();
        let before = tcgetattr(&pty).unwrap();
        let mut on_it = Command::new(command.get_program())
            .args(command.get_args())
            .current_dir(root());
        for (name, value) in command.get_envs() {
            on_it = match value {
                Some(value) => on_it.env(name, value),
                None => on_it.env_remove(name),
            };
        }
        let child = on_it.spawn(pts).unwrap();
        let pty = Arc::new(pty);
        let reader = Arc::clone(&pty);
        let (sender, bytes) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            pty,
            bytes,
            before,
        }
    }

    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Closes this end. The command redraws at the key, and so the reader sees that
    /// nobody listens.
    pub(crate) fn hang_up(self) -> Child {
        drop(self.bytes);
        (&*self.pty).write_all(b"s").unwrap();
        self.child
    }

    /// Whether the terminal is as it was at the start.
    pub(crate) fn is_as_before(&self) -> bool {
        let after = tcgetattr(&*self.pty).unwrap();
        let modes = |it: &Termios| (it.input_modes, it.output_modes, it.local_modes);
        modes(&after) == modes(&self.before)
    }

    fn shows_what_is_typed(&self) -> bool {
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }
}

/// A command that is asked and answered on its terminal.
pub(crate) struct Dialogue {
    terminal: OnTerminal,
    /// All that stood on the terminal so far, what was typed among it where the
    /// terminal showed that.
    said: String,
    /// How much of it was waited for.
    heard: usize,
}

impl Dialogue {
    pub(crate) fn start(command: &process::Command) -> Self {
        Self::sized(command, Size::new(50, 200))
    }

    pub(crate) fn sized(command: &process::Command, size: Size) -> Self {
        Self {
            terminal: OnTerminal::start(command, size),
            said: String::new(),
            heard: 0,
        }
    }

    /// Waits for a question and presses keys.
    pub(crate) fn press_at(&mut self, question: &str, keys: &str) {
        self.until(question);
        self.terminal.press(keys);
    }

    /// The same once the terminal shows nothing of what is typed. A question may
    /// stand there a moment before.
    pub(crate) fn press_unseen(&mut self, question: &str, keys: &str) {
        self.until(question);
        let end = Instant::now() + PATIENCE;
        while self.terminal.shows_what_is_typed() {
            assert!(Instant::now() < end, "it is shown: {}", self.said);
            thread::yield_now();
        }
        self.terminal.press(keys);
    }

    /// Answers a question, seen by all.
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.press_at(question, &format!("{answer}\n"));
    }

    /// Answers a question that is for a secret.
    pub(crate) fn confide(&mut self, question: &str, secret: &str) {
        self.press_unseen(question, &format!("{secret}\r"));
    }

    /// Waits for the end, and looks whether the terminal is as it was. Gives the
    /// exit code and all that stood on the terminal.
    pub(crate) fn end(mut self) -> (i32, String) {
        while let Ok(bytes) = self.terminal.bytes.recv_timeout(PATIENCE) {
            self.said.push_str(&String::from_utf8_lossy(&bytes));
        }
        let status = self.terminal.child.wait().unwrap();
        assert!(self.terminal.is_as_before(), "{}", self.said);
        (status.code().unwrap_or(-1), self.said)
    }

    pub(crate) fn until(&mut self, text: &str) {
        loop {
            if let Some(at) = self.said[self.heard..].find(text) {
                self.heard += at + text.len();
                return;
            }
            let Ok(bytes) = self.terminal.bytes.recv_timeout(PATIENCE) else {
                panic!("{text:?} is not asked:\n{}", self.said);
            };
            self.said.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
}

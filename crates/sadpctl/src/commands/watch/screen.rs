//! The terminal of the live list: its screen and its keyboard.

use std::{
    io,
    mem::ManuallyDrop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossterm::{
    event::{self, DisableMouseCapture, EnableMouseCapture, Event},
    execute,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::DefaultTerminal;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{failure::Failure, view::View};

/// The least time between two pictures: a burst of events is drawn once.
pub(super) const DRAW_EVERY: Duration = Duration::from_millis(50);

/// How often the keyboard is left alone to see whether it is still wanted.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How many keys may wait.
const KEYS: usize = 64;

/// The terminal while it shows the view. Left as it was when dropped, and by a
/// panic too.
pub(super) struct Screen {
    /// Not dropped: where the terminal is gone, its end would print that to a
    /// stderr that is gone as well, and panic.
    terminal: ManuallyDrop<DefaultTerminal>,
}

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        let terminal = ratatui::try_init().inspect_err(|_| {
            // Half of it may have been done.
            let _ = ratatui::try_restore();
        })?;
        // A terminal without a mouse ignores it.
        let _ = execute!(io::stdout(), EnableMouseCapture);
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
        })
    }

    /// Terminals that can, show each picture as a whole.
    pub(super) fn draw(&mut self, view: &mut View) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let terminal = &mut self.terminal;
        let drawn = terminal.draw(|frame| view.draw(frame.area(), frame.buffer_mut()));
        let drawn = drawn.map(drop);
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        drawn
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no tidying.
        let _ = execute!(io::stdout(), DisableMouseCapture);
        let _ = self.terminal.show_cursor();
        let _ = ratatui::try_restore();
    }
}

/// Is cancelled when the terminal hangs up; on Windows never. `SIGHUP` may be ignored,
/// and crossterm reads a terminal that hung up again and again without end. The thread
/// ends with the program.
#[cfg(unix)]
pub(super) fn hang_up() -> CancellationToken {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::retry_on_intr,
    };

    let hang_up = CancellationToken::new();
    let token = hang_up.clone();
    thread::spawn(move || {
        let stdin = io::stdin();
        // A hang-up is always reported, and nothing else is asked for.
        let mut stdin = [PollFd::new(&stdin, PollFlags::empty())];
        if retry_on_intr(|| poll(&mut stdin, None)).is_ok() {
            token.cancel();
        }
    });
    hang_up
}

#[cfg(not(unix))]
pub(super) fn hang_up() -> CancellationToken {
    CancellationToken::new()
}

/// As a pipe that nobody reads any more.
pub(super) fn terminal_gone() -> Failure {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}

/// What is typed, read on a thread of its own. The thread ends soon after this is
/// dropped, unless the terminal hung up: then it ends with the program.
pub(super) struct Keyboard {
    events: mpsc::Receiver<io::Result<Event>>,
    wanted: Arc<AtomicBool>,
}

impl Keyboard {
    pub(super) fn read() -> Self {
        let (sender, events) = mpsc::channel(KEYS);
        let wanted = Arc::new(AtomicBool::new(true));
        let still_wanted = Arc::clone(&wanted);
        thread::spawn(move || {
            while still_wanted.load(Ordering::Relaxed) {
                let event = match event::poll(LOOK_UP) {
                    Ok(false) => continue,
                    Ok(true) => event::read(),
                    Err(error) => Err(error),
                };
                let failed = event.is_err();
                if sender.blocking_send(event).is_err() || failed {
                    return;
                }
            }
        });
        Self { events, wanted }
    }

    pub(super) async fn next(&mut self) -> Option<io::Result<Event>> {
        self.events.recv().await
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

//! The live list on a terminal, all of it.

use std::{
    io,
    mem::ManuallyDrop,
    net::SocketAddrV4,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    event::{self, DisableMouseCapture, EnableMouseCapture, Event},
    execute,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use jiff::tz::TimeZone;
use ratatui::DefaultTerminal;
use sadp_discovery::{Watcher, WatcherEvent};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{Site, names, no_link};
use crate::{
    advice::Remedy,
    args::{Context, WatchArgs},
    failure::Failure,
    interrupt, survey,
    view::{Command, Palette, View},
};

/// The least time between two pictures: a burst of events is drawn once.
const DRAW_EVERY: Duration = Duration::from_millis(50);

/// How often the keyboard is left alone to see whether it is still wanted.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How many keys may wait.
const KEYS: usize = 64;

pub(super) async fn run(
    watcher: &mut Watcher,
    mut site: Site,
    args: &WatchArgs,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let palette = match context.global.color.choice(&io::stdout()) {
        anstream::ColorChoice::Never => Palette::Plain,
        _ => Palette::Colour,
    };
    let mut view = View::new(args.filter.as_ref(), palette, TimeZone::system());
    let mut notices = Vec::new();
    let mut ended = std::pin::pin!(interrupt::interrupted());
    let mut hang_up = hang_up();
    let mut screen = Screen::enter()?;
    let mut keyboard = Keyboard::read();
    let mut draw_at = Some(Instant::now());
    loop {
        tokio::select! {
            biased;
            () = &mut ended => break,
            Ok(()) = &mut hang_up => return Err(terminal_gone()),
            () = tokio::time::sleep_until(draw_at.unwrap_or_else(Instant::now)), if draw_at.is_some() => {
                screen.draw(&mut view).map_err(|_| terminal_gone())?;
                draw_at = None;
                continue;
            }
            input = keyboard.next() => match input {
                Some(Ok(Event::Key(key))) => match view.handle_key(key) {
                    Some(Command::Quit) => break,
                    Some(Command::AskNow) => {
                        watcher.probe_now();
                        view.set_message("all devices are asked".into());
                    }
                    Some(command) => carry_out(command, &mut view, &site),
                    None => {}
                },
                Some(Ok(Event::Mouse(mouse))) if !view.handle_mouse(mouse) => continue,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(terminal_gone()),
            },
            news = watcher.next() => match news {
                WatcherEvent::Event(event, at) => view.take(site.tell(event, at)),
                WatcherEvent::Links(links) => {
                    site.stand_on(&links);
                    view.set_place(format!("on {}", names(&links)));
                }
                WatcherEvent::Notice(notice) => {
                    view.set_notice(format!("{}: {}", sadp_text::with_cause(&notice), notice.remedy()));
                    notices.push(notice);
                }
                WatcherEvent::NoLink(error) => view.set_place(no_link(&error)),
            },
        }
        draw_at.get_or_insert_with(|| Instant::now() + DRAW_EVERY);
    }
    drop(screen);
    // What was at the bottom of the screen is told again where it stays.
    for notice in &notices {
        survey::warn(notice, context.terminal);
    }
    Ok(())
}

/// Does what a key asks for, and shows what became of it.
fn carry_out(command: Command, view: &mut View, site: &Site) {
    let message = match command {
        Command::Copy(text) => {
            match execute!(io::stdout(), CopyToClipboard::to_clipboard_from(&text)) {
                Ok(()) => format!("{text} is copied, where the terminal allows it"),
                Err(error) => format!("{text} cannot be copied: {error}"),
            }
        }
        Command::Open(page) => open_page(page),
        Command::Ways(number) => match site.ways(view.found(number)) {
            Ok(ways) => return ways.into_iter().for_each(|it| view.show_ways(it)),
            Err(failure) => format!("{:#}", failure.error),
        },
        Command::Quit | Command::AskNow => return,
    };
    view.set_message(message);
}

/// Opens a device's web page. The URL is made of numbers alone.
fn open_page(page: SocketAddrV4) -> String {
    let url = match page.port() {
        80 => format!("http://{}/", page.ip()),
        port => format!("http://{}:{port}/", page.ip()),
    };
    match open::that_detached(&url) {
        Ok(()) => format!("opened {url}"),
        Err(error) => format!("no browser can be started for {url}: {error}"),
    }
}

/// The terminal while it shows the view. Left as it was when dropped, and by a
/// panic too.
struct Screen {
    /// Not dropped: where the terminal is gone, its end would print that to a
    /// stderr that is gone as well, and panic.
    terminal: ManuallyDrop<DefaultTerminal>,
}

impl Screen {
    fn enter() -> io::Result<Self> {
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
    fn draw(&mut self, view: &mut View) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let drawn = self
            .terminal
            .draw(|frame| view.draw(frame.area(), frame.buffer_mut()))
            .map(|_| ());
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

/// Tells when the terminal hangs up. `SIGHUP` may be ignored, and crossterm reads
/// a terminal that hung up again and again without end. The thread ends with the
/// program.
#[cfg(unix)]
fn hang_up() -> oneshot::Receiver<()> {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::retry_on_intr,
    };

    let (sender, hang_up) = oneshot::channel();
    thread::spawn(move || {
        let stdin = io::stdin();
        // A hang-up is always reported, and nothing else is asked for.
        let mut stdin = [PollFd::new(&stdin, PollFlags::empty())];
        if retry_on_intr(|| poll(&mut stdin, None)).is_ok() {
            let _ = sender.send(());
        }
    });
    hang_up
}

#[cfg(not(unix))]
fn hang_up() -> oneshot::Receiver<()> {
    oneshot::channel().1
}

/// As a pipe that nobody reads any more.
fn terminal_gone() -> Failure {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}

/// What is typed, read on a thread of its own. The thread ends soon after this is
/// dropped, unless the terminal hung up: then it ends with the program.
struct Keyboard {
    events: mpsc::Receiver<io::Result<Event>>,
    wanted: Arc<AtomicBool>,
}

impl Keyboard {
    fn read() -> Self {
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

    async fn next(&mut self) -> Option<io::Result<Event>> {
        self.events.recv().await
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

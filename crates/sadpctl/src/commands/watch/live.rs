//! The live list on a terminal: passes on what comes from the keyboard, the network and
//! the action that is under way.

use std::{io, net::SocketAddrV4};

use crossterm::{clipboard::CopyToClipboard, event::Event, execute};
use jiff::tz::TimeZone;
use sadp_discovery::{Notice, Watcher, WatcherEvent};
use sadp_ops::{
    Session,
    job::{Job, JobSettings, Task},
};
use sadp_text::Remedy as _;
use tokio::time::Instant;

use super::{
    Site, names, no_link, remembered,
    screen::{DRAW_EVERY, Keyboard, Screen, hang_up, terminal_gone},
    work::{Work, WorkEvent},
};
use crate::{
    args::{Context, WatchArgs},
    commands::reset::load_contact,
    failure::{Exit, Failure},
    interrupt,
    output::{self, Format},
    state, survey,
    view::{Command, Palette, Results, View},
};

/// The live list, and what it needs of the world.
pub(super) struct Live<'a, 'c> {
    view: View,
    site: Site,
    watcher: &'a mut Watcher,
    args: &'a WatchArgs,
    context: &'a mut Context<'c>,
    work: Option<Work>,
    /// The list ends as soon as the action does.
    leaving: bool,
    /// The list ends now.
    over: bool,
    /// What became of an action that the user did not wait for.
    unread: Option<Results>,
    notices: Vec<Notice>,
}

impl<'a, 'c> Live<'a, 'c> {
    pub(super) fn new(
        watcher: &'a mut Watcher,
        site: Site,
        args: &'a WatchArgs,
        context: &'a mut Context<'c>,
    ) -> Self {
        let palette = match context.global.color.choice(&io::stdout()) {
            anstream::ColorChoice::Never => Palette::Plain,
            _ => Palette::Colour,
        };
        Self {
            view: View::new(args.filter.as_ref(), palette, TimeZone::system()),
            site,
            watcher,
            args,
            context,
            work: None,
            leaving: false,
            over: false,
            unread: None,
            notices: Vec::new(),
        }
    }

    /// Shows the list until the user leaves. What is under way is stopped then, and replies
    /// to what was sent are awaited.
    pub(super) async fn run(mut self) -> Result<Exit, Failure> {
        let mut screen = Screen::enter()?;
        let shown = self.show(&mut screen).await;
        drop(screen);
        if let Some(mut work) = self.work.take() {
            work.stop();
            while self.unread.is_none() {
                if let WorkEvent::End(result) = work.next().await {
                    self.unread = Some(result);
                }
            }
        }
        shown?;
        // What stood at the bottom of the screen is printed again where it stays.
        for notice in &self.notices {
            survey::warn(notice, self.context.terminal);
        }
        let Some(result) = self.unread else {
            return Ok(Exit::Done);
        };
        let terminal = &mut *self.context.terminal;
        result.notes.iter().for_each(|note| terminal.note(note));
        output::print_outcomes(&result.outcomes, result.failure, Format::Table, terminal)
    }

    async fn show(&mut self, screen: &mut Screen) -> Result<(), Failure> {
        let hang_up = hang_up();
        let mut keyboard = Keyboard::read();
        let mut draw_at = Some(Instant::now());
        loop {
            tokio::select! {
                biased;
                () = interrupt::interrupted() => self.leave(),
                () = hang_up.cancelled() => return Err(terminal_gone()),
                () = tokio::time::sleep_until(draw_at.unwrap_or_else(Instant::now)), if draw_at.is_some() => {
                    screen.draw(&mut self.view).map_err(|_| terminal_gone())?;
                    draw_at = None;
                    continue;
                }
                input = keyboard.next() => match input {
                    Some(Ok(Event::Mouse(mouse))) if !self.view.handle_mouse(mouse) => continue,
                    Some(Ok(Event::Key(key))) => {
                        if let Some(command) = self.view.handle_key(key) {
                            self.execute(command);
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(terminal_gone()),
                },
                event = next_of(&mut self.work) => self.handle_work(event),
                news = self.watcher.next() => self.handle_watch(news),
            }
            if self.over {
                return Ok(());
            }
            draw_at.get_or_insert_with(|| Instant::now() + DRAW_EVERY);
        }
    }

    fn handle_watch(&mut self, news: WatcherEvent) {
        match news {
            WatcherEvent::Event(event, at) => self.view.take(self.site.tell(event, at)),
            WatcherEvent::Links(links) => {
                self.site.stand_on(&links);
                self.view.set_place(format!("on {}", names(&links)));
            }
            WatcherEvent::Notice(notice) => {
                let text = format!("{}: {}", sadp_text::with_cause(&notice), notice.remedy());
                self.view.set_notice(text);
                self.notices.push(notice);
            }
            WatcherEvent::NoLink(error) => self.view.set_place(no_link(&error)),
        }
    }

    fn handle_work(&mut self, event: WorkEvent) {
        let result = match event {
            WorkEvent::Progress(progress) => return self.view.set_busy(Some(progress)),
            WorkEvent::Ask(plan, text) => return self.view.ask(plan, text),
            WorkEvent::End(result) => result,
        };
        self.work = None;
        if self.leaving {
            self.unread = Some(result);
            self.over = true;
            return;
        }
        self.view.set_busy(None);
        self.view.show_results(result);
        // The action may have made the ledger, and has changed devices.
        if let Ok(session) = remembered(self.context) {
            self.site.session = session;
        }
        self.watcher.probe_now();
    }

    /// Ends at once, or as soon as the action that is under way has ended.
    fn leave(&mut self) {
        self.leaving = true;
        self.over = !self.work.as_ref().is_some_and(Work::stop);
        if !self.over {
            let progress = "stopping, replies are awaited";
            self.view.set_busy(Some(progress.into()));
        }
    }

    /// Executes the command of a key, and shows its result.
    fn execute(&mut self, command: Command) {
        let message = match command {
            Command::Quit => return self.leave(),
            Command::AskNow => {
                self.watcher.probe_now();
                "all devices are asked".into()
            }
            Command::Copy(text) => copy(&text),
            Command::Open(page) => open_page(page),
            Command::Ways(number) => match self.site.ways(self.view.found(number)) {
                Ok(ways) => return ways.into_iter().for_each(|it| self.view.show_ways(it)),
                Err(failure) => failure.message(),
            },
            Command::Begin(job) => return self.begin(job),
            Command::Answer(yes) => return self.work.iter().for_each(|work| work.answer(yes)),
            Command::Stop => {
                self.work.iter().for_each(|work| _ = work.stop());
                "nothing more is sent; replies are awaited".into()
            }
        };
        self.view.set_message(message);
    }

    /// Begins an action. The ledger is opened for it, and released when it ends.
    fn begin(&mut self, mut job: Job) {
        let doing = sadp_text::doing(&job.task);
        match self.session_for(&mut job) {
            Ok(session) => {
                let command = format!("sadpctl watch ({doing})");
                let settings = JobSettings::new(command, self.context.global.lock_wait);
                self.work = Some(Work::begin(job, session, settings));
                self.view.set_busy(Some(doing.into()));
            }
            Err(failure) => {
                self.view.show_results(Results {
                    failure: Some(failure),
                    ..Results::default()
                });
            }
        }
    }

    /// The session of an action, which has its contact then. It finds devices as the list
    /// does. Behind a router a device has to be asked at its new address, too.
    fn session_for(&mut self, job: &mut Job) -> Result<Session, Failure> {
        let Job { task, .. } = job;
        if let Task::Export { contact, .. } = task {
            **contact = load_contact(None)?.0;
        }
        let reach = &self.args.reach;
        let routed = !reach.targets.is_empty();
        let new = task.new_address().filter(|_| routed);
        let scan = survey::config(reach, self.context.global, new)?;
        state::open_session(scan, task.access(), self.context)
    }
}

/// Waits for the action that is under way. Without one there is nothing.
async fn next_of(work: &mut Option<Work>) -> WorkEvent {
    match work {
        Some(work) => work.next().await,
        None => std::future::pending().await,
    }
}

/// Copies by the terminal (OSC 52): it also works over ssh.
fn copy(text: &str) -> String {
    match execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)) {
        Ok(()) => format!("{text} is copied, where the terminal allows it"),
        Err(error) => format!("{text} cannot be copied: {error}"),
    }
}

/// Opens a device's web page. The URL is made of numbers alone.
fn open_page(page: SocketAddrV4) -> String {
    let url = match page.port() {
        80 => format!("http://{}/", page.ip()),
        port => format!("http://{}:{port}/", page.ip()),
    };
    match open::that_detached(&url) {
        Ok(()) => format!("opened {url}"),
        Err(_) => format!("no browser can be started on this computer; the address is {url}"),
    }
}

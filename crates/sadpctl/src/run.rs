//! One run of an operation: its session, what is shown meanwhile, and its end.

use std::{env, io, net::Ipv4Addr};

use sadp_discovery::{ScanConfig, ScanReport};
use sadp_ops::{
    DeviceName, DiscoveredDevice, Event, Inventory, LedgerAccess, Naming, Observer, OpsError,
    Report, Session,
};
use sadp_text::{Announcement, Confirmation, Line, lines, nothing_found, progress};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::{
    args::{AskArgs, ChangeArgs, Context, GlobalArgs, ReadArgs},
    failure::{Exit, Failure},
    interrupt,
    output::{self, Format, Outcome},
    progress::ProgressLine,
    state, survey,
    terminal::Terminal,
};

/// The device or devices that a command is for.
pub(crate) trait Target {
    type Chosen;

    /// How to find them.
    fn ask(&self) -> &AskArgs;

    /// The names of devices that are named.
    fn names(&self) -> &[DeviceName];

    /// Chooses them from the devices found.
    fn choose(&self, found: &Inventory, naming: Naming) -> Result<Self::Chosen, Failure>;
}

/// What a command needs of the ledger, and by what it takes devices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    pub(crate) access: LedgerAccess,
    pub(crate) naming: Naming,
}

/// A command that asks nothing and changes nothing.
impl From<LedgerAccess> for Purpose {
    fn from(access: LedgerAccess) -> Self {
        let naming = Naming::Ending;
        Self { access, naming }
    }
}

/// Logins are recorded, and two runs must not try one password at a time.
impl From<ReadArgs> for Purpose {
    fn from(read: ReadArgs) -> Self {
        ChangeArgs::from(read).access().into()
    }
}

/// The question before a change shows which device an ending means.
impl From<ChangeArgs> for Purpose {
    fn from(change: ChangeArgs) -> Self {
        let naming = if change.yes && !change.dry_run {
            Naming::Full
        } else {
            Naming::Ending
        };
        let access = change.access();
        Self { access, naming }
    }
}

/// The addresses that devices are named by: these are asked directly, too.
pub(crate) fn addresses(names: &[DeviceName]) -> Vec<Ipv4Addr> {
    names.iter().filter_map(DeviceName::address).collect()
}

/// A session on a terminal.
pub(crate) struct Run<'a> {
    pub(crate) session: Session,
    pub(crate) global: &'a GlobalArgs,
    pub(crate) terminal: &'a mut Terminal,
    runtime: Runtime,
    pub(crate) progress: ProgressLine,
}

impl<'a> Run<'a> {
    /// Opens the session that the arguments ask for. Devices at the addresses
    /// `also` are asked directly besides.
    pub(crate) fn open(
        ask: &AskArgs,
        also: impl IntoIterator<Item = Ipv4Addr>,
        access: LedgerAccess,
        context: Context<'a>,
    ) -> Result<Self, Failure> {
        let scan = survey::config(&ask.reach, context.global, also)?;
        let stop = ask.wait;
        Self::with(ScanConfig { stop, ..scan }, access, context)
    }

    /// Opens a session that finds devices by this scan.
    pub(crate) fn with(
        scan: ScanConfig,
        access: LedgerAccess,
        mut context: Context<'a>,
    ) -> Result<Self, Failure> {
        let runtime = survey::runtime()?;
        let session = state::open_session(scan, access, &mut context)?;
        runtime.spawn(interrupt::pass_to(session.cancellation().clone()));
        let Context { global, terminal } = context;
        let mut run = Self {
            session,
            global,
            progress: ProgressLine::new(terminal),
            terminal,
            runtime,
        };
        if access == LedgerAccess::Write {
            run.claim()?;
        }
        Ok(run)
    }

    /// Waits until no other run changes devices, and keeps others from it until this one
    /// ends. Secrets never stand in arguments: they tell the others what goes on here.
    pub(crate) fn claim(&mut self) -> Result<(), Failure> {
        let arguments: Vec<_> = env::args_os().skip(1).collect();
        let command = format!("sadpctl {}", arguments.join(" ".as_ref()).display());
        let wait = self.global.lock_wait;
        self.block_on(async |session, observer| session.claim(&command, wait, observer).await)?;
        Ok(())
    }

    /// Opens a session and looks for what a command is for.
    pub(crate) fn find<T: Target>(
        target: &T,
        purpose: impl Into<Purpose>,
        context: Context<'a>,
    ) -> Result<(Self, Inventory, T::Chosen), Failure> {
        let Purpose { access, naming } = purpose.into();
        let addresses = addresses(target.names());
        let mut run = Self::open(target.ask(), addresses, access, context)?;
        let inventory = run.look_for(target.names())?;
        let chosen = target.choose(&inventory, naming)?;
        Ok((run, inventory, chosen))
    }

    /// The same for a command that goes over HTTP: a device that is named by its address
    /// need not answer SADP.
    pub(crate) fn find_for_http<T: Target>(
        target: &T,
        purpose: impl Into<Purpose>,
        context: Context<'a>,
    ) -> Result<(Self, Inventory, T::Chosen), Failure> {
        let Purpose { access, naming } = purpose.into();
        let names = target.names();
        let mut run = Self::open(target.ask(), addresses(names), access, context)?;
        let inventory =
            run.look_by(async |session, observer| session.look_for_http(names, observer).await)?;
        let chosen = target.choose(&inventory, naming)?;
        Ok((run, inventory, chosen))
    }

    /// Looks for devices that are named. Fails where nothing is found.
    pub(crate) fn look_for(&mut self, names: &[DeviceName]) -> Result<Inventory, Failure> {
        self.look_by(async |session, observer| session.look_by_name(names, observer).await)
    }

    /// Looks which devices there are. Fails where there is none.
    pub(crate) fn look(&mut self) -> Result<Inventory, Failure> {
        self.look_by(async |session, observer| session.look(observer).await)
    }

    /// The same by a look of another kind.
    pub(crate) fn look_by(
        &mut self,
        look: impl AsyncFnOnce(
            &mut Session,
            &mut dyn Observer,
        ) -> Result<(Inventory, ScanReport), OpsError>,
    ) -> Result<Inventory, Failure> {
        let (inventory, report) = self.block_on(look)?;
        if inventory.devices.is_empty() {
            let seen = inventory.absent.first().map(sadp_text::last_seen);
            let failure = Failure::told(Exit::NotFound, nothing_found(&report));
            return Err(seen.into_iter().fold(failure, Failure::hint));
        }
        Ok(inventory)
    }

    /// Shows what will be done and asks, unless `--yes`.
    pub(crate) fn confirm(
        &mut self,
        question: &Confirmation<'_>,
        change: ChangeArgs,
    ) -> Result<(), Failure> {
        let question = self.complete(question.clone())?;
        if change.yes {
            self.terminal.note(&question.plan);
            return Ok(());
        }
        self.terminal.tell_all(&question.plan);
        if self.prompt_yes_no(&question.text) {
            return Ok(());
        }
        let message = "not confirmed: nothing was sent";
        Err(Failure::words(Exit::Refused, message).hint("answer y, or use --yes, to go on"))
    }

    /// The same for a change that is announced, where there is one. Returns whether anything
    /// is to be sent: not in a dry run, nor where no device is left.
    pub(crate) fn announce(
        &mut self,
        announcement: Option<&Announcement>,
        devices: &[DiscoveredDevice],
        change: ChangeArgs,
    ) -> Result<bool, Failure> {
        if change.dry_run || devices.is_empty() {
            return Ok(false);
        }
        if let Some(announcement) = announcement {
            self.confirm(&announcement.question(devices), change)?;
        }
        Ok(true)
    }

    /// Warns of devices that refused a secret of the kind that is sent, and names those
    /// in the question that have accepted none before.
    pub(crate) fn complete<'q>(
        &mut self,
        question: Confirmation<'q>,
    ) -> Result<Confirmation<'q>, Failure> {
        let devices = question.devices.iter().copied();
        for (device, at) in self.session.refused_before(question.action, devices)? {
            let text = sadp_text::refused_before(device, at);
            self.terminal.warn(&text);
        }
        let devices = question.devices.iter().copied();
        let new = self.session.never_seen(question.action, devices)?;
        Ok(question.naming(&new))
    }

    /// Asks a question that is answered by y or no. Ctrl-C is a no.
    pub(crate) fn prompt_yes_no(&mut self, question: &str) -> bool {
        let question = format!("{question} [y/N]");
        let answer = self.prompt_line(&question).unwrap_or_default();
        let mut yes = ["y", "yes"].iter();
        yes.any(|yes| answer.eq_ignore_ascii_case(yes))
    }

    /// Asks a question that is answered by a line, and returns that without blanks
    /// at its ends. `None` on Ctrl-C, or where no line can be read.
    pub(crate) fn prompt_line(&mut self, question: &str) -> Option<String> {
        self.terminal.ask(question);
        let line = self.wait_for(|| io::stdin().lines().next());
        line??.ok().map(|line| line.trim().to_owned())
    }

    /// Waits for what somebody types, on a thread of its own: reading cannot be
    /// interrupted. `None` on Ctrl-C.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (give, given) = oneshot::channel();
        std::thread::spawn(move || {
            // Nobody waits any more after Ctrl-C.
            let _ = give.send(read());
        });
        let stop = &self.session.cancellation().stop;
        let stopped = stop.run_until_cancelled(given);
        self.runtime.block_on(stopped)?.ok()
    }

    /// Runs a part of an operation to its end, and shows what happens meanwhile.
    pub(crate) fn block_on<R>(
        &mut self,
        part: impl AsyncFnOnce(&mut Session, &mut dyn Observer) -> R,
    ) -> R {
        let (terminal, progress) = (&mut *self.terminal, &mut self.progress);
        let mut observer = Shown { terminal, progress };
        let part = part(&mut self.session, &mut observer);
        let result = self.runtime.block_on(part);
        self.progress.clear();
        result
    }

    /// Carries an operation out to its end, and prints its outcomes.
    ///
    /// The operation has to own its secrets, so that they are wiped before the outcomes
    /// are printed: a reader that does not read holds this process.
    pub(crate) fn carry_out(
        mut self,
        operation: impl AsyncFnOnce(&mut Session, &mut dyn Observer) -> Result<Report, OpsError>,
    ) -> Result<Exit, Failure> {
        let report = self.block_on(operation)?;
        self.print(report)
    }

    /// Ends without an operation: prints what was planned or left out.
    pub(crate) fn print_planned(self, outcomes: Vec<sadp_ops::Outcome>) -> Result<Exit, Failure> {
        self.print(Report::new(outcomes))
    }

    /// Prints outcomes and what to do next.
    pub(crate) fn print(self, report: Report) -> Result<Exit, Failure> {
        self.print_after(report, None, None)
    }

    /// The same, where something failed after the operation, and with a last line about
    /// all devices.
    pub(crate) fn print_after(
        self,
        report: Report,
        later: Option<Failure>,
        last: Option<&str>,
    ) -> Result<Exit, Failure> {
        let failure = report.failure.map(Failure::from).or(later);
        let outcomes: Vec<_> = report.outcomes.into_iter().map(Outcome::from).collect();
        let Context { global, terminal } = self.into_context();
        let exit = output::print_outcomes(&outcomes, failure, global.format, terminal);
        if let Some(last) = last.filter(|_| global.format == Format::Table) {
            terminal.note(last);
        }
        exit
    }

    /// Ends the session.
    pub(crate) fn into_terminal(self) -> &'a mut Terminal {
        self.into_context().terminal
    }

    /// The same.
    pub(crate) fn into_context(mut self) -> Context<'a> {
        self.progress.clear();
        let (global, terminal) = (self.global, self.terminal);
        Context { global, terminal }
    }
}

/// Checks a command that changes devices before anything is done: its outcomes have
/// the format, and the user can be asked where `--yes` is missing.
pub(crate) fn check(change: ChangeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    output::check_outcomes(global.format)?;
    require_confirmation(change)
}

/// Fails where `--yes` is missing and the user cannot be asked.
pub(crate) fn require_confirmation(change: ChangeArgs) -> Result<(), Failure> {
    if change.yes || change.dry_run || Terminal::can_ask() {
        return Ok(());
    }
    let message = "cannot ask for confirmation: this is not a terminal";
    Err(Failure::usage(message)
        .hint("add --yes to go on without a question, or --dry-run to see what would be done; nothing was sent"))
}

/// Shows events on a terminal.
struct Shown<'a> {
    terminal: &'a mut Terminal,
    progress: &'a mut ProgressLine,
}

impl Observer for Shown<'_> {
    fn observe(&mut self, event: Event<'_>) {
        if progress(&event).is_some_and(|progress| self.progress.show(&progress)) {
            return;
        }
        for line in lines(&event) {
            let terminal = &mut *self.terminal;
            self.progress.suspend(|| match &line {
                Line::Detail(text) => terminal.detail(text),
                Line::Note(text) => terminal.note(&text.to_string()),
                Line::Warning(text) => terminal.warn(text),
                Line::Hint(text) => terminal.hint(&text.to_string()),
            });
        }
    }
}

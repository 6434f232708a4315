//! An action that runs beside the live list: look, plan, question, and carrying it out,
//! as a command of the command line does it.

use std::{thread, time::Duration};

use sadp_ops::{
    Cancellation, DiscoveredDevice, Event, Inventory, Observer, Overrides, Report, SETTLE, Session,
    activate::{self, Activation},
    locate::{self, Lamp},
    network::{
        self, AddressRange, ApplyError, DeviceChange, Login, Proposal, Settings, WantedSettings,
        plan_file,
    },
    recovery::{prepare, request},
};
use sadp_reset::DeviceKey;
use sadp_text::{Announcement, Confirmation, Line, lines, progress};
use secrecy::SecretString;
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    advice,
    commands::reset::{self, prepare::WantedPreparation},
    failure::{Exit, Failure},
    output::Outcome,
    view::{Job, Preparing, Results, Task},
};

/// How long a lamp blinks.
const BLINKS_FOR: Duration = Duration::from_secs(30);

/// The most devices at a time, as on the command line.
const PARALLEL: usize = 16;

/// An action under way, on a thread of its own: the list lives on. It has sockets of its
/// own, too: replies come to the group, which each of them hears, or to the port that was
/// asked from, which nobody else has. Dropping it stops it.
pub(super) struct Work {
    events: mpsc::UnboundedReceiver<WorkEvent>,
    answers: mpsc::UnboundedSender<bool>,
    cancellation: Cancellation,
}

/// An event of an action.
pub(super) enum WorkEvent {
    Progress(String),
    /// What will be done, and the question. It waits for [`Work::answer`].
    Ask(String, String),
    End(JobResult),
}

/// What became of an action.
#[derive(Default)]
pub(super) struct JobResult {
    pub(super) outcomes: Vec<Outcome>,
    /// What limited it.
    pub(super) notes: Vec<String>,
    pub(super) failure: Option<Failure>,
}

impl Work {
    /// Begins it. Call it within a tokio runtime.
    pub(super) fn begin(job: Job, session: Session, lock_wait: Duration) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let cancellation = session.cancellation().clone();
        let doing = job.task.doing();
        let worker = Worker {
            session,
            answered,
            lock_wait,
            reporter: Reporter {
                sender,
                doing,
                notes: Vec::new(),
            },
        };
        let runtime = Handle::current();
        thread::spawn(move || runtime.block_on(worker.run(job)));
        Self {
            events,
            answers,
            cancellation,
        }
    }

    /// Waits for the next event. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> WorkEvent {
        let event = self.events.recv().await;
        event.unwrap_or_else(|| {
            let failure = Failure::words(Exit::Machine, "the action ended unexpectedly");
            WorkEvent::End(JobResult {
                failure: Some(failure),
                ..JobResult::default()
            })
        })
    }

    pub(super) fn answer(&self, yes: bool) {
        // Where nobody waits for it, the action is over.
        let _ = self.answers.send(yes);
    }

    /// Sends nothing more; a second call ends the looks as well. Returns whether there was
    /// anything left to stop.
    pub(super) fn stop(&self) -> bool {
        let Cancellation { stop, abandon } = &self.cancellation;
        let again = stop.is_cancelled();
        let left = !again || !abandon.is_cancelled();
        stop.cancel();
        if again {
            abandon.cancel();
        }
        left
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.cancellation.stop.cancel();
    }
}

impl From<&JobResult> for Results {
    fn from(result: &JobResult) -> Self {
        let mut notes = result.notes.clone();
        if let Some(failure) = &result.failure {
            notes.push(format!("error: {}", failure.message()));
            notes.extend(failure.hints.iter().map(|hint| format!("hint: {hint}")));
        }
        Self {
            outcomes: result.outcomes.clone(),
            notes,
        }
    }
}

/// The steps of an action.
struct Worker {
    session: Session,
    answered: mpsc::UnboundedReceiver<bool>,
    lock_wait: Duration,
    reporter: Reporter,
}

/// What a look found: all devices, and those that the action is for.
struct LookResult {
    inventory: Inventory,
    devices: Vec<DiscoveredDevice>,
}

impl Worker {
    async fn run(mut self, job: Job) {
        let report = self.carry_out(job).await;
        let Self {
            session, reporter, ..
        } = self;
        // Other runs may begin before the user has read what became of this one.
        drop(session);
        let (outcomes, failure) = match report {
            Ok(report) => (report.outcomes, report.failure.map(Failure::from)),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let outcomes = outcomes.into_iter().map(Outcome::from).collect();
        let Reporter { sender, notes, .. } = reporter;
        let _ = sender.send(WorkEvent::End(JobResult {
            outcomes,
            notes,
            failure,
        }));
    }

    async fn carry_out(&mut self, job: Job) -> Result<Report, Failure> {
        let Job { devices, task } = job;
        if !matches!(task, Task::Lamp) {
            let command = format!("sadpctl watch ({})", task.doing());
            let claim = self
                .session
                .claim(&command, self.lock_wait, &mut self.reporter);
            claim.await?;
        }
        let found = self.look(&devices, &task).await?;
        match task {
            Task::Lamp => self.blink(found).await,
            Task::Activate(password) => self.activate(found, password).await,
            Task::Export(folder) => self.export(found, &folder).await,
            Task::Prepare(wanted, password) => self.prepare(found, wanted, password).await,
            Task::Set(wanted, password) => self.set(found, wanted, password).await,
            Task::Addresses(range, password) => self.give_addresses(found, range, password).await,
        }
    }

    /// Looks for the devices. Those that are not found are named in the results.
    async fn look(&mut self, wanted: &[DeviceKey], task: &Task) -> Result<LookResult, Failure> {
        let look = match task {
            Task::Lamp => self.session.look_for(wanted, &mut self.reporter).await,
            _ => self.session.look_with(wanted, &mut self.reporter).await,
        };
        let (inventory, report) = look?;
        if inventory.devices.is_empty() {
            return Err(advice::nothing_found(&report));
        }
        let mut devices = Vec::new();
        for key in wanted {
            let all = inventory.devices.iter();
            let before = devices.len();
            devices.extend(all.filter(|it| it.is(key)).cloned());
            if devices.len() == before {
                let name = key.mac().map(|mac| mac.to_string());
                let name = name.or_else(|| key.serial().map(ToString::to_string));
                let name = name.unwrap_or_default();
                self.reporter
                    .note(format!("warning: {name} was not found, and is left out"));
            }
        }
        if devices.is_empty() {
            let none = Failure::words(Exit::NotFound, "none of these devices answers now");
            return Err(none.hint("check cable and power; nothing was sent"));
        }
        Ok(LookResult { inventory, devices })
    }

    async fn blink(&mut self, found: LookResult) -> Result<Report, Failure> {
        let Some(device) = found.devices.into_iter().next() else {
            return Ok(Report::new(Vec::new()));
        };
        let plan = locate::plan(&self.session, device, Lamp::For(BLINKS_FOR))?;
        let report = plan.carry_out(&mut self.session, &found.inventory, &mut self.reporter);
        Ok(report.await?)
    }

    async fn activate(
        &mut self,
        found: LookResult,
        password: SecretString,
    ) -> Result<Report, Failure> {
        let LookResult { inventory, devices } = found;
        let named = devices.len() == 1;
        let plan = activate::plan(&self.session, devices, overrides(), named)?;
        let selection = &plan.selection;
        if selection.devices.is_empty() {
            plan.record_earlier(&mut self.session)?;
            return Ok(Report::new(plan.selection.into_outcomes()));
        }
        let question = Announcement::ACTIVATE.question(&selection.devices);
        self.confirm(question, &selection.left_out).await?;
        let activation = Activation {
            inventory: &inventory,
            password: &password,
            parallel: PARALLEL,
            settle: SETTLE,
        };
        let report = plan.carry_out(&mut self.session, activation, &mut self.reporter);
        Ok(report.await?)
    }

    async fn prepare(
        &mut self,
        found: LookResult,
        preparing: Preparing,
        password: SecretString,
    ) -> Result<Report, Failure> {
        let LookResult { inventory, devices } = found;
        let Preparing { mailbox, answers } = preparing;
        let mut wanted = WantedPreparation::typed(mailbox.clone(), answers)?;
        wanted.named = devices.len() == 1;
        let (session, reporter) = (&mut self.session, &mut self.reporter);
        let prepared = wanted.plan(session, &inventory, devices, reporter).await?;
        if prepared.plan.devices().next().is_none() {
            return Ok(Report::new(prepared.plan.into_outcomes()));
        }
        let announcement = Announcement::prepare(&prepared.plan, mailbox.as_ref());
        let question = announcement.question(prepared.plan.devices());
        self.confirm(question, &[]).await?;
        if let Some(note) = prepared.keep_answers()? {
            self.reporter.note(note);
        }
        let settings = prepare::Settings {
            inventory: &inventory,
            password: &password,
            passphrase: None,
            parallel: PARALLEL,
            settle: SETTLE,
        };
        let plan = prepared.plan;
        let report = plan.carry_out(&mut self.session, settings, &mut self.reporter);
        Ok(report.await?)
    }

    async fn export(
        &mut self,
        found: LookResult,
        folder: &std::path::Path,
    ) -> Result<Report, Failure> {
        let LookResult { inventory, devices } = found;
        let (contact, _) = reset::load_contact(None)?;
        let named = devices.len() == 1;
        let mut plan = request::plan(&self.session, devices, named)?;
        if !plan.pending.is_empty() {
            let devices = plan.pending.iter().map(|it| &it.device);
            let question = Announcement::REQUEST_AGAIN.question(devices);
            if self.asks(question, &[]).await? {
                plan.include_pending(|_| true);
            }
        }
        if plan.exports.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        let devices = plan.exports.iter().map(|it| &it.device);
        let question = Announcement::REQUEST.question(devices);
        self.confirm(question, &plan.left_out).await?;
        let settings = request::Settings {
            inventory: &inventory,
            out: folder,
            contact: &contact,
            parallel: PARALLEL,
        };
        let report = plan.carry_out(&mut self.session, settings, &mut self.reporter);
        let mut report = report.await?;
        if report.failure.is_none() {
            let mailing = request::write_mailing(&self.session, folder, &contact);
            report.failure = mailing.err();
        }
        Ok(report)
    }

    async fn set(
        &mut self,
        found: LookResult,
        wanted: WantedSettings,
        password: SecretString,
    ) -> Result<Report, Failure> {
        let LookResult { inventory, devices } = found;
        let Some(device) = devices.into_iter().next() else {
            return Ok(Report::new(Vec::new()));
        };
        let change = DeviceChange { device, wanted };
        let plan = network::set(&self.session, &inventory, change, settings()).await?;
        let Some(planned) = plan.changes.first() else {
            return Ok(Report::new(plan.into_outcomes()));
        };
        let mut question = sadp_text::device_question(planned);
        if let Some(target) = plan.target {
            question.plan = format!("{}\n{}", question.plan, sadp_text::target_address(target));
        }
        self.confirm(question, &plan.left_out).await?;
        self.change(plan, login(&inventory, &password, SETTLE))
            .await
    }

    async fn give_addresses(
        &mut self,
        found: LookResult,
        range: AddressRange,
        password: SecretString,
    ) -> Result<Report, Failure> {
        let LookResult { inventory, devices } = found;
        let mut others = inventory.devices.clone();
        others.retain(|it| devices.iter().all(|chosen| it.key() != chosen.key()));
        let proposal = Proposal::new(devices, &others, &inventory.local, range);
        let proposal = proposal.map_err(|error| Failure::remedied(Exit::Usage, error))?;
        let mut file = Vec::new();
        proposal.write(&mut file)?;
        let rows = plan_file::read(&file).map(|(rows, _)| rows);
        let rows = rows.map_err(ApplyError::Problems).map_err(unplannable)?;
        let plan = network::apply(&self.session, &inventory, &rows, settings()).await;
        let plan = plan.map_err(unplannable)?;
        if plan.steps.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(sadp_text::batch_question(&plan), &plan.left_out)
            .await?;
        self.change(plan, login(&inventory, &password, Login::WAIT_BACK))
            .await
    }

    async fn change(&mut self, plan: network::Plan, login: Login<'_>) -> Result<Report, Failure> {
        let report = plan.carry_out(&mut self.session, login, &mut self.reporter);
        Ok(report.await?)
    }

    /// Asks before anything is sent. A no ends the action.
    async fn confirm(
        &mut self,
        question: Confirmation<'_>,
        left_out: &[sadp_ops::Outcome],
    ) -> Result<(), Failure> {
        if self.asks(question, left_out).await? {
            return Ok(());
        }
        Err(Failure::words(
            Exit::Refused,
            "not confirmed: nothing was sent",
        ))
    }

    /// Asks, with what is left out and why, with the devices that refused a secret before,
    /// and with those that are new.
    async fn asks(
        &mut self,
        question: Confirmation<'_>,
        left_out: &[sadp_ops::Outcome],
    ) -> Result<bool, Failure> {
        let (action, devices) = (question.action, question.devices.clone());
        let new = self.session.never_seen(action, devices.iter().copied())?;
        let question = question.naming(&new);
        let mut plan = vec![question.plan];
        for (device, at) in self.session.refused_before(action, devices)? {
            plan.push(format!(
                "warning: {}",
                sadp_text::refused_before(device, at)
            ));
        }
        for outcome in left_out {
            let mac = outcome.device.mac.map(|mac| mac.to_string());
            let mac = mac.unwrap_or_else(|| "-".into());
            plan.push(format!(
                "not sent to {mac}: {}",
                sadp_text::message(outcome)
            ));
        }
        self.reporter.progress(self.reporter.doing.into());
        let ask = WorkEvent::Ask(plan.join("\n"), question.text);
        let _ = self.reporter.sender.send(ask);
        let stop = &self.session.cancellation().stop;
        let answer = stop.run_until_cancelled(self.answered.recv()).await;
        Ok(answer.flatten() == Some(true))
    }
}

/// Reports what happens, for the status line and the results.
struct Reporter {
    sender: mpsc::UnboundedSender<WorkEvent>,
    doing: &'static str,
    notes: Vec<String>,
}

impl Reporter {
    fn progress(&self, progress: String) {
        // The list may be gone.
        let _ = self.sender.send(WorkEvent::Progress(progress));
    }

    /// Each note once.
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl Observer for Reporter {
    fn observe(&mut self, event: Event<'_>) {
        let doing = self.doing;
        if let Some(progress) = progress(&event) {
            return self.progress(match event {
                Event::Progress { .. } => progress.text,
                Event::LampIsOn(_) => "the lamp blinks; x stops it".into(),
                _ => format!("{doing}: {}", progress.text),
            });
        }
        for line in lines(&event) {
            match line {
                Line::Detail(_) => {}
                Line::Note(text) => self.progress(format!("{doing}: {text}")),
                Line::Warning(text) => self.note(format!("warning: {text}")),
                Line::Hint(text) => self.note(format!("hint: {text}")),
            }
        }
    }
}

/// The question names the devices that refused a secret before.
fn overrides() -> Overrides {
    Overrides::default().asking_after_refusals()
}

fn settings() -> Settings {
    Settings {
        overrides: overrides(),
        ..Settings::default()
    }
}

fn login<'a>(
    inventory: &'a Inventory,
    password: &'a SecretString,
    wait_back: Duration,
) -> Login<'a> {
    Login {
        inventory,
        password,
        parallel: PARALLEL,
        settle: SETTLE,
        wait_back,
    }
}

fn unplannable(error: ApplyError) -> Failure {
    match error {
        ApplyError::Ledger(error) => error.into(),
        ApplyError::Problems(problems) => {
            let what = sadp_text::plan_problems(&problems).message;
            Failure::words(Exit::Usage, format!("the plan of these addresses {what}"))
        }
        error => {
            Failure::new(Exit::Unsafe, error).hint("take another first address; nothing was sent")
        }
    }
}

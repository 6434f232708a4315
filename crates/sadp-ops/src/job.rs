//! A job: what a person begins in a front end that lives on while it runs, such as a live
//! list or a page.
//!
//! [`Job::run`] goes the whole way: it takes the claim, looks for the devices, plans, has
//! the [`Operator`] ask before anything is sent, carries the plan out and reports. What
//! differs between the tasks stands in one file for each kind of task.

mod basic;
mod error;
mod network;
mod question;
mod recovery;

use std::{net::Ipv4Addr, path::Path, path::PathBuf, pin::Pin, time::Duration};

use sadp_discovery::ScanReport;
use sadp_proto::{Mailbox, SecretAnswers};
use sadp_reset::{Contact, DeviceKey, QuestionNames};
use secrecy::SecretString;

pub use self::{
    basic::redacted_path,
    error::JobError,
    network::PlanToApply,
    question::{JobQuestion, PlannedTask},
};
use crate::{
    DiscoveredDevice, Inventory, LedgerAccess, Observer, Outcome, Overrides, Report, SETTLE,
    Session,
    check::HttpAccess,
    locate::Lamp,
    network::{AddressRange, Login, ResultFileError, WantedSettings},
    recovery::{
        answer::AnswerInput, guid::import::GuidSource, password_reset::OwnerSecret,
        prepare::WantedPreparation,
    },
    verify::{self, Verification},
};

/// A task and the devices it is for.
#[derive(Debug)]
pub struct Job {
    /// The devices.
    pub devices: Vec<DeviceKey>,
    /// What is done.
    pub task: Task,
}

/// What is done with the devices of a job.
#[derive(Debug)]
pub enum Task {
    /// Set this first password.
    Activate(SecretString),
    /// Switch the lamp of the first device.
    Lamp(Lamp),
    /// Ask over HTTP. With the current password, one login goes to each device.
    Check(Option<SecretString>),
    /// Record one scan in this new file, and beside it once more without what identifies
    /// devices: see [`redacted_path`]. The job's own devices do not count.
    Record(PathBuf),
    /// Export requests to the vendor's support.
    Export {
        /// The folder of the packages. It is made where there is none.
        folder: PathBuf,
        /// Who asks the vendor's support.
        contact: Box<Contact>,
    },
    /// Prepare recovery.
    Prepare {
        /// What is prepared.
        wanted: WantedPreparation,
        /// The current password.
        password: SecretString,
        /// By which the files of GUIDs are encrypted. Without, they are not.
        passphrase: Option<SecretString>,
    },
    /// Change the network settings of one device, with its current password.
    Set(WantedSettings, SecretString),
    /// Give addresses of this range, with the current password.
    Addresses(AddressRange, SecretString),
    /// Apply a plan to the devices that it names, with the current password. The job's own
    /// devices do not count.
    Apply(Box<PlanToApply>, SecretString),
    /// Export GUIDs into the vault.
    ExportGuids {
        /// The current password.
        password: SecretString,
        /// By which the files are encrypted. Without, they are not.
        passphrase: Option<SecretString>,
    },
    /// Send GUIDs, to set this new password.
    ImportGuids(GuidSource, SecretString),
    /// Reserve an e-mail address, with the current password.
    SetMailbox(Mailbox, SecretString),
    /// Fetch the QR code for a mailed code. Only from the first device.
    FetchQr,
    /// Set the security questions of one device, with its current password.
    SetQuestions(SecretAnswers, SecretString),
    /// Ask which security questions the devices have. The user gives them these names.
    AskQuestions(QuestionNames),
    /// Wait until one device was reset by its button.
    AwaitButton {
        /// How long at most.
        limit: Duration,
        /// The password that the device gets once it is back. It gets none without.
        first_password: Option<SecretString>,
    },
    /// Set this new password on one device, by a secret of its owner.
    ResetPassword(OwnerSecret, SecretString),
    /// Send the vendor's answers, each to its own device. Where the job is for one device,
    /// they are that device's.
    SendAnswers {
        /// The answers.
        input: AnswerInput,
        /// The new password. Only legacy devices take an answer without one.
        password: Option<SecretString>,
    },
}

impl Task {
    /// What the job's session needs of the ledger.
    pub const fn access(&self) -> LedgerAccess {
        match self {
            Self::Lamp(_) | Self::AskQuestions(_) => LedgerAccess::Record,
            // The claim is taken once the device is back.
            Self::AwaitButton { .. } | Self::Check(None) => LedgerAccess::Read,
            Self::Record(_) => LedgerAccess::Optional,
            _ => LedgerAccess::Write,
        }
    }

    /// The password that devices get.
    const fn new_password(&self) -> Option<&SecretString> {
        match self {
            Self::Activate(password)
            | Self::ImportGuids(_, password)
            | Self::ResetPassword(_, password) => Some(password),
            Self::SendAnswers { password, .. } => password.as_ref(),
            Self::AwaitButton { first_password, .. } => first_password.as_ref(),
            _ => None,
        }
    }

    /// The address that a device has afterwards. Behind a router it has to be asked there,
    /// too: see [`ScanConfig::sweep`](sadp_discovery::ScanConfig).
    pub const fn new_address(&self) -> Option<Ipv4Addr> {
        match self {
            Self::Set(wanted, _) => wanted.address,
            _ => None,
        }
    }
}

/// How a job runs.
#[derive(Clone, Debug)]
pub struct JobSettings {
    /// What other runs are told that wait for this one. It holds no secret.
    pub command: String,
    /// How long another run that changes devices is waited for.
    pub lock_wait: Duration,
    /// What the user lifted. Devices that refused a secret before are named in the question,
    /// so they need no override.
    pub overrides: Overrides,
    /// The most devices at a time.
    pub parallel: usize,
    /// How long silent devices are looked at again.
    pub settle: Duration,
    /// Have recorders pass a new password on to their cameras. Devices that do not offer it
    /// are left out.
    pub sync_cameras: bool,
    /// Try a new password afterwards, by one login over HTTP on each device that took it or
    /// may have.
    pub verify: bool,
    /// How long devices that got new addresses are looked for until they are back.
    pub wait_back: Duration,
    /// How devices are reached over HTTP.
    pub http: HttpAccess,
    /// The account that the current password belongs to, for devices that do not tell it:
    /// where network settings are changed.
    pub account: Option<String>,
    /// Whether network settings are changed even where the password can be recorded and
    /// replayed.
    pub allow_replayable: bool,
}

impl JobSettings {
    /// The usual settings.
    pub fn new(command: impl Into<String>, lock_wait: Duration) -> Self {
        Self {
            command: command.into(),
            lock_wait,
            overrides: Overrides::default(),
            parallel: 16,
            settle: SETTLE,
            sync_cameras: false,
            verify: false,
            wait_back: Login::WAIT_BACK,
            http: HttpAccess::default(),
            account: None,
            allow_replayable: false,
        }
    }
}

/// The person in front of a running job, by way of a front end.
pub trait Operator: Observer {
    /// Asks before anything is sent. The question is shown by the time that this returns;
    /// the answer may come much later, or not at all: a job that is stopped drops it.
    fn ask(&mut self, question: JobQuestion<'_>) -> Decision<'_>;

    /// Takes in what limits the job, or what it left on the disk.
    fn note(&mut self, note: JobNote<'_>);
}

/// Whether the job goes on, once the person has decided.
pub type Decision<'a> = Pin<Box<dyn Future<Output = bool> + 'a>>;

/// A fact about a job that no outcome holds.
#[derive(Clone, Copy, Debug)]
pub enum JobNote<'a> {
    /// This device was not found, and is left out.
    NotFound(&'a DeviceKey),
    /// The answers that were made are in this new file.
    AnswersKept(&'a Path),
    /// No device took the answers that were made; they are in this new file.
    AnswersUnused(&'a Path),
    /// The files of the GUIDs that were exported are not encrypted.
    NotEncrypted,
    /// These request packages have no answer yet.
    Unanswered(&'a [PathBuf]),
    /// So many devices got the names that a plan gives them.
    Named(usize),
    /// What became of the plan is in this file.
    ResultsKept(&'a Path),
    /// What became of the plan could not be written.
    ResultsLost(&'a ResultFileError),
    /// The scan is recorded.
    Recorded {
        /// The packets sent and received.
        packets: u64,
        /// The devices found.
        devices: usize,
    },
}

impl Job {
    /// Runs it to its end. The session is to be opened with [`Task::access`].
    pub async fn run(
        self,
        session: &mut Session,
        settings: JobSettings,
        operator: &mut dyn Operator,
    ) -> Result<Report, JobError> {
        let Self { devices, task } = self;
        let mut run = JobRun {
            devices,
            session,
            settings,
            operator,
        };
        if task.access() == LedgerAccess::Write {
            run.claim().await?;
        }
        let new_password = task.new_password().filter(|_| run.settings.verify).cloned();
        let report = match task {
            Task::Activate(password) => run.activate(password).await,
            Task::Lamp(lamp) => run.switch_lamp(lamp).await,
            Task::Check(password) => run.check(password).await,
            Task::Record(path) => run.record(&path).await,
            Task::Export { folder, contact } => run.export_requests(&folder, &contact).await,
            Task::Prepare {
                wanted,
                password,
                passphrase,
            } => run.prepare(wanted, password, passphrase).await,
            Task::Set(wanted, password) => run.set(wanted, password).await,
            Task::Addresses(range, password) => run.give_addresses(range, password).await,
            Task::Apply(plan, password) => run.apply(*plan, password).await,
            Task::ExportGuids {
                password,
                passphrase,
            } => run.export_guids(password, passphrase).await,
            Task::ImportGuids(source, password) => run.import_guids(source, password).await,
            Task::SetMailbox(mailbox, password) => run.set_mailbox(mailbox, password).await,
            Task::FetchQr => run.fetch_qr().await,
            Task::SetQuestions(answers, password) => run.set_questions(answers, password).await,
            Task::AskQuestions(names) => run.ask_questions(&names).await,
            Task::AwaitButton {
                limit,
                first_password,
            } => run.await_button(limit, first_password).await,
            Task::ResetPassword(secret, password) => run.reset_password(secret, password).await,
            Task::SendAnswers { input, password } => run.send_answers(input, password).await,
        };
        let mut report = report?;
        if let Some(password) = &new_password {
            let verification = Verification {
                password,
                access: &run.settings.http,
            };
            verify::verify(run.session, &mut report, verification, run.operator).await;
        }
        Ok(report)
    }
}

/// What the steps of a job share.
struct JobRun<'a> {
    devices: Vec<DeviceKey>,
    session: &'a mut Session,
    settings: JobSettings,
    operator: &'a mut dyn Operator,
}

/// What a look found: all devices, and those that the job is for, at least one.
struct FoundDevices {
    inventory: Inventory,
    devices: Vec<DiscoveredDevice>,
    /// Whether the job is for one device: leaving that out is worth a word.
    named: bool,
}

impl FoundDevices {
    /// The first device, for a task that is for one alone.
    fn into_first(self) -> Result<(Inventory, DiscoveredDevice), JobError> {
        let first = self.devices.into_iter().next();
        Ok((self.inventory, first.ok_or(JobError::NoneAnswers)?))
    }
}

impl JobRun<'_> {
    async fn claim(&mut self) -> Result<(), JobError> {
        let (command, wait) = (&self.settings.command, self.settings.lock_wait);
        let claim = self.session.claim(command, wait, self.operator);
        Ok(claim.await?)
    }

    /// Looks for the devices among all there are, and notes those that are not found.
    async fn look(&mut self) -> Result<FoundDevices, JobError> {
        let look = self.session.look_with(&self.devices, self.operator);
        let (inventory, report) = look.await?;
        self.pick(inventory, report)
    }

    /// The same by a look that ends as soon as they are found.
    async fn look_briefly(&mut self) -> Result<FoundDevices, JobError> {
        let look = self.session.look_for(&self.devices, self.operator);
        let (inventory, report) = look.await?;
        self.pick(inventory, report)
    }

    fn pick(&mut self, inventory: Inventory, report: ScanReport) -> Result<FoundDevices, JobError> {
        if inventory.devices.is_empty() {
            return Err(JobError::NothingFound(Box::new(report)));
        }
        let mut devices = Vec::new();
        for key in &self.devices {
            let all = inventory.devices.iter();
            let before = devices.len();
            devices.extend(all.filter(|it| it.is(key)).cloned());
            if devices.len() == before {
                self.operator.note(JobNote::NotFound(key));
            }
        }
        if devices.is_empty() {
            return Err(JobError::NoneAnswers);
        }
        Ok(FoundDevices {
            named: devices.len() == 1,
            inventory,
            devices,
        })
    }

    /// What the user lifted. The question names the devices that refused a secret before.
    const fn overrides(&self) -> Overrides {
        self.settings.overrides.asking_after_refusals()
    }

    /// Asks before anything is sent. A no ends the job.
    async fn confirm(
        &mut self,
        task: PlannedTask<'_>,
        left_out: &[Outcome],
    ) -> Result<(), JobError> {
        if self.ask(task, left_out).await? {
            return Ok(());
        }
        Err(JobError::NotConfirmed)
    }

    /// Asks. A request to stop is a no.
    async fn ask(&mut self, task: PlannedTask<'_>, left_out: &[Outcome]) -> Result<bool, JobError> {
        let (action, devices) = (task.action(), task.devices());
        let question = JobQuestion {
            never_seen: self.session.never_seen(action, devices.iter().copied())?,
            refused_before: self.session.refused_before(action, devices)?,
            task,
            left_out,
        };
        let answer = self.operator.ask(question);
        let stop = &self.session.cancellation().stop;
        Ok(stop.run_until_cancelled(answer).await == Some(true))
    }
}

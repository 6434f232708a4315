use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
};

use sadp_proto::{AnswersError, Mailbox, SecretAnswers};
use sadp_reset::{LedgerError, QuestionAnswersFile, write_new_file};
use zeroize::Zeroizing;

use super::{AnswerSet, Candidate, DeviceAnswers, Plan, Wishes, make_answers, methods, plan, read};
use crate::{DiscoveredDevice, Inventory, Observer, OpsError, Overrides, Session};

/// What a person wants prepared beside GUIDs, where devices offer it.
#[derive(Debug, Default)]
pub struct WantedPreparation {
    /// The e-mail address to reserve. It is sent unencrypted.
    pub mailbox: Option<Mailbox>,
    /// The answers to security questions.
    pub answers: Option<WantedAnswers>,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Whether the user named the devices.
    pub named: bool,
}

/// Answers to security questions, or the wish for some.
#[derive(Debug)]
pub enum WantedAnswers {
    /// These.
    Given(AnswerSet),
    /// Answers to be made for each device, and the new file that they go to.
    Made(PathBuf),
}

/// Answers that were made, as their file is to hold them.
pub(super) struct MadeAnswers {
    path: PathBuf,
    text: Zeroizing<String>,
}

/// Without the answers: `Zeroizing` would show them.
impl fmt::Debug for MadeAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeAnswers")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Why recovery cannot be prepared. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file for the answers exists, and no file is written over.
    #[error("{} is there already", .0.display())]
    FileExists(PathBuf),
    /// There is no randomness to make answers of.
    #[error("cannot make answers")]
    NotMade(#[source] getrandom::Error),
    /// No device takes these answers.
    #[error("the answers cannot be used")]
    Unusable(#[from] AnswersError),
    /// The answers that were made cannot be written.
    #[error("cannot write the answers to {}", path.display())]
    NotKept {
        /// Their file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An operation could not begin or go on.
    #[error(transparent)]
    Ops(#[from] OpsError),
}

impl From<LedgerError> for PrepareError {
    fn from(error: LedgerError) -> Self {
        Self::Ops(error.into())
    }
}

impl WantedPreparation {
    /// Fails where the file for the answers exists.
    pub fn check_file(&self) -> Result<(), PrepareError> {
        match &self.answers {
            Some(WantedAnswers::Made(path)) if path.exists() => {
                Err(PrepareError::FileExists(path.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Plans without asking the devices what is prepared: for a dry run.
    pub fn plan_unread(
        self,
        session: &Session,
        devices: Vec<DiscoveredDevice>,
    ) -> Result<Plan, LedgerError> {
        let candidates = devices.into_iter().map(Candidate::unread).collect();
        let answers = self.answers.map(|it| match it {
            WantedAnswers::Given(answers) => answers,
            WantedAnswers::Made(_) => AnswerSet::Later,
        });
        let wishes = Wishes {
            mailbox: self.mailbox,
            answers,
            overrides: self.overrides,
            named: self.named,
        };
        plan(session, candidates, wishes)
    }

    /// Asks the devices what is prepared, makes the answers that are to be made, and
    /// plans the rest.
    pub async fn plan(
        self,
        session: &mut Session,
        inventory: &Inventory,
        mut devices: Vec<DiscoveredDevice>,
        observer: &mut dyn Observer,
    ) -> Result<Plan, PrepareError> {
        self.check_file()?;
        methods::read_offered_over_http(session, &mut devices, observer).await?;
        let candidates = read(session, inventory, devices, observer).await?;
        let mut made = None;
        let answers = match self.answers {
            Some(WantedAnswers::Made(path)) => {
                let answers = make_answers(&candidates).map_err(PrepareError::NotMade)?;
                let text = file_text(&answers, &candidates);
                made = (!answers.is_empty()).then_some(MadeAnswers { path, text });
                Some(AnswerSet::per_device(answers)?)
            }
            Some(WantedAnswers::Given(answers)) => Some(answers),
            None => None,
        };
        let wishes = Wishes {
            mailbox: self.mailbox,
            answers,
            overrides: self.overrides,
            named: self.named,
        };
        let plan = plan(session, candidates, wishes)?;
        Ok(Plan { made, ..plan })
    }
}

impl Plan {
    /// Writes the answers that were made. Call it before [`Plan::carry_out`], so that no
    /// device has answers that nobody knows. Returns the file. `None` where none were made.
    pub fn keep_answers(&self) -> Result<Option<&Path>, PrepareError> {
        let Some(MadeAnswers { path, text }) = &self.made else {
            return Ok(None);
        };
        match write_new_file(path, text.as_bytes()) {
            Ok(()) => Ok(Some(path)),
            Err(source) => Err(PrepareError::NotKept {
                path: path.clone(),
                source,
            }),
        }
    }
}

impl AnswerSet {
    fn per_device(devices: Vec<DeviceAnswers>) -> Result<Self, AnswersError> {
        let devices = devices.into_iter();
        let devices = devices.map(|(mac, answers)| Ok((mac, SecretAnswers::to_set(answers)?)));
        let devices: HashMap<_, _> = devices.collect::<Result<_, _>>()?;
        Ok(Self::PerDevice(devices))
    }
}

impl TryFrom<QuestionAnswersFile> for AnswerSet {
    type Error = AnswersError;

    fn try_from(file: QuestionAnswersFile) -> Result<Self, AnswersError> {
        match file {
            QuestionAnswersFile::Same(answers) => {
                let answers = answers.iter().map(|(id, answer)| (id, answer.clone()));
                SecretAnswers::to_set(answers.collect()).map(Self::Same)
            }
            QuestionAnswersFile::PerDevice(devices) => {
                let devices = devices.into_iter().map(|(mac, answers)| {
                    let answers = answers.iter().map(|(id, answer)| (id, answer.clone()));
                    (mac, answers.collect())
                });
                Self::per_device(devices.collect())
            }
        }
    }
}

/// The file of answers: a comment that names the device, and its line.
fn file_text(answers: &[DeviceAnswers], candidates: &[Candidate]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for (mac, answers) in answers {
        let mut devices = candidates.iter().map(|it| &it.device.entry.device);
        let address = devices
            .find(|device| device.mac == Some(*mac))
            .and_then(|device| device.ipv4.address);
        if let Some(address) = address {
            text.extend(["# ", &address.to_string(), " (", &mac.to_string(), ")\n"]);
        }
        text.push_str(&QuestionAnswersFile::line(*mac, answers));
    }
    text
}

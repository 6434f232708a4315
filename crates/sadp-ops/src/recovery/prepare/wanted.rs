use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
};

use sadp_model::{Device, MacAddr};
use sadp_proto::{AnswersError, Command, Mailbox, SecretAnswers, seal::Password};
use sadp_reset::{LedgerError, QuestionAnswersFile, write_new_file};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Candidate, Plan, StepProgress, methods, plan, questions, read};
use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Outcome, Overrides, Preparation, SafetyChecks,
    Session,
};

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
    /// Answers to be made for each device, and the new file that they go to. They are made
    /// once devices have listed their questions.
    Made(PathBuf),
}

/// Answers to the security questions of several devices.
#[derive(Debug)]
pub enum AnswerSet {
    /// The same for all.
    Same(SecretAnswers),
    /// Each device's own, by its MAC. Devices without any get none.
    PerDevice(HashMap<MacAddr, SecretAnswers>),
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
        plan(session, candidates, self)
    }

    /// Asks the devices what is prepared, makes the answers that are to be made, and
    /// plans the rest.
    pub async fn plan(
        mut self,
        session: &mut Session,
        inventory: &Inventory,
        mut devices: Vec<DiscoveredDevice>,
        observer: &mut dyn Observer,
    ) -> Result<Plan, PrepareError> {
        self.check_file()?;
        methods::read_offered_over_http(session, &mut devices, observer).await?;
        let candidates = read(session, inventory, devices, observer).await?;
        let mut made = None;
        if let Some(WantedAnswers::Made(path)) = self.answers {
            let answers = make_answers(&candidates).map_err(PrepareError::NotMade)?;
            let text = file_text(&answers, &candidates);
            made = (!answers.is_empty()).then_some(MadeAnswers { path, text });
            self.answers = Some(WantedAnswers::Given(AnswerSet::per_device(answers)?));
        }
        let plan = plan(session, candidates, self)?;
        Ok(Plan { made, ..plan })
    }
}

impl WantedPreparation {
    /// The answers for a device, where they are there.
    pub(super) fn answers_of(&self, device: &Device) -> Option<&SecretAnswers> {
        match self.answers.as_ref()? {
            WantedAnswers::Given(AnswerSet::Same(answers)) => Some(answers),
            WantedAnswers::Given(AnswerSet::PerDevice(answers)) => answers.get(&device.mac?),
            WantedAnswers::Made(_) => None,
        }
    }

    /// Whether this is to be prepared on a device that offers it.
    pub(super) fn has(&self, preparation: Preparation, device: &Device) -> bool {
        match preparation {
            Preparation::Guid => true,
            Preparation::Mailbox => self.mailbox.is_some(),
            Preparation::Questions => {
                matches!(self.answers, Some(WantedAnswers::Made(_)))
                    || self.answers_of(device).is_some()
            }
        }
    }

    /// Whether it may be sent.
    pub(super) fn begin(
        &self,
        preparation: Preparation,
        over_http: bool,
        candidate: &Candidate,
        session: &Session,
    ) -> Result<StepProgress, LedgerError> {
        let device = &candidate.device;
        let action = preparation.action();
        let mut checks = SafetyChecks::new(action, self.overrides);
        if over_http {
            checks = checks.over_http();
        }
        let blocked = checks.blocked(session, device)?;
        let objection = self
            .answers_of(&device.entry.device)
            .filter(|_| preparation == Preparation::Questions && candidate.asked && !over_http)
            .and_then(|answers| questions::objection(candidate.questions.as_ref(), answers.ids()))
            .map(|reason| Outcome::skipped(device, action, reason));
        let outcome = blocked.or(objection).map(Box::new);
        Ok(outcome.map_or(StepProgress::Due(None), StepProgress::Settled))
    }

    /// The command of a step.
    pub(super) fn command(
        &self,
        preparation: Preparation,
        device: &DiscoveredDevice,
        password: Password,
    ) -> Option<Command> {
        Some(match preparation {
            Preparation::Guid => Command::ExportGuid { password },
            Preparation::Mailbox => Command::SetMailbox {
                mailbox: self.mailbox.clone()?,
                password,
            },
            Preparation::Questions => Command::SetQuestions {
                answers: self.answers_of(&device.entry.device)?.clone(),
                password,
            },
        })
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

/// Answers to the questions of one device, by the questions' numbers.
pub type DeviceAnswers = (MacAddr, Vec<(u32, SecretString)>);

/// Makes answers for the devices that list enough questions and have none set: to the
/// first three, each a word that can be read out, of 36 random bits. A device locks long
/// before they are guessed.
pub fn make_answers(candidates: &[Candidate]) -> Result<Vec<DeviceAnswers>, getrandom::Error> {
    let mut made = Vec::new();
    for candidate in candidates {
        let device = &candidate.device.entry.device;
        let is_set = device.recovery.set_up.questions == Some(true);
        let (Some(mac), Some(list), false) = (device.mac, &candidate.questions, is_set) else {
            continue;
        };
        let listed = list.questions.iter().take(SecretAnswers::COUNT);
        let answers = listed.map(|question| Ok((question.id, word()?)));
        let answers: Vec<_> = answers.collect::<Result<_, _>>()?;
        if answers.len() == SecretAnswers::COUNT {
            made.push((mac, answers));
        }
    }
    Ok(made)
}

/// Six syllables of one of 16 consonants and one of 4 vowels each.
fn word() -> Result<SecretString, getrandom::Error> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let mut random = Zeroizing::new([0; 6]);
    getrandom::fill(&mut *random)?;
    let letters = random.iter().flat_map(|byte| {
        let consonant = CONSONANTS.iter().cycle().nth(usize::from(byte >> 4));
        let vowel = VOWELS.iter().cycle().nth(usize::from(byte & 3));
        [consonant, vowel]
    });
    let letters = letters.flatten().map(|&letter| char::from(letter));
    Ok(letters.collect::<String>().into())
}

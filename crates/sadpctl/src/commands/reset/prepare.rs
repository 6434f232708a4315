//! `reset prepare`, and what `activate --prepare` does after the activation.

use std::{collections::HashMap, path::PathBuf};

use sadp_ops::{
    DiscoveredDevice, Inventory, Observer, Overrides, Preparation, Session,
    recovery::{
        methods,
        prepare::{self, AnswerSet, Candidate, DeviceAnswers, Plan, Settings, Wishes},
    },
};
use sadp_proto::{AnswersError, Mailbox, SecretAnswers};
use sadp_reset::{QuestionAnswersFile, write_new_file};
use sadp_text::{Announcement, count};
use zeroize::Zeroizing;

use super::questions::input::{unreadable, unusable};
use crate::{
    args::{ChangeArgs, Context, PreparationArgs, PrepareArgs},
    failure::{Exit, Failure},
    run::{self, Run},
    secret::{self, PendingSecret, Secret},
};

pub(super) fn run(args: &PrepareArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let mut wanted = WantedPreparation::read(&args.preparation, args.change)?;
    wanted.named = !args.choice.all;
    let passphrase = wanted.passphrase.take();
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change, context)?;
    let prepared = run.block_on(async |session, observer| {
        wanted.plan(session, &inventory, devices, observer).await
    })?;
    for note in prepared.unwanted() {
        run.terminal.note(&note);
    }
    if args.change.dry_run || prepared.plan.devices().next().is_none() {
        return run.print_planned(prepared.plan.into_outcomes());
    }
    let announcement = Announcement::prepare(&prepared.plan, args.preparation.mailbox.as_ref());
    run.confirm(&announcement.question(prepared.plan.devices()), args.change)?;
    let password = password.get(run.terminal)?;
    let passphrase = passphrase.map(|it| it.get(run.terminal)).transpose()?;
    let settings = Settings {
        inventory: &inventory,
        password: &password,
        passphrase: passphrase.as_ref(),
        parallel: args.parallel.into(),
        settle: args.settle.settle,
    };
    if let Some(note) = prepared.keep_answers()? {
        run.terminal.note(&note);
    }
    let plan = prepared.plan;
    let report =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)?;
    drop((password, passphrase));
    run.print(report)
}

/// What the user wants prepared, read and checked before anything is sent.
pub(crate) struct WantedPreparation {
    mailbox: Option<Mailbox>,
    answers: Option<AnswerSet>,
    /// Where answers that are made go.
    make_answers: Option<PathBuf>,
    /// By which exported GUIDs are encrypted.
    pub(crate) passphrase: Option<PendingSecret>,
    /// Whether the user named the devices.
    pub(crate) named: bool,
    overrides: Overrides,
    dry_run: bool,
}

impl WantedPreparation {
    pub(crate) fn read(args: &PreparationArgs, change: ChangeArgs) -> Result<Self, Failure> {
        if let Some(path) = args.make_answers.as_ref().filter(|path| path.exists()) {
            let message = format!("{} is there already", path.display());
            return Err(Failure::words(Exit::Usage, message)
                .hint("name a new file, or use the answers in it by --answers; nothing was sent"));
        }
        let encrypts = (args.encrypt || args.passphrase_file.is_some()) && !change.dry_run;
        let passphrase = encrypts
            .then(|| Secret::NEW_PASSPHRASE.pending(args.passphrase_file.as_deref(), false));
        let answers = args.answers.as_ref().map(|path| {
            let file = QuestionAnswersFile::read(path).map_err(unreadable)?;
            answer_set(file).map_err(unusable)
        });
        Ok(Self {
            mailbox: args.mailbox.clone(),
            answers: answers.transpose()?,
            make_answers: args.make_answers.clone(),
            passphrase: passphrase.transpose()?,
            named: false,
            overrides: change.overrides(),
            dry_run: change.dry_run,
        })
    }

    /// What is typed in the live list.
    pub(crate) fn typed(
        mailbox: Option<Mailbox>,
        make_answers: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let args = PreparationArgs {
            mailbox,
            make_answers,
            ..PreparationArgs::default()
        };
        let wanted = Self::read(&args, ChangeArgs::default())?;
        Ok(Self {
            overrides: Overrides::default().asking_after_refusals(),
            ..wanted
        })
    }

    /// Asks the devices what is prepared, and plans the rest. A dry run asks nothing.
    pub(crate) async fn plan(
        self,
        session: &mut Session,
        inventory: &Inventory,
        devices: Vec<DiscoveredDevice>,
        observer: &mut dyn Observer,
    ) -> Result<Prepared, Failure> {
        let candidates = if self.dry_run {
            devices.into_iter().map(Candidate::unread).collect()
        } else {
            let mut devices = devices;
            methods::read_offered_over_http(session, &mut devices, observer).await?;
            prepare::read(session, inventory, devices, observer).await?
        };
        let mut made = None;
        let answers = match self.make_answers {
            Some(_) if self.dry_run => Some(AnswerSet::Later),
            Some(path) => {
                let answers = prepare::make_answers(&candidates).map_err(|error| {
                    Failure::because(Exit::Machine, "cannot make answers", error)
                })?;
                made = Some((path, lines(&answers, &candidates)));
                Some(per_device(answers).map_err(unusable)?)
            }
            None => self.answers,
        };
        let wishes = Wishes {
            mailbox: self.mailbox,
            answers,
            overrides: self.overrides,
            named: self.named,
        };
        Ok(Prepared {
            plan: prepare::plan(session, candidates, wishes)?,
            made,
        })
    }
}

/// What is ready to be carried out.
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// Answers that were made, and the file they go to.
    made: Option<(PathBuf, Zeroizing<String>)>,
}

impl Prepared {
    /// What devices offer besides.
    pub(crate) fn unwanted(&self) -> Vec<String> {
        let others = [
            (
                Preparation::Mailbox,
                "a reserved e-mail address, which --mailbox sets",
            ),
            (
                Preparation::Questions,
                "security questions, which --answers or --make-answers sets",
            ),
        ];
        let notes = others.into_iter().filter_map(|(preparation, what)| {
            let devices = self.plan.not_wished(preparation) as u64;
            let offer = count(devices, "device offers", "devices offer");
            (devices > 0).then(|| format!("{offer} {what}"))
        });
        notes.collect()
    }

    /// Writes the answers that were made, before anything is sent. Returns what to tell.
    pub(crate) fn keep_answers(&self) -> Result<Option<String>, Failure> {
        let Some((path, text)) = &self.made else {
            return Ok(None);
        };
        write_new_file(path, text.as_bytes()).map_err(|error| {
            let what = format!("cannot write the answers to {}", path.display());
            Failure::because(Exit::Machine, what, error)
                .hint("name a new file in a folder that you may write to; nothing was sent")
        })?;
        Ok(Some(format!(
            "the answers are in {}: keep it safe, whoever has it can take the devices over",
            path.display()
        )))
    }
}

fn answer_set(file: QuestionAnswersFile) -> Result<AnswerSet, AnswersError> {
    match file {
        QuestionAnswersFile::Same(answers) => {
            let answers = answers.iter().map(|(id, answer)| (id, answer.clone()));
            SecretAnswers::to_set(answers.collect()).map(AnswerSet::Same)
        }
        QuestionAnswersFile::PerDevice(devices) => {
            let devices = devices.into_iter().map(|(mac, answers)| {
                let answers = answers.iter().map(|(id, answer)| (id, answer.clone()));
                (mac, answers.collect())
            });
            per_device(devices.collect())
        }
    }
}

fn per_device(devices: Vec<DeviceAnswers>) -> Result<AnswerSet, AnswersError> {
    let devices = devices.into_iter();
    let devices = devices.map(|(mac, answers)| Ok((mac, SecretAnswers::to_set(answers)?)));
    let devices: HashMap<_, _> = devices.collect::<Result<_, _>>()?;
    Ok(AnswerSet::PerDevice(devices))
}

/// The file of answers: a comment that names the device, and its line.
fn lines(answers: &[DeviceAnswers], candidates: &[Candidate]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for (mac, answers) in answers {
        let of_mac = |it: &&Candidate| it.device.entry.device.mac == Some(*mac);
        if let Some(found) = candidates.iter().find(of_mac) {
            text.extend(["# ", &sadp_text::device_name(&found.device), "\n"]);
        }
        text.push_str(&QuestionAnswersFile::line(*mac, answers));
    }
    text
}

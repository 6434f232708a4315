//! `reset prepare`, and what `activate --prepare` does after the activation.

use sadp_ops::{
    Preparation,
    recovery::prepare::{
        AnswerSet, Plan, PrepareError, Settings, WantedAnswers, WantedPreparation,
    },
};
use sadp_reset::QuestionAnswersFile;
use sadp_text::{Announcement, count};

use super::questions::unreadable;
use crate::{
    args::{ChangeArgs, Context, PreparationArgs, PrepareArgs},
    failure::{Exit, Failure},
    run::{self, Run},
    secret::{self, PendingSecret, Secret},
};

pub(super) fn run(args: &PrepareArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let (mut wanted, passphrase) = read(&args.preparation, args.change)?;
    wanted.named = !args.choice.all;
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change, context)?;
    let plan = if args.change.dry_run {
        wanted.plan_unread(&run.session, devices)?
    } else {
        run.block_on(async |session, observer| {
            wanted.plan(session, &inventory, devices, observer).await
        })?
    };
    for note in unwanted(&plan) {
        run.terminal.note(&note);
    }
    if args.change.dry_run || plan.devices().next().is_none() {
        return run.print_planned(plan.into_outcomes());
    }
    let question = Announcement::prepare(&plan).question(plan.devices());
    run.confirm(&question, args.change)?;
    let password = password.get(run.terminal)?;
    let passphrase = passphrase.map(|it| it.get(run.terminal)).transpose()?;
    let settings = Settings {
        inventory: &inventory,
        password: &password,
        passphrase: passphrase.as_ref(),
        parallel: args.parallel.into(),
        settle: args.settle.settle,
    };
    if let Some(path) = plan.keep_answers()? {
        run.terminal.note(&sadp_text::answers_kept(path));
    }
    let report =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)?;
    drop((password, passphrase));
    run.print(report)
}

/// What the user wants prepared, read and checked before anything is sent; and by what
/// exported GUIDs are encrypted.
pub(crate) fn read(
    args: &PreparationArgs,
    change: ChangeArgs,
) -> Result<(WantedPreparation, Option<PendingSecret>), Failure> {
    let made = args.make_answers.clone().map(WantedAnswers::Made);
    let mut wanted = WantedPreparation {
        mailbox: args.mailbox.clone(),
        answers: made,
        overrides: change.overrides(),
        named: false,
    };
    wanted.check_file()?;
    let encrypts = (args.encrypt || args.passphrase_file.is_some()) && !change.dry_run;
    let passphrase =
        encrypts.then(|| Secret::NEW_PASSPHRASE.pending(args.passphrase_file.as_deref(), false));
    if let Some(path) = &args.answers {
        let file = QuestionAnswersFile::read(path).map_err(unreadable)?;
        let answers = AnswerSet::try_from(file).map_err(PrepareError::from)?;
        wanted.answers = Some(WantedAnswers::Given(answers));
    }
    Ok((wanted, passphrase.transpose()?))
}

/// What devices offer besides.
pub(crate) fn unwanted(plan: &Plan) -> Vec<String> {
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
        let devices = plan.not_wanted(preparation) as u64;
        let offer = count(devices, "device offers", "devices offer");
        (devices > 0).then(|| format!("{offer} {what}"))
    });
    notes.collect()
}

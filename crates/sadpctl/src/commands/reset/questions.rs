//! Security questions: shown, set, answered.

pub(super) mod input;

use sadp_ops::{
    LedgerAccess, PasswordSettings,
    recovery::{
        password_reset::{Method, OwnerSecret},
        questions::{self, NewQuestions, ReadSettings},
    },
};
use sadp_proto::SecretAnswers;
use sadp_text::Announcement;

use super::{Secrets, check_listed, set_password};
use crate::{
    args::{Context, QuestionsAnswerArgs, QuestionsCommand, QuestionsSetArgs, QuestionsShowArgs},
    commands::new_password,
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret,
};

pub(super) fn run(command: &QuestionsCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        QuestionsCommand::Show(args) => show(args, context),
        QuestionsCommand::Set(args) => set(args, context),
        QuestionsCommand::Answer(args) => answer(args, context),
    }
}

fn show(args: &QuestionsShowArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let names = input::names()?;
    let (run, inventory, devices) = Run::find(&args.choice, LedgerAccess::Record, context)?;
    let plan = questions::plan_read(&run.session, devices, !args.choice.all)?;
    let settings = ReadSettings {
        inventory: &inventory,
        names: &names,
        parallel: args.parallel.into(),
    };
    run.carry_out(async |session, observer| plan.carry_out(session, settings, observer).await)
}

fn set(args: &QuestionsSetArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let owner = &args.owner;
    run::check(owner.change, context.global)?;
    let dry_run = owner.change.dry_run;
    // A line of standard input, before all the rest of it.
    let password = secret::current(dry_run, &owner.password)?;
    let answers = input::answers(
        &args.answers,
        SecretAnswers::to_set,
        dry_run,
        context.terminal,
    )?;
    let (mut run, inventory, device) = Run::find(&owner.target, owner.change, context)?;
    let mut plan = questions::plan_set(&run.session, device, owner.change.overrides())?;
    let Some(answers) = answers.filter(|_| !dry_run) else {
        return run.print_planned(plan.selection.into_outcomes());
    };
    check_listed(&mut plan.selection, &answers, &inventory, &mut run)?;
    if plan.selection.devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let question = Announcement::QUESTIONS.question(&plan.selection.devices);
    run.confirm(&question, owner.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let settings = PasswordSettings::new(&inventory, &password);
        let questions = NewQuestions { answers, settings };
        plan.carry_out(session, questions, observer).await
    })
}

fn answer(args: &QuestionsAnswerArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let (reset, terminal) = (&args.reset, &mut *context.terminal);
    run::check(reset.change, context.global)?;
    let password = new_password::pending(&reset.password, reset.change)?;
    let dry_run = reset.change.dry_run;
    let answers = input::answers(&args.answers, SecretAnswers::new, dry_run, terminal)?;
    let secrets = Secrets {
        method: Method::Answers,
        secret: answers.map(OwnerSecret::Answers),
        password,
    };
    set_password(secrets, reset, context)
}

//! Security questions: shown, set, answered.

mod input;

use sadp_ops::{
    DeviceName, Inventory, LedgerAccess, PasswordSettings, Report, Selection,
    recovery::{
        password_reset::{self, Method, OwnerSecret, PasswordReset, ResetChoice},
        questions::{self, NewQuestions, QuestionCheck, ReadSettings},
    },
};
use sadp_proto::SecretAnswers;

use crate::{
    args::{
        GlobalArgs, QuestionsAnswerArgs, QuestionsCommand, QuestionsSetArgs, QuestionsShowArgs,
    },
    commands::{list, new_password},
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret, state,
    terminal::Terminal,
};

pub(super) fn run(
    command: &QuestionsCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        QuestionsCommand::Show(args) => show(args, global, terminal),
        QuestionsCommand::Set(args) => set(args, global, terminal),
        QuestionsCommand::Answer(args) => answer(args, global, terminal),
    }
}

fn show(
    args: &QuestionsShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    output::check_outcomes(global.format)?;
    let names = input::names()?;
    let also = args.choice.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, also, LedgerAccess::Write, global, terminal)?;
    let inventory = run.look()?;
    let devices = list::choose(&args.choice, inventory.devices.clone())?;
    let plan = questions::plan_read(&run.session, devices, !args.choice.all);
    let plan = plan.map_err(state::failed)?;
    let settings = ReadSettings {
        inventory: &inventory,
        names: &names,
        parallel: args.parallel.into(),
    };
    run.carry_out(async |session, observer| plan.carry_out(session, settings, observer).await)
}

fn set(
    args: &QuestionsSetArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    run::check(args.change, global)?;
    let dry_run = args.change.dry_run;
    // A line of standard input, before all the rest of it.
    let password = secret::current_unless(dry_run, &args.password)?;
    let answers = input::answers(&args.answers, SecretAnswers::to_set, dry_run, terminal)?;
    let access = args.change.access();
    let mut run = Run::open(&args.ask, args.device.address(), access, global, terminal)?;
    let inventory = run.look()?;
    let device = args.device.choose(inventory.devices.clone())?;
    let plan = questions::plan_set(&run.session, device, args.change.overrides());
    let mut plan = plan.map_err(state::failed)?;
    let Some((password, answers)) = password.zip(answers) else {
        return run.print(Report::new(plan.selection.into_outcomes()));
    };
    check_listed(&mut plan.selection, &answers, &inventory, &mut run)?;
    if plan.selection.devices.is_empty() {
        return run.print(Report::new(plan.selection.into_outcomes()));
    }
    let what = "the security questions are set, in place of any former ones, on";
    run.confirm(what, &plan.selection.devices, args.change)?;
    let settings = PasswordSettings {
        inventory: &inventory,
        password: &password,
    };
    let questions = NewQuestions { answers, settings };
    run.carry_out(async |session, observer| plan.carry_out(session, questions, observer).await)
}

fn answer(
    args: &QuestionsAnswerArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    run::check(args.change, global)?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let dry_run = args.change.dry_run;
    let answers = input::answers(&args.answers, SecretAnswers::new, dry_run, terminal)?;
    let access = args.change.access();
    let mut run = Run::open(&args.ask, args.device.address(), access, global, terminal)?;
    let inventory = run.look()?;
    let device = args.device.choose(inventory.devices.clone())?;
    let choice = ResetChoice {
        overrides: args.change.overrides(),
        sync_cameras: args.sync_cameras,
    };
    let plan = password_reset::plan(&run.session, device, Method::Answers, choice);
    let mut plan = plan.map_err(state::failed)?;
    let Some((password, answers)) = password.zip(answers).filter(|_| !dry_run) else {
        return run.print(Report::new(plan.selection.into_outcomes()));
    };
    check_listed(&mut plan.selection, &answers, &inventory, &mut run)?;
    if plan.selection.devices.is_empty() {
        return run.print(Report::new(plan.selection.into_outcomes()));
    }
    let what = "the answers go out once, to set a new password on";
    run.confirm(what, &plan.selection.devices, args.change)?;
    let reset = PasswordReset {
        settings: PasswordSettings {
            inventory: &inventory,
            password: &password,
        },
        secret: OwnerSecret::Answers(answers),
    };
    run.carry_out(async |session, observer| plan.carry_out(session, reset, observer).await)
}

/// Leaves a device out that does not list the questions that are answered.
fn check_listed(
    selection: &mut Selection,
    answers: &SecretAnswers,
    inventory: &Inventory,
    run: &mut Run<'_>,
) -> Result<(), Failure> {
    let numbers: Vec<_> = answers.ids().collect();
    let check = QuestionCheck {
        numbers: &numbers,
        inventory,
    };
    run.block_on(async |session, observer| check.apply(selection, session, observer).await)
        .map_err(run::failed)
}

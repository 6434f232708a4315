//! Security questions: shown, set, answered.

use std::{
    io::{self, Read},
    path::Path,
};

use sadp_ops::{
    LedgerAccess, PasswordSettings,
    recovery::{
        password_reset::{Method, OwnerSecret},
        questions::{self, NewQuestions, ReadSettings},
    },
};
use sadp_proto::{AnswersError, SecretAnswers};
use sadp_reset::{QuestionAnswers, QuestionFileError, QuestionNames};
use sadp_text::Announcement;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Secrets, check_listed, set_password};
use crate::{
    args::{
        AnswersArgs, Context, QuestionsAnswerArgs, QuestionsCommand, QuestionsSetArgs,
        QuestionsShowArgs,
    },
    commands::new_password,
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret::{self, Secret, byte_order_mark},
    state,
    terminal::Terminal,
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
    let names = names()?;
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
    let terminal = &mut *context.terminal;
    let answers = answers(&args.answers, SecretAnswers::to_set, dry_run, terminal)?;
    let (mut run, inventory, device) = Run::find(&owner.target, owner.change, context)?;
    let mut plan = questions::plan_set(&run.session, device, owner.change.overrides())?;
    let Some(answers) = answers.filter(|_| !dry_run) else {
        return run.print_planned(plan.selection.into_outcomes());
    };
    check_listed(&mut plan.selection, &answers, &inventory, &mut run)?;
    let announcement = Some(&Announcement::QUESTIONS);
    if !run.announce(announcement, &plan.selection.devices, owner.change)? {
        return run.print_planned(plan.selection.into_outcomes());
    }
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
    let answers = answers(&args.answers, SecretAnswers::new, dry_run, terminal)?;
    let secrets = Secrets {
        method: Method::Answers,
        secret: answers.map(OwnerSecret::Answers),
        password,
    };
    set_password(secrets, reset, context)
}

/// The names that the configuration gives questions.
fn names() -> Result<QuestionNames, Failure> {
    let path = state::config_folder()?.join(QuestionNames::FILE_NAME);
    QuestionNames::read(&path).map_err(|error| {
        Failure::new(Exit::Usage, error)
            .hint("write lines as 1 = \"first school\" under [names], or remove the file")
    })
}

/// What makes three answers of those given: [`SecretAnswers::new`] or
/// [`SecretAnswers::to_set`].
type Make = fn(Vec<(u32, SecretString)>) -> Result<SecretAnswers, AnswersError>;

/// Three answers, from a file or typed. `None` where none were given to a dry
/// run, which asks nothing.
fn answers(
    args: &AnswersArgs,
    make: Make,
    dry_run: bool,
    terminal: &mut Terminal,
) -> Result<Option<SecretAnswers>, Failure> {
    let answers = match &args.file {
        Some(file) => from_file(file, terminal)?,
        None if dry_run => return Ok(None),
        None if Terminal::can_ask() => typed(terminal)?,
        None => {
            let message = "no answers were given, and there is no terminal to ask on";
            return Err(Failure::usage(message)
                .hint("give them with --answers FILE (--answers - reads standard input); nothing was sent"));
        }
    };
    make(answers).map(Some).map_err(unusable)
}

fn from_file(file: &Path, terminal: &mut Terminal) -> Result<Vec<(u32, SecretString)>, Failure> {
    let answers = if file == Path::new("-") {
        QuestionAnswers::parse(&standard_input()?).map_err(unusable)?
    } else {
        QuestionAnswers::read(file).map_err(unreadable)?
    };
    if answers.had_byte_order_mark() {
        terminal.note(&byte_order_mark(&file.display(), "answers"));
    }
    let answers = answers.iter();
    Ok(answers.map(|(id, answer)| (id, answer.clone())).collect())
}

fn standard_input() -> Result<Zeroizing<Vec<u8>>, Failure> {
    /// Three answers are far shorter.
    const MAX_BYTES: u64 = 16 << 10;
    // As large as it can get, so that no copy is left behind where it grows.
    let mut text = Zeroizing::new(Vec::with_capacity(32 << 10));
    let read = io::stdin().lock().take(MAX_BYTES).read_to_end(&mut text);
    read.map_err(|error| {
        let what = "cannot read the answers from standard input";
        Failure::because(Exit::Machine, what, error)
            .hint("write them as plain text, one line id=answer each")
    })?;
    Ok(text)
}

fn typed(terminal: &mut Terminal) -> Result<Vec<(u32, SecretString)>, Failure> {
    let names = names()?;
    let known = (1..=SecretAnswers::MAX_ID).filter_map(|id| {
        let name = names.of(id)?;
        Some(format!("\n  {id}  {name}"))
    });
    let known: String = known.collect();
    if !known.is_empty() {
        terminal.tell(&format!("Questions that have a name:{known}"));
    }
    let places = 1..=SecretAnswers::COUNT;
    places
        .map(|place| {
            let number = typed_number(place, terminal)?;
            Ok((number, Secret::ANSWER.read(None, terminal)?))
        })
        .collect()
}

fn typed_number(place: usize, terminal: &mut Terminal) -> Result<u32, Failure> {
    let all = SecretAnswers::COUNT;
    terminal.ask(&format!("The number of question {place} of {all}:"));
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    line.trim().parse().map_err(|_| {
        Failure::usage("a question is named by its number")
            .hint("sadpctl reset questions show DEVICE lists them; nothing was sent")
    })
}

pub(super) fn unreadable(error: QuestionFileError) -> Failure {
    match error {
        QuestionFileError::Read(ref read) if read.source.kind() != io::ErrorKind::FileTooLarge => {
            Failure::new(Exit::Machine, error)
                .hint("check the path and that you may read the file; nothing was sent")
        }
        error => unusable(error),
    }
}

fn unusable(error: impl Into<anyhow::Error>) -> Failure {
    Failure::because(Exit::Usage, "the answers cannot be used", error).hint(
        "give three lines as 4=Rex: the number of a question and its answer; nothing was sent",
    )
}

//! How a forgotten password comes back.

mod button;
mod cases;
mod export;
mod guid;
mod import;
mod mail;
pub(super) mod prepare;
mod questions;
mod ways;

use sadp_ops::{
    Inventory, PasswordSettings, Selection,
    recovery::{
        password_reset::{self, Method, OwnerSecret, PasswordReset, ResetChoice},
        questions::QuestionCheck,
    },
    verify,
};
use sadp_proto::SecretAnswers;
use sadp_reset::{QrError, QrImage};
use sadp_text::Announcement;

pub(super) use self::export::load_contact;
use super::new_password::NewPassword;
use crate::{
    args::{Context, ResetCommand, SecretResetArgs},
    failure::{Exit, Failure},
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(command: &ResetCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        ResetCommand::Ways(args) => ways::run(args, context),
        ResetCommand::Export(args) => export::run(args, context),
        ResetCommand::Import(args) => import::run(args, context),
        ResetCommand::Cases(args) => cases::run(args, context),
        ResetCommand::Guid(command) => guid::run(command, context),
        ResetCommand::Questions(command) => questions::run(command, context),
        ResetCommand::Mail(command) => mail::run(command, context),
        ResetCommand::Prepare(args) => prepare::run(args, context),
        ResetCommand::Button(args) => button::run(args, context),
        ResetCommand::App(args) => ways::apps(args, context),
    }
}

/// What sets a new password. No secret in a dry run to which it was not given.
struct Secrets {
    method: Method,
    secret: Option<OwnerSecret>,
    password: NewPassword,
}

/// Sets a new password by a secret of the owner.
fn set_password(
    secrets: Secrets,
    args: &SecretResetArgs,
    context: Context<'_>,
) -> Result<Exit, Failure> {
    let reached = args.verify.access()?;
    let (mut run, inventory, device) = Run::find(&args.target, args.change, context)?;
    let choice = ResetChoice {
        overrides: args.change.overrides(),
        sync_cameras: args.sync_cameras,
    };
    let mut plan = password_reset::plan(&run.session, device, secrets.method, choice)?;
    let Some(secret) = secrets.secret.filter(|_| !args.change.dry_run) else {
        return run.print_planned(plan.selection.into_outcomes());
    };
    let announcement = match &secret {
        OwnerSecret::MailedCode(_) => Announcement::MAILED_CODE,
        OwnerSecret::Answers(answers) => {
            check_listed(&mut plan.selection, answers, &inventory, &mut run)?;
            Announcement::ANSWERS
        }
    };
    if !run.announce(Some(&announcement), &plan.selection.devices, args.change)? {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let password = secrets.password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let settings = PasswordSettings::new(&inventory, &password);
        let reset = PasswordReset { settings, secret };
        let mut report = plan.carry_out(session, reset, observer).await?;
        if let Some(verification) = args.verify.verification(&password, &reached) {
            verify::verify(session, &mut report, verification, observer).await;
        }
        Ok(report)
    })
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
    let checked =
        run.block_on(async |session, observer| check.apply(selection, session, observer).await);
    Ok(checked?)
}

/// A text drawn as a QR code. `None` where it does not fit the screen.
fn qr_picture(text: &str, terminal: &Terminal) -> Result<Option<String>, QrError> {
    let picture = QrImage::new(text)?.to_text();
    let wide = picture.lines().map(|line| line.chars().count()).max();
    let fits = terminal.width().is_none_or(|width| wide <= Some(width));
    Ok(fits.then_some(picture))
}

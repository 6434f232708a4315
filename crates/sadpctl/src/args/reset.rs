//! `reset`: how a forgotten password comes back.

mod cases;
mod export;
mod guid;
mod hands;
mod import;
mod mail;
mod questions;
mod ways;

use clap::Subcommand;

pub(crate) use self::{
    cases::{CasesArgs, CasesCommand},
    export::ExportArgs,
    guid::{GuidCommand, GuidExportArgs, GuidImportArgs},
    hands::{App, AppArgs, ButtonArgs},
    import::ImportArgs,
    mail::{MailCommand, MailConfirmArgs, MailQrArgs, MailSetArgs},
    questions::{
        AnswersArgs, QuestionsAnswerArgs, QuestionsCommand, QuestionsSetArgs, QuestionsShowArgs,
    },
    ways::WaysArgs,
};

/// `reset`.
#[derive(Debug, Subcommand)]
pub(crate) enum ResetCommand {
    /// Show every way to bring a password back, best first, and which fit
    Ways(WaysArgs),
    /// Export requests for the vendor's support, a folder a device
    Export(Box<ExportArgs>),
    /// Give devices the vendor's answers, and a new password
    Import(Box<ImportArgs>),
    /// List the requests that wait for an answer
    Cases(CasesArgs),
    /// By a GUID exported earlier: export, keep and use it
    #[command(subcommand)]
    Guid(GuidCommand),
    /// By security questions: show, set and answer them
    #[command(subcommand)]
    Questions(QuestionsCommand),
    /// By the reserved e-mail address: set it, fetch the QR code, give the code
    #[command(subcommand)]
    Mail(MailCommand),
    /// Guide through the reset button, and wait until it worked
    Button(Box<ButtonArgs>),
    /// Guide through the vendor's apps, and tell whether they fit the device
    App(AppArgs),
}

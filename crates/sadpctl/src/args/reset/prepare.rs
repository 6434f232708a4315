use std::path::PathBuf;

use clap::Args;
use sadp_proto::Mailbox;

use crate::args::{ChangeArgs, ChoiceArgs, PasswordArgs, SettleArgs, mailbox};

/// `reset prepare`.
#[derive(Args, Debug)]
#[command(after_help = "\
On each device, what it offers and what is not prepared yet: its GUID is exported
into the vault, the e-mail address of --mailbox is reserved, and three security
questions are set. Needs the current password: it is sent to one device at a time
until two accepted it, and the first wrong one ends the run. What a device offers
over HTTP and not by SADP is prepared over HTTP.

The file of --answers has three lines id=answer, the same for all devices, or a
line a device:
  44:47:cc:1d:6d:13;1=Riverside School;4=Rex;9=blue
--make-answers makes such a file, with answers that can be read out. Keep it safe:
whoever has it can take the devices over.

Example:
  sadpctl reset prepare --all --mailbox me@example.com --make-answers new.txt")]
pub(crate) struct PrepareArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) preparation: PreparationArgs,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) settle: SettleArgs,

    /// At most N devices at once, after two accepted the password
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
}

/// What is to be prepared.
#[derive(Args, Debug, Default)]
pub(crate) struct PreparationArgs {
    /// Reserve this e-mail address
    #[arg(long, value_name = "ADDRESS", value_parser = mailbox)]
    pub(crate) mailbox: Option<Mailbox>,

    /// Set the security questions of this file
    #[arg(long, value_name = "F")]
    pub(crate) answers: Option<PathBuf>,

    /// Set questions with new answers, written to this file
    #[arg(long, value_name = "F", conflicts_with = "answers")]
    pub(crate) make_answers: Option<PathBuf>,

    /// Encrypt exported GUIDs with a passphrase
    ///
    /// From `SADPCTL_PASSPHRASE`, or asked for twice
    #[arg(hide_short_help = true, long)]
    pub(crate) encrypt: bool,

    /// Encrypt exported GUIDs with the passphrase in this file
    ///
    /// F is - for a line of standard input
    #[arg(hide_short_help = true, long, value_name = "F")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl PreparationArgs {
    /// The first option that is given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let given = [
            (self.mailbox.is_some(), "--mailbox"),
            (self.answers.is_some(), "--answers"),
            (self.make_answers.is_some(), "--make-answers"),
            (self.encrypt, "--encrypt"),
            (self.passphrase_file.is_some(), "--passphrase-file"),
        ];
        let mut given = given.into_iter().filter(|(is_given, _)| *is_given);
        given.next().map(|(_, option)| option)
    }
}

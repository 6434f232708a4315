use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{ChoiceArgs, OwnerArgs, SecretResetArgs};

/// `reset questions`.
#[derive(Debug, Subcommand)]
pub(crate) enum QuestionsCommand {
    /// Show which questions a device has, and which are set
    Show(QuestionsShowArgs),
    /// Set three questions with their answers
    Set(Box<QuestionsSetArgs>),
    /// Set a new password by answering the questions
    Answer(Box<QuestionsAnswerArgs>),
}

/// Where answers come from.
#[derive(Args, Debug)]
pub(crate) struct AnswersArgs {
    /// Read the three answers from this file, a line id=answer each
    ///
    /// F is - for standard input. Without it they are asked for
    #[arg(long = "answers", value_name = "F")]
    pub(crate) file: Option<PathBuf>,
}

/// `reset questions show`.
#[derive(Args, Debug)]
#[command(after_help = "\
Devices report their questions by number only. The texts are those of the vendor's
own pages; questions.toml in the configuration folder gives numbers a name:

  [names]
  1 = \"first school\"

Example:
  sadpctl reset questions show 192.168.1.20")]
pub(crate) struct QuestionsShowArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// At most N devices at once
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
}

/// `reset questions set`.
#[derive(Args, Debug)]
#[command(after_help = "\
Devices take exactly three questions. The former ones no longer count. Needs the
current password. A file of answers holds, for example:
  1=Riverside School
  4=Rex
  9=blue

Example:
  sadpctl reset questions set 192.168.1.20 --answers answers.txt")]
pub(crate) struct QuestionsSetArgs {
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
}

/// `reset questions answer`.
#[derive(Args, Debug)]
#[command(after_help = "\
Give the answers letter by letter as they were set. They go out once: a wrong
one costs a try, and too many lock the device.

Example:
  sadpctl reset questions answer 192.168.1.20 --answers answers.txt")]
pub(crate) struct QuestionsAnswerArgs {
    #[command(flatten)]
    pub(crate) reset: SecretResetArgs,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
}

//! Security questions: shown, set, answered.

mod answer;
mod input;
mod set;
mod show;

use crate::{
    args::{GlobalArgs, QuestionsCommand},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    command: &QuestionsCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        QuestionsCommand::Show(args) => show::run(args, global, terminal),
        QuestionsCommand::Set(args) => set::run(args, global, terminal),
        QuestionsCommand::Answer(args) => answer::run(args, global, terminal),
    }
}

use std::io::Write;

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sadpctl", &mut script);
    terminal.out().write_all(&script)?;
    Ok(Exit::Done)
}

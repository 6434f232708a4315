//! What the program writes about itself: manual pages and shell completions.

use std::{fs, io::Write, path::Path};

use clap_mangen::Man;

use crate::{
    args::{CompletionsArgs, Detail, ManArgs},
    failure::{Exit, Failure},
    fold::fold,
    terminal::Terminal,
};

pub(super) fn run(args: &ManArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(Detail::Full.command()).render(&mut page)?;
        terminal.out().write_all(&page)?;
        return Ok(Exit::Done);
    };
    write_pages(folder).map_err(|error| {
        let what = format!("cannot write to {}", folder.display());
        Failure::because(Exit::Machine, what, error).hint("name a folder that you may write to")
    })?;
    terminal.note(&format!("manual pages are in {}", folder.display()));
    Ok(Exit::Done)
}

fn write_pages(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Detail::Full.command(), folder)
}

/// Prints the messages that the program knows, for those who review them.
pub(super) fn messages(terminal: &mut Terminal) -> Result<Exit, Failure> {
    let messages = include_str!(concat!(env!("OUT_DIR"), "/messages.txt"));
    let messages = fold(messages, terminal.width());
    terminal.out().write_all(messages.as_bytes())?;
    Ok(Exit::Done)
}

/// Prints shell completions.
pub(super) fn completions(
    args: &CompletionsArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut Detail::Full.command(),
        "sadpctl",
        &mut script,
    );
    terminal.out().write_all(&script)?;
    Ok(Exit::Done)
}

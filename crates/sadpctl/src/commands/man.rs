//! What the program writes about itself: manual pages and shell completions.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{
    args::{CompletionsArgs, Detail, EXIT_CODES, ManArgs, split_examples},
    completion,
    failure::{Exit, Failure},
    fold::fold,
    terminal::Terminal,
};

pub(super) fn run(args: &ManArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut command = Detail::Full.grammar().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.out else {
        terminal.out().write_all(&page(&command, &[])?)?;
        return Ok(Exit::Done);
    };
    let written = fs::create_dir_all(folder).and_then(|()| write_pages(&command, &[], folder));
    written.map_err(|error| {
        let what = format!("cannot write to {}", folder.display());
        Failure::because(Exit::Machine, what, error).hint("name a folder that you may write to")
    })?;
    terminal.note(&format!("manual pages are in {}", folder.display()));
    Ok(Exit::Done)
}

/// Writes the page of a command and those of its subcommands.
fn write_pages(command: &Command, parents: &[&Command], folder: &Path) -> io::Result<()> {
    let name = format!("{}.1", page_name(command));
    fs::write(folder.join(name), page(command, parents)?)?;
    let parents = [parents, &[command]].concat();
    visible(command).try_for_each(|child| write_pages(child, &parents, folder))
}

/// The page of a command. `parents` are the commands that it belongs to.
fn page(command: &Command, parents: &[&Command]) -> io::Result<Vec<u8>> {
    let (explanation, _) = split_examples(command);
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default();
    let described = command
        .clone()
        .long_about(format!("{about}.\n\n{explanation}"));
    let source = concat!("sadpctl ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(described).source(source).manual("sadpctl manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("EX", []);
    for example in examples(command) {
        roff.text([roman(example)]);
    }
    roff.control("EE", []).control("SH", ["EXIT STATUS"]);
    for (code, what) in EXIT_CODES {
        roff.control("TP", []).text([bold(code.to_string())]);
        roff.text([roman(what)]);
    }
    for (section, entries) in [("FILES", &FILES[..]), ("ENVIRONMENT", ENVIRONMENT)] {
        roff.control("SH", [section]);
        for (name, what) in entries {
            roff.control("TP", []).text([bold(*name)]);
            roff.text([roman(*what)]);
        }
    }
    let siblings = parents.last().map(|parent| visible(parent));
    let related = parents.iter().copied().chain(visible(command));
    let related = related.chain(siblings.into_iter().flatten());
    let names = related
        .map(page_name)
        .filter(|it| *it != page_name(command));
    let related: Vec<_> = names.map(|name| format!("{name}(1)")).collect();
    roff.control("SH", ["SEE ALSO"])
        .text([roman(related.join(", "))]);
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// The examples of a command, or the first one of each of its subcommands.
fn examples(command: &Command) -> Vec<String> {
    if command.has_subcommands() && command.is_subcommand_required_set() {
        let first = |child| examples(child).into_iter().next();
        return visible(command).filter_map(first).collect();
    }
    let (_, examples) = split_examples(command);
    let lines = examples.lines().skip(1);
    lines.map(|line| line.trim_start().into()).collect()
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|child| !child.is_hide_set())
}

fn page_name(command: &Command) -> &str {
    let name = command.get_display_name();
    name.unwrap_or_else(|| command.get_name())
}

/// Where a user finds what is kept.
const FILES: [(&str, &str); 6] = [
    (
        "~/.local/share/sadpctl/ledger.sqlite3",
        "Locks, requests that wait for an answer, and a record of the commands sent. It holds no secret. Windows and macOS have it in their own folders for data; --state names another folder.",
    ),
    (
        "~/.local/share/sadpctl/guid/",
        "GUIDs that reset guid export fetched. Whoever holds one can take its device over.",
    ),
    (
        "~/.local/share/sadpctl/last-scan.json",
        "The devices of the last scan, for completion in a shell.",
    ),
    (
        "~/.local/share/sadpctl/cameras.json",
        "The cameras behind each recorder as the command cameras read them last, for audit and report.",
    ),
    (
        "~/.config/sadpctl/contact.toml",
        "Who asks the vendor's support: fills the form of reset export.",
    ),
    (
        "~/.config/sadpctl/questions.toml",
        "Names for the numbers of security questions.",
    ),
];

/// What the program reads from its environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("SADPCTL_STATE", "The state folder, as --state names it."),
    (
        "SADPCTL_PASSWORD",
        "The current password, where no --password-file is given.",
    ),
    (
        "SADPCTL_NEW_PASSWORD",
        "The new password, where no --new-password-file is given.",
    ),
    ("SADPCTL_PASSPHRASE", "The passphrase of encrypted GUIDs."),
    ("COMPLETE", "Set by a shell that asks for completion."),
    ("NO_COLOR", "No colours, where it is set to anything."),
    (
        "PAGER",
        "Shows what is longer than the screen before a question; less by default.",
    ),
];

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
    let script = completion::script(&args.shell.to_string())?;
    terminal.out().write_all(&script)?;
    Ok(Exit::Done)
}

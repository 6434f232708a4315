//! From arguments to an exit code.

use std::{ffi::OsString, io, process::ExitCode};

use tracing_subscriber::filter::LevelFilter;

use crate::{
    args::{Cli, GlobalArgs},
    commands, completion,
    failure::Exit,
    files,
    output::Format,
    terminal::{Color, Terminal},
};

/// Runs one command line, the name of the program first. Prints to the standard
/// streams.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.collect();
    let json = asks_for_json(&arguments);
    match completion::answer(&arguments) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => return print_parse_error(&error, json),
    }
    let mut cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(error) => return print_parse_error(&error, json),
    };
    let global = &cli.global;
    let terminal = Terminal::new(global.color, global.quiet, global.verbose > 0);
    let mut terminal = terminal.with_json(json);
    log_to_stderr(global);
    match files::list_file(&mut cli) {
        Ok(None) => {}
        Ok(Some(file)) => {
            terminal = terminal.with_file(file, cli.global.format != Format::Xlsx);
        }
        Err(failure) => {
            terminal.report(&failure);
            return failure.exit.into();
        }
    }
    let outcome = commands::run(&cli, &mut terminal).and_then(|exit| match terminal.flush() {
        Err(failure) if !failure.is_broken_pipe() => Err(failure),
        _ => Ok(exit),
    });
    // What was done is written, whatever became of the rest.
    let written = terminal.finish_file();
    let outcome = outcome.and_then(|exit| written.map(|()| exit));
    let exit = match outcome {
        Ok(exit) => exit,
        // Who reads the output has read enough, e.g. `head`.
        Err(failure) if failure.is_broken_pipe() => Exit::Done,
        Err(failure) => {
            let flushed = terminal.flush();
            terminal.report(&failure);
            flushed.err().map_or(failure.exit, |flush| {
                if flush.is_broken_pipe() {
                    failure.exit
                } else {
                    flush.exit
                }
            })
        }
    };
    exit.into()
}

/// Whether `--format` is a JSON one, also where the rest cannot be understood.
fn asks_for_json(arguments: &[OsString]) -> bool {
    const NAME: &str = "--format";
    let mut formats = arguments.iter().enumerate().filter_map(|(place, it)| {
        let rest = it.to_str()?.strip_prefix(NAME)?;
        match rest.strip_prefix('=') {
            Some(format) => Some(format),
            None if rest.is_empty() => arguments.get(place + 1)?.to_str(),
            None => None,
        }
    });
    formats.any(|it| matches!(it, "json" | "ndjson"))
}

/// Prints the parser's message: help and version to stdout, errors to stderr.
fn print_parse_error(error: &clap::Error, json: bool) -> ExitCode {
    let mut terminal = Terminal::new(Color::default(), false, false).with_json(json);
    match terminal.parser(error) {
        _ if error.use_stderr() => Exit::Usage,
        Err(failure) if !failure.is_broken_pipe() => {
            terminal.report(&failure);
            failure.exit
        }
        _ => Exit::Done,
    }
    .into()
}

fn log_to_stderr(global: &GlobalArgs) {
    let level = match (global.quiet, global.verbose) {
        (true, _) | (_, 0) => return,
        (_, 1) => LevelFilter::INFO,
        (_, 2) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(global.color.choice(&io::stderr()) != anstream::ColorChoice::Never)
        .without_time()
        .init();
}

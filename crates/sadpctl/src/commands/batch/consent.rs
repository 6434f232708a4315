//! Asking before anything is changed.

use std::io;

use sadp_ops::DiscoveredDevice;
use tokio::{runtime::Runtime, sync::oneshot};

use crate::{
    args::ChangeArgs,
    commands::survey,
    failure::{Exit, Failure},
    terminal::Terminal,
    text::count,
};

/// Refuses, before anything is done, where `--yes` is missing and nobody is
/// there to ask.
pub(in crate::commands) fn must_be_asked(change: ChangeArgs) -> Result<(), Failure> {
    if change.yes || change.dry_run || Terminal::can_ask() {
        return Ok(());
    }
    let message = "nobody is here to ask whether devices may be changed: there is no terminal";
    Err(Failure::words(Exit::Usage, message)
        .hint("add --yes to go on without a question, or --dry-run to see what would be done; nothing was sent"))
}

/// Shows what will be changed and asks, unless `--yes`. Ctrl-C is a no.
pub(crate) fn confirm(
    runtime: &Runtime,
    plan: &str,
    change: ChangeArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if change.yes {
        terminal.note(plan);
        return Ok(());
    }
    terminal.tell(plan);
    if agreed(runtime, GO_ON, terminal) {
        return Ok(());
    }
    Err(not_confirmed())
}

/// The question behind a plan.
pub(crate) const GO_ON: &str = "Go on? [y/N]";

/// The user said no.
pub(crate) fn not_confirmed() -> Failure {
    Failure::words(Exit::Refused, "not confirmed: nothing was sent")
        .hint("answer y, or use --yes, to go on")
}

/// Asks a question that is answered by y or no. Ctrl-C is a no.
fn agreed(runtime: &Runtime, question: &str, terminal: &mut Terminal) -> bool {
    terminal.ask(question);
    runtime.block_on(is_yes(survey::interrupted()))
}

/// Asks a question that is answered by a line. `None` on Ctrl-C, or where no line
/// can be read.
pub(in crate::commands) fn ask(
    runtime: &Runtime,
    question: &str,
    terminal: &mut Terminal,
) -> Option<String> {
    terminal.ask(question);
    runtime.block_on(read_line(survey::interrupted()))
}

/// Waits for an answer on standard input. Whatever ends `stop` is a no.
async fn is_yes(stop: impl Future<Output = ()>) -> bool {
    let answer = read_line(stop).await.unwrap_or_default();
    ["y", "yes"]
        .iter()
        .any(|yes| answer.eq_ignore_ascii_case(yes))
}

/// Waits for a line on standard input, and gives it without blanks at its ends.
async fn read_line(stop: impl Future<Output = ()>) -> Option<String> {
    let (answer, answered) = oneshot::channel();
    // On a thread of its own: reading cannot be broken off, waiting can.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        // Nobody waits any more after Ctrl-C.
        let _ = answer.send(read.is_ok().then(|| line.trim().to_owned()));
    });
    tokio::select! {
        () = stop => None,
        line = answered => line.ok().flatten(),
    }
}

/// What is to be done to which devices, the first of them listed. `what` ends
/// where their number follows: `the first password is set on`.
pub(crate) fn plan(what: &str, devices: &[DiscoveredDevice]) -> String {
    const LISTED: usize = 40;
    let number = count(devices.len() as u64, "device", "devices");
    let mut lines = vec![format!("{what} {number}:")];
    lines.extend(devices.iter().take(LISTED).map(sadp_text::device_line));
    if devices.len() > LISTED {
        lines.push(format!("  and {} more", devices.len() - LISTED));
    }
    lines.join("\n")
}

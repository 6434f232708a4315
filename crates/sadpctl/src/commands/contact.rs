//! Who asks the vendor's support.

use std::{
    io::{self, Write},
    path::Path,
};

use sadp_model::text::clean;
use sadp_reset::Contact;

use super::reset::load_contact;
use crate::{
    args::{ContactArgs, Context},
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(args: &ContactArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let terminal = context.terminal;
    let named = args.contact.as_deref();
    // One that is named may be made.
    let named = named.filter(|path| args.show || path.exists());
    let (mut contact, mut path) = load_contact(named)?;
    if let (None, Some(new)) = (named, &args.contact) {
        (contact, path) = (Contact::default(), new.clone());
    }
    if !args.show {
        if !Terminal::can_ask() {
            let message = "cannot ask for the contact: this is not a terminal";
            return Err(Failure::usage(message)
                .hint(format!("run it on a terminal, or write {}", path.display())));
        }
        ask(&mut contact, terminal)?;
        contact.write(&path).map_err(|error| {
            Failure::new(Exit::Machine, error).hint("name another file with --contact")
        })?;
    }
    show(contact, &path, terminal)
}

/// Asks for each field until its value is valid.
fn ask(contact: &mut Contact, terminal: &mut Terminal) -> Result<(), Failure> {
    for (key, value) in contact.fields_mut() {
        loop {
            let now = value.as_ref().map(|now| format!(" [{}]", clean(now)));
            let now = now.unwrap_or_default();
            let choices = match key {
                "role" => format!(" ({})", Contact::ROLES.join(", ")),
                _ => String::new(),
            };
            terminal.ask(&format!("{key}{choices}{now}:"));
            let mut line = String::new();
            if io::stdin().read_line(&mut line)? == 0 {
                return Err(Failure::words(Exit::Refused, "the contact was not written")
                    .hint("answer each question, or press Enter to leave a field as it is"));
            }
            let typed = line.trim();
            match (typed, Contact::problem(key, typed)) {
                ("", _) => break,
                ("-", _) => {
                    *value = None;
                    break;
                }
                (_, Some(problem)) => terminal.warn(&problem.to_string()),
                (typed, None) => {
                    *value = Some(typed.to_owned());
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Shows it, and what is wrong with it.
fn show(mut contact: Contact, path: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let blanks = contact.blanks();
    let mut exit = Exit::Done;
    for (key, value) in contact.fields_mut() {
        let shown = value.as_deref().map_or_else(|| "-".into(), clean);
        writeln!(terminal.out(), "{key:<16}  {shown}")?;
        if let Some(problem) = value.as_deref().and_then(|it| Contact::problem(key, it)) {
            exit = Exit::Refused;
            terminal.warn(&format!("{key} in {}: {problem}", path.display()));
        }
    }
    terminal.flush()?;
    terminal.note(&format!("the contact is in {}", path.display()));
    if !blanks.is_empty() {
        let blanks = blanks.join(", ");
        terminal.note(&format!("left blank in each request.txt: {blanks}"));
    }
    Ok(exit)
}

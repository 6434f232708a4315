//! What cannot be understood of a command line, in the words of all other errors.

use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::Cli;
use crate::failure::Failure;

/// The arguments cannot be understood.
impl From<&clap::Error> for Failure {
    fn from(error: &clap::Error) -> Self {
        let mistake = Mistake::new(error);
        let (message, hint) = match error.kind() {
            ErrorKind::UnknownArgument => mistake.unknown(),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => mistake.bad_value(),
            ErrorKind::ArgumentConflict => mistake.conflict(),
            ErrorKind::MissingRequiredArgument => mistake.missing(),
            ErrorKind::InvalidSubcommand
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => mistake.subcommand(),
            _ => mistake.other(),
        };
        Self::usage(message).hint(hint)
    }
}

/// A mistake, and the command that it was made with.
struct Mistake<'a> {
    error: &'a clap::Error,
    command: Command,
    /// The command's name, with those of the commands it belongs to.
    name: String,
}

impl<'a> Mistake<'a> {
    fn new(error: &'a clap::Error) -> Self {
        let mut command = Cli::command();
        command.build();
        let mut name = command.get_name().to_owned();
        let usage = error.get(ContextKind::Usage).map(ToString::to_string);
        let usage = usage.unwrap_or_default();
        // The usage begins with the names: "Usage: sadpctl net set [OPTIONS]".
        for word in usage.split_whitespace().skip(2) {
            let Some(sub) = command.find_subcommand(word).cloned() else {
                break;
            };
            name = format!("{name} {word}");
            command = sub;
        }
        Self {
            error,
            command,
            name,
        }
    }

    fn texts(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn text(&self, kind: ContextKind) -> String {
        self.texts(kind).into_iter().next().unwrap_or_default()
    }

    fn has(&self, option: &str) -> bool {
        let long = option.strip_prefix("--");
        let mut arguments = self.command.get_arguments();
        long.is_some() && arguments.any(|it| it.get_long() == long)
    }

    /// How the command is written.
    fn usage(&self) -> String {
        let usage = self.command.clone().render_usage().to_string();
        usage.trim_start_matches("Usage: ").replace('\n', " ")
    }

    fn unknown(&self) -> (String, String) {
        let Self { name, .. } = self;
        let typed = self.text(ContextKind::InvalidArg);
        if !typed.starts_with('-') {
            let message = format!("{name} takes no argument {typed} there");
            return (message, format!("write {}", self.usage()));
        }
        let message = format!("{name} has no option {typed}");
        let files = ["--password-file", "--new-password-file"];
        if PASSWORDS.contains(&&*typed)
            && let Some(file) = files.into_iter().find(|it| self.has(it))
        {
            let hint = format!(
                "passwords are not arguments, because other users and the shell's history would see them: give it with {file} FILE, or type it when asked"
            );
            return (message, hint);
        }
        let known = SYNONYMS.iter();
        let known = known.filter(|(words, _)| words.contains(&&*typed));
        let mut known = known.map(|(_, ours)| (*ours).to_owned());
        let known = known.find(|ours| ours.split(' ').next().is_some_and(|it| self.has(it)));
        let similar = known.or_else(|| self.texts(ContextKind::SuggestedArg).into_iter().next());
        let hint = match similar {
            Some(option) => format!("did you mean {option}? {name} --help lists all options"),
            None => format!("{name} --help lists its options"),
        };
        (message, hint)
    }

    fn bad_value(&self) -> (String, String) {
        let option = named(&self.text(ContextKind::InvalidArg));
        let value = self.text(ContextKind::InvalidValue);
        let valid = self.texts(ContextKind::ValidValue).join(", ");
        let why = std::error::Error::source(self.error).map(ToString::to_string);
        let hint = match why {
            // The words of number parsers.
            Some(why) if why.contains("invalid digit") => "write a number".into(),
            Some(why) => match why
                .split_once(" is not in ")
                .and_then(|(_, it)| it.split_once("..="))
            {
                Some((first, last)) => format!("write a number from {first} to {last}"),
                None => why,
            },
            None if valid.is_empty() => format!("{} --help shows what to write", self.name),
            None => format!("write one of {valid}"),
        };
        if value.is_empty() {
            return (format!("{option} needs a value"), hint);
        }
        (format!("{value:?} is not valid for {option}"), hint)
    }

    fn conflict(&self) -> (String, String) {
        let [one, other] =
            [ContextKind::InvalidArg, ContextKind::PriorArg].map(|it| named(&self.text(it)));
        let message = if other.is_empty() || one == other {
            format!("{one} is given twice")
        } else {
            format!("{one} and {other} do not go together")
        };
        (message, "leave one of the two out".into())
    }

    fn missing(&self) -> (String, String) {
        let Self { name, .. } = self;
        let missing = self.texts(ContextKind::InvalidArg);
        let is_device = missing.iter().any(|it| it.starts_with("<DEVICE>"));
        if is_device && missing.iter().any(|it| it == "--all") {
            let message =
                format!("{name}: --where chooses among all devices, and --all is missing");
            return (message, format!("write {name} --all --where ..."));
        }
        let words = missing.iter().flat_map(|it| it.split(['<', '>', '|', ' ']));
        let options: Vec<_> = words.filter(|it| it.starts_with("--")).collect();
        let message = match options[..] {
            [_, _, ..] => format!("{name} needs one of {}", options.join(", ")),
            _ => format!("{name}: {} is missing", missing.join(", ")),
        };
        let hint = match (is_device, self.has("--all")) {
            (true, true) => "name the devices, or all with --all: sadpctl scan lists them".into(),
            (true, false) => "name the device: sadpctl scan lists them".into(),
            (false, _) => format!("write {}", self.usage()),
        };
        (message, hint)
    }

    fn subcommand(&self) -> (String, String) {
        let Self { name, .. } = self;
        let typed = self.text(ContextKind::InvalidSubcommand);
        let message = match self.error.kind() {
            ErrorKind::InvalidSubcommand => format!("{name} has no command {typed}"),
            _ => format!("{name} does nothing by itself"),
        };
        let similar = self.texts(ContextKind::SuggestedSubcommand).into_iter();
        let nearest = similar.min_by_key(|it| strsim::levenshtein(it, &typed));
        if let Some(similar) = nearest {
            return (message, format!("did you mean {name} {similar}?"));
        }
        let commands = self.command.get_subcommands();
        let commands = commands.filter(|it| !it.is_hide_set() && it.get_name() != "help");
        let commands: Vec<_> = commands.map(Command::get_name).collect();
        (message, format!("it has {}", commands.join(", ")))
    }

    fn other(&self) -> (String, String) {
        let text = self.error.render().to_string();
        let message = text.split("\n\n").next().unwrap_or(&text);
        let message = message.trim().trim_start_matches("error: ").to_owned();
        let hint = format!("{} --help shows how it is written", self.name);
        (message, hint)
    }
}

/// An argument without its value and without what marks it in a usage.
fn named(argument: &str) -> String {
    let name = match argument.split_once(' ') {
        Some((name, _)) if name.starts_with('-') => name,
        _ => argument,
    };
    name.trim_matches(['[', ']', '<', '>', '.']).to_owned()
}

const PASSWORDS: [&str; 8] = [
    "--password",
    "--pass",
    "--passwd",
    "--pwd",
    "-p",
    "--new-password",
    "--current-password",
    "-P",
];

/// What other programs call options of ours.
const SYNONYMS: [(&[&str], &str); 14] = [
    (&["--timeout", "--time", "--duration", "-t"], "--wait"),
    (&["--filter", "--select", "--grep"], "--where"),
    (
        &["--iface", "--nic", "--dev", "--device", "--if", "-I"],
        "--interface",
    ),
    (&["--json", "-j"], "--format json"),
    (&["--csv"], "--format csv"),
    (&["--xml"], "--format xml"),
    (&["--netmask", "--subnet", "--subnet-mask"], "--mask"),
    (&["--gw", "--router"], "--gateway"),
    (&["--address", "--addr", "--ipv4", "--new-ip"], "--ip"),
    (&["--port"], "--http-port"),
    (&["--user", "--username", "-u"], "--account"),
    (&["--assume-yes", "--no-confirm"], "--yes"),
    (&["--simulate", "-n"], "--dry-run"),
    (&["--output", "-o"], "--out"),
];

//! Help that fits a screen: `-h` shows the usual options of a command, `--help` all of
//! them, both in two columns, with the examples last.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory, builder::PossibleValue};
use sadp_ops::Guard;
use sadp_reset::Action;
use sadp_text::words::guarded_against;

use super::{Cli, GLOBAL, change::FORCE};

/// The exit codes.
pub(crate) const EXIT_CODES: [(u8, &str); 6] = [
    (0, "done"),
    (1, "a device refused or did not answer"),
    (2, "usage"),
    (3, "no such device, or none found"),
    (4, "not done for safety (weak password, risk of a lock)"),
    (
        5,
        "this computer's fault (no interface, no permission, socket, file)",
    ),
];

/// The grammar, for what shows no help: to arrange that takes longer than to read arguments.
pub(super) fn grammar() -> Command {
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .global(true)
        .help_heading(GLOBAL)
        .hide_short_help(true)
        .help("Print all options; -h prints the usual ones");
    Cli::command().disable_help_flag(true).arg(help)
}

/// How much the help of a command shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What is needed usually, on 24 lines of 80 columns.
    Brief,
    /// All options, with their whole texts.
    Full,
}

impl Detail {
    /// What a command line asks for, the name of the program first; `None` where it asks
    /// for no help.
    pub(super) fn asked_by(arguments: &[OsString]) -> Option<Self> {
        let has = |word: &str| arguments.iter().any(|it| it == word);
        if has("--help") || has("help") {
            Some(Self::Full)
        } else {
            (has("-h") || arguments.len() <= 1).then_some(Self::Brief)
        }
    }

    /// The grammar, with help of this detail.
    pub(crate) fn command(self) -> Command {
        let command = self.grammar();
        if self == Self::Brief {
            return command.help_template(
                "{about}\n\n{usage-heading} {usage}\n\nCommands:\n{subcommands}{after-help}",
            );
        }
        let codes: Vec<_> = EXIT_CODES
            .map(|(code, what)| format!("{code} {what}"))
            .into();
        let (explanation, examples) = split_examples(&command);
        let codes = format!("{explanation}\n\nExit codes: {}.", codes.join("; "));
        command.after_help(format!("{codes}\n\n{examples}"))
    }

    /// The same, without the exit codes.
    pub(crate) fn grammar(self) -> Command {
        self.arrange(grammar(), "")
    }

    fn arrange(self, command: Command, path: &str) -> Command {
        let command = command
            .mut_args(|arg| self.arrange_argument(arg, path))
            .mut_subcommands(|child| {
                let path = format!("{path} {}", child.get_name());
                let child = self.arrange(child, path.trim_start());
                // They are typed once, when the program is installed, or seldom.
                let seldom = matches!(
                    child.get_name(),
                    "cloud" | "completions" | "contact" | "deactivate" | "decode" | "man" | "sim"
                );
                let hides = self == Self::Brief && seldom;
                if hides { child.hide(true) } else { child }
            });
        let about = command.get_long_about().map(ToString::to_string);
        let about = about.unwrap_or_default();
        let (_, more) = about.split_once("\n\n").unwrap_or_default();
        let (explanation, examples) = split_examples(&command);
        let after = match self {
            Self::Full => [more, &explanation, &examples].join("\n\n"),
            Self::Brief => examples.lines().take(3).collect::<Vec<_>>().join("\n"),
        };
        command.long_about(None).after_help(after.trim().to_owned())
    }

    fn arrange_argument(self, mut arg: Arg, path: &str) -> Arg {
        if arg.get_id() == FORCE {
            arg = force_in(path, arg);
        }
        if self == Self::Brief {
            let is_global = arg.get_help_heading() == Some(GLOBAL);
            let heading = is_global.then_some("Options of every command (--help shows more)");
            // How it is prepared, the help of its own command shows.
            let prepares = ["mailbox", "answers", "make_answers"];
            let is_elsewhere = path == "activate" && prepares.contains(&arg.get_id().as_str());
            let is_unusual = arg.is_hide_short_help_set() || arg.is_hide_set() || is_elsewhere;
            arg = arg.hide(is_unusual).help_heading(heading);
        }
        let whole = arg.get_long_help().filter(|_| self == Self::Full);
        let help = whole.or_else(|| arg.get_help()).map(ToString::to_string);
        let help = help.unwrap_or_default().replace('`', "");
        let mut paragraphs: Vec<_> = help.split("\n\n").map(String::from).collect();
        let mut values = arg.get_possible_values();
        values.retain(|_| arg.get_action().takes_values());
        let values: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
        if !values.is_empty() {
            paragraphs[0].extend([": ", &values.join(", ")]);
            let brief = self == Self::Brief;
            arg = arg.hide_possible_values(true).hide_default_value(brief);
        }
        arg.hide_short_help(false)
            .long_help(None::<&str>)
            .help(paragraphs.join(". "))
    }
}

/// What stands below the options of a command: explanations, and examples.
pub(crate) fn split_examples(command: &Command) -> (String, String) {
    let text = command.get_after_help().map(ToString::to_string);
    let text = text.unwrap_or_default();
    let (before, examples) = text.rsplit_once("\n\n").unwrap_or(("", &text));
    (before.into(), examples.into())
}

/// `--force` as this command has it.
fn force_in(path: &str, arg: Arg) -> Arg {
    let (what, action) = match path {
        "net set" | "net apply" => ("Send the settings", Action::NetSet),
        "reset import" => ("Send the answer", Action::ImportAnswer),
        "reset prepare" => ("Prepare the device", Action::GuidExport),
        "reset guid export" => ("Export the GUID", Action::GuidExport),
        "reset guid import" => ("Send the GUID", Action::GuidImport),
        "reset questions set" => ("Set the questions", Action::QuestionsSet),
        "reset questions answer" => ("Send the answers", Action::QuestionsAnswer),
        "reset mail set" => ("Set the address", Action::MailSet),
        "reset mail confirm" => ("Send the code", Action::MailConfirm),
        "cloud enable" | "cloud disable" => ("Switch it", Action::CloudSet),
        "cloud code" => ("Set the code", Action::CloudCode),
        "cloud unbind" => ("Unbind", Action::CloudUnbind),
        "deactivate" => ("Deactivate", Action::Deactivate),
        "check" => ("Try the password", Action::Check),
        "cameras" => ("Ask the recorder", Action::Cameras),
        "time show" => ("Try the password", Action::TimeShow),
        "time set" => ("Set the clock", Action::TimeSet),
        "onvif show" => ("Try the password", Action::OnvifShow),
        "onvif on" | "onvif off" => ("Switch ONVIF", Action::OnvifSet),
        "activate" | "reset button" => ("Activate", Action::Activate),
        _ => return arg,
    };
    let mut guards = Guard::of(action);
    match path {
        "net apply" => guards.retain(|guard| *guard != Guard::AddressInUse),
        "onvif off" => guards.retain(|guard| *guard != Guard::WeakPassword),
        "reset prepare" => guards.retain(|guard| *guard != Guard::WayNotOffered),
        "reset button" => guards.push(Guard::WayNotOffered),
        _ => {}
    }
    let meanings = guards.iter();
    let meanings = meanings.map(|it| format!("{} ({})", it.word(), guarded_against(*it)));
    let meanings: Vec<_> = meanings.collect();
    let unnamed = Guard::LIFTED_UNNAMED.map(|guard| guards.contains(&guard).then(|| guard.word()));
    let unnamed: Vec<_> = unnamed.into_iter().flatten().collect();
    let unnamed = if unnamed.is_empty() {
        "Without a WORD it has no effect here".into()
    } else {
        format!("Without a WORD it is {}", unnamed.join(", "))
    };
    let brief = format!("{what} in spite of the check WORD");
    let whole = format!(
        "{brief}, which its message names; may be repeated. WORD is one of {}. {unnamed}",
        meanings.join(", ")
    );
    arg.help(brief).long_help(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &mut Command) {
        let name = command.get_name().to_owned();
        let mut shown = command.clone().term_width(80);
        let lines = shown.render_help().to_string().lines().count();
        assert!(lines <= 24, "{name}: {lines}");
        for arg in command.get_arguments().filter(|it| !it.is_hide_set()) {
            let help = arg.get_help().map(ToString::to_string);
            assert!(help.is_some_and(|it| !it.is_empty()), "{name}: {arg}");
        }
        let is_leaf = !command.has_subcommands();
        let (_, examples) = split_examples(command);
        let example = examples.lines().nth(1);
        let has_example = example.is_some_and(|it| it.contains("sadpctl "));
        assert!(!is_leaf || has_example, "{name}: {examples}");
        let visible = command.get_subcommands_mut().filter(|it| !it.is_hide_set());
        visible.for_each(check);
    }

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn brief_help_fits_a_screen_and_ends_with_examples() {
        let mut command = Detail::Brief.command().disable_help_subcommand(true);
        command.build();
        check(&mut command);
    }
}

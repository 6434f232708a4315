//! What a shell completes: options, closed sets, keys, interfaces, and the devices of the
//! last scan. Nothing is sent, and nothing is written but the candidates.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::Path,
};

use clap::{Arg, Command, CommandFactory};
use clap_complete::{
    ArgValueCompleter, CompletionCandidate,
    engine::complete,
    env::{CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh},
};
use sadp_discovery::interface;
use sadp_model::text::clean;
use sadp_ops::Guard;
use sadp_reset::SiteText;
use sadp_text::select::Key;

use crate::{args::Cli, state};

/// Answers a shell that asks for candidates by the variable `COMPLETE`. Returns whether
/// one did.
pub(crate) fn answer(arguments: &[OsString]) -> Result<bool, clap::Error> {
    if std::env::var_os("COMPLETE").is_none() {
        return Ok(false);
    }
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(grammar)
        .shells(Shells(SHELLS))
        .try_complete(arguments, folder.as_deref())
}

/// The script by which a shell of this name asks.
pub(crate) fn script(shell: &str) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    if let Some(shell) = Shells(SHELLS).completer(shell) {
        shell.write_registration("COMPLETE", "sadpctl", "sadpctl", "sadpctl", &mut script)?;
    }
    if shell == Zsh.name() {
        script.extend_from_slice(ZSH_FIRST_USE);
    }
    Ok(script)
}

/// As a file of completions zsh runs the script when they are first asked for.
const ZSH_FIRST_USE: &[u8] = br#"if [[ $funcstack[1] == _sadpctl ]]; then
    _clap_dynamic_completer_sadpctl "$@"
fi
"#;

const SHELLS: &[&dyn EnvCompleter] = &[&Bash, &Elvish, &Fish, &Powershell, &Zsh];

fn grammar() -> Command {
    with_candidates(Cli::command())
}

fn with_candidates(command: Command) -> Command {
    command
        .mut_args(with_values)
        .mut_subcommands(with_candidates)
}

fn with_values(arg: Arg) -> Arg {
    let values: fn(&str) -> Vec<Candidate> = match arg.get_id().as_str() {
        "interfaces" => interfaces,
        "filter" => conditions,
        "sort" => |_| keys("").collect(),
        "device" | "devices" => devices,
        "zone" => |_| {
            let zones = jiff::tz::db().available();
            zones.map(|it| Candidate::new(it.as_str())).collect()
        },
        "force" => |_| Guard::WORDS.iter().copied().map(Candidate::new).collect(),
        _ => return arg,
    };
    let complete = move |typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let mut candidates = values(typed);
        candidates.retain(|it| it.get_value().to_string_lossy().starts_with(typed));
        candidates
    };
    arg.add(ArgValueCompleter::new(complete))
}

type Candidate = CompletionCandidate;

fn interfaces(_: &str) -> Vec<Candidate> {
    let found = interface::list().unwrap_or_default().into_iter();
    let candidates = found.map(|it| {
        let network = it.network.to_string();
        Candidate::new(it.card()).help(Some(network.into()))
    });
    candidates.collect()
}

/// The last condition of `--where`: its key, or its value where there is a closed set.
fn conditions(typed: &str) -> Vec<Candidate> {
    let start = typed.rfind(',').map_or(0, |comma| comma + 1);
    let (before, last) = typed.split_at(start);
    let value = last.rfind(['=', '|']).map_or(0, |sign| sign + 1);
    let key = last.split(['!', '=']).next().unwrap_or_default();
    let choices = key.parse::<Key>().ok().and_then(|key| key.choices());
    if value == 0 {
        let keys = keys("=").map(|it| it.add_prefix(before));
        return keys.collect();
    }
    let before = &typed[..start + value];
    let choices = choices.unwrap_or_default().iter();
    let candidates = choices.map(|it| Candidate::new(*it).add_prefix(before));
    candidates.collect()
}

fn keys(sign: &str) -> impl Iterator<Item = Candidate> {
    Key::all().map(move |key| Candidate::new(format!("{key}{sign}")))
}

/// The MAC, the address and the name of each device of the last scan, where a shell takes
/// the name as one word; serial and label number where one of them is begun.
fn devices(typed: &str) -> Vec<Candidate> {
    let found = state::last_scan();
    let addresses: Vec<_> = found.iter().filter_map(|it| it.address).collect();
    let is_shared = |address| addresses.iter().filter(|it| **it == address).count() > 1;
    let mut candidates = Vec::new();
    for device in &found {
        let mac = device.mac.map(|mac| mac.to_string());
        let called = device.name.as_ref().map(SiteText::as_str);
        let address = device.address.filter(|it| !is_shared(*it));
        let serial = device.serial.as_ref().filter(|_| !typed.is_empty());
        let names = [
            mac,
            address.map(|it| it.to_string()),
            serial.map(ToString::to_string),
            serial.and_then(|it| it.label()).map(String::from),
            called.map(String::from),
        ];
        let place = device.address.map(|it| it.to_string()).unwrap_or_default();
        let model = device.model.as_deref().unwrap_or_default();
        let help = format!("{} {model} {place}", called.unwrap_or_default());
        let help = clean(help.trim()).into_owned();
        // Text of a device or of a plan goes into a command line.
        let is_plain = |name: &String| {
            let mut chars = name.chars();
            !name.starts_with('-') && chars.all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
        };
        let names = names.into_iter().flatten().filter(is_plain);
        candidates.extend(names.map(|name| Candidate::new(name).help(Some(help.clone().into()))));
    }
    candidates
}

/// Bash, which splits words at `:` and `=`, as in a MAC and in a condition. The line is
/// taken whole, and candidates begin behind the last such sign.
struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == self.name()
    }

    fn write_registration(
        &self,
        variable: &str,
        _: &str,
        program: &str,
        completer: &str,
        script: &mut dyn Write,
    ) -> io::Result<()> {
        write!(
            script,
            r#"_sadpctl() {{
    local IFS=$'\n'
    COMPREPLY=( $({variable}=bash '{completer}' -- "${{COMP_LINE:0:COMP_POINT}}" 2>/dev/null) )
    [[ ${{COMPREPLY-}} == *[=/] ]] && compopt -o nospace
    return 0
}}
complete -o bashdefault -o default -F _sadpctl {program}
"#
        )
    }

    fn write_complete(
        &self,
        command: &mut Command,
        line: Vec<OsString>,
        folder: Option<&Path>,
        candidates: &mut dyn Write,
    ) -> io::Result<()> {
        let line = line.first().map(|line| line.to_string_lossy());
        let line = line.unwrap_or_default().replace(['\'', '"'], "");
        let mut words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        let last = line.rsplit(char::is_whitespace).next().unwrap_or_default();
        if last.is_empty() {
            words.push(OsString::new());
        }
        let typed = last.rfind([':', '=']).map_or(0, |sign| sign + 1);
        let index = words.len().saturating_sub(1);
        for candidate in complete(command, words, index, folder)? {
            let value = candidate.get_value().to_string_lossy();
            writeln!(candidates, "{}", value.get(typed..).unwrap_or_default())?;
        }
        Ok(())
    }
}

//! Options of commands that change devices.

use std::{path::PathBuf, time::Duration};

use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Subcommand, ValueEnum};
use sadp_ops::{
    DeviceName, Guard, LedgerAccess, Overrides, check::HttpAccess, verify::Verification,
};
use sadp_text::select::Filter;
use secrecy::SecretString;

use super::{
    AskArgs, DeviceArgs, HttpArgs, PreparationArgs, TransportArgs,
    values::{duration, switch},
};
use crate::{failure::Failure, terminal::Terminal};

/// Which devices a command is for.
#[derive(Args, Debug)]
pub(crate) struct ChoiceArgs {
    /// Each by its serial, label number, MAC or IPv4 address
    ///
    /// Also by the last four characters or more of serial or MAC, where nothing is
    /// changed without a question
    #[arg(value_name = "DEVICE", required_unless_present = "all")]
    pub(crate) devices: Vec<DeviceName>,

    /// All devices found
    #[arg(long, conflicts_with = "devices")]
    pub(crate) all: bool,

    /// Of all, only these, e.g. model~DS-2CD
    ///
    /// As for scan
    #[arg(long = "where", value_name = "EXPR", requires = "all")]
    pub(crate) filter: Option<Filter>,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// How devices are changed.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct ChangeArgs {
    /// Do not ask before anything is sent
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Send nothing; show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) force: ForceArgs,
}

impl ChangeArgs {
    /// The guards that are lifted.
    pub(crate) fn overrides(self) -> Overrides {
        if self.yes || self.dry_run || !Terminal::can_ask() {
            self.force.overrides
        } else {
            self.force.overrides.asking_after_refusals()
        }
    }

    /// What the operation needs of the ledger.
    pub(crate) const fn access(self) -> LedgerAccess {
        if self.dry_run {
            LedgerAccess::Read
        } else {
            LedgerAccess::Write
        }
    }
}

/// `--force`, with or without a guard's word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ForceArgs {
    /// The guards that are lifted.
    pub(crate) overrides: Overrides,
    /// Whether it is given, with whatever word.
    pub(crate) is_given: bool,
}

/// The option's name. Its help depends on the command: see `help`.
pub(super) const FORCE: &str = "force";

impl Args for ForceArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let force = Arg::new(FORCE)
            .long(FORCE)
            .value_name("WORD")
            .action(ArgAction::Append)
            .num_args(0..=1)
            .default_missing_value("")
            .value_parser(guards);
        command.arg(force)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ForceArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut force = Self::default();
        force.update_from_arg_matches(matches)?;
        Ok(force)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let given = matches.get_many::<Vec<Guard>>(FORCE);
        self.is_given |= given.is_some();
        for &guard in given.into_iter().flatten().flatten() {
            self.overrides = self.overrides.with(guard);
        }
        Ok(())
    }
}

/// The guards that a word of `--force` lifts.
fn guards(word: &str) -> Result<Vec<Guard>, String> {
    if word.is_empty() {
        return Ok(Guard::LIFTED_UNNAMED.into());
    }
    word.parse().map(|guard| vec![guard]).map_err(|_| {
        let words = Guard::WORDS.join(", ");
        format!("write one of {words}; a --force without a word stands at the end")
    })
}

/// Where the current password comes from.
#[derive(Args, Debug)]
pub(crate) struct PasswordArgs {
    /// Read the current password from this file
    ///
    /// F is - for a line of standard input. Without it `SADPCTL_PASSWORD` is used, or it is
    /// asked for
    #[arg(long, value_name = "F")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Where a new password comes from.
#[derive(Args, Debug)]
pub(crate) struct NewPasswordArgs {
    /// Read the new password from this file
    ///
    /// F is - for a line of standard input. Without it `SADPCTL_NEW_PASSWORD` is used, or it is
    /// asked for twice
    #[arg(long, value_name = "F")]
    pub(crate) new_password_file: Option<PathBuf>,
}

/// Whether a new password is tried.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct VerifyArgs {
    /// Then try the new password over HTTP, once
    ///
    /// As check --login does, on each device that took it or may have. Where no reply came,
    /// that shows whether it was set
    #[arg(long)]
    pub(crate) verify: bool,

    #[command(flatten)]
    transport: TransportArgs,
}

impl VerifyArgs {
    /// How devices are reached then.
    pub(crate) fn access(self) -> Result<HttpAccess, Failure> {
        if self.transport.is_given() && !self.verify {
            let message = "--http and --https-port are for the login of --verify";
            return Err(Failure::usage(message).hint("add --verify; nothing was sent"));
        }
        Ok(self.transport.access())
    }

    /// The trial, where one is wanted.
    pub(crate) fn verification<'a>(
        self,
        password: &'a SecretString,
        access: &'a HttpAccess,
    ) -> Option<Verification<'a>> {
        self.verify.then_some(Verification { password, access })
    }
}

/// `activate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Devices that have a password already are skipped. The password is checked by
the vendor's rules first, and every device is asked afterwards what became of it.

Examples:
  sadpctl activate 44:47:cc:1d:6d:13
  sadpctl activate 192.168.1.64 --via http
  sadpctl activate --all --where model~DS-2CD --new-password-file pass.txt --yes")]
pub(crate) struct ActivateArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// How the password is sent
    ///
    /// http is for a device that does not answer SADP: name it by its address
    #[arg(hide_short_help = true, long, value_enum, default_value_t)]
    pub(crate) via: ActivationVia,

    /// Then prepare recovery, as reset prepare does
    #[arg(long)]
    pub(crate) prepare: bool,
    #[command(flatten)]
    pub(crate) preparation: PreparationArgs,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,
    #[command(flatten)]
    pub(crate) verify: VerifyArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,

    /// At most N devices at once
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    #[command(flatten)]
    pub(crate) settle: SettleArgs,
}

/// How a first password is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ActivationVia {
    #[default]
    Sadp,
    Http,
}

/// How long silence is looked into.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct SettleArgs {
    /// Look at silent devices again for this long
    ///
    /// A command is sent again where nothing was changed and that costs no try; 0s sends
    /// each once
    #[arg(hide_short_help = true, long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) settle: Duration,
}

/// `locate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without on or off the lamp is switched on, and off again after a while, or at
once on Ctrl-C.

Examples:
  sadpctl locate 44:47:cc:1d:6d:13
  sadpctl locate 44:47:cc:1d:6d:13 --for 5m
  sadpctl locate 44:47:cc:1d:6d:13 off")]
pub(crate) struct LocateArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    /// Switch the lamp on or off, and leave it so
    #[arg(value_name = "on|off", conflicts_with = "duration", value_parser = switch)]
    pub(crate) lamp: Option<bool>,

    /// How long the lamp blinks, an hour at most
    #[arg(long = "for", id = "duration", value_name = "DURATION", default_value = "30s", value_parser = blink_time)]
    pub(crate) duration: Duration,

    /// Accepted and ignored: nothing is asked
    #[arg(short, long, hide = true)]
    pub(crate) yes: bool,

    /// Send nothing; show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Asks each device over HTTP whether it is activated, whether it takes logins from this
computer, and how many tries are left. That costs no try and needs no password.

With --login the current password is tried once on each device: one after the other until
two accepted it, then several at once. A refusal ends what has not begun, and a device that
is locked or has one try left gets none.

Examples:
  sadpctl check --all
  sadpctl check 192.168.1.64 --login")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Try the current password once on each device
    #[arg(long)]
    pub(crate) login: bool,

    /// Then read model, firmware, clock and discovery mode
    ///
    /// With a login each, once the first was accepted
    #[arg(long, requires = "login")]
    pub(crate) details: bool,

    #[command(flatten)]
    pub(crate) http: HttpArgs,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,

    /// Send nothing over HTTP; show which devices would be asked
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) force: ForceArgs,
}

/// Reads how long a lamp blinks.
fn blink_time(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_hours(1);
    let time = duration(text).ok();
    time.filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| "write a time such as 30s or 5m, up to an hour".into())
}

/// `cloud`.
#[derive(Debug, Subcommand)]
pub(crate) enum CloudCommand {
    /// Show whether Hik-Connect is on and the device is bound; no password
    #[command(after_help = "Example:\n  sadpctl cloud show 192.168.1.64")]
    Show(DeviceArgs),
    /// Switch Hik-Connect on
    #[command(after_help = "Example:\n  sadpctl cloud enable 44:47:cc:1d:6d:13")]
    Enable(OwnerArgs),
    /// Switch Hik-Connect off
    #[command(after_help = "Example:\n  sadpctl cloud disable 44:47:cc:1d:6d:13")]
    Disable(OwnerArgs),
    /// Set the verification code that adds a device to a Hik-Connect account
    Code(CloudCodeArgs),
    /// Unbind a device from its Hik-Connect account
    #[command(after_help = "Example:\n  sadpctl cloud unbind 44:47:cc:1d:6d:13")]
    Unbind(OwnerArgs),
}

/// One device, changed by its current password.
#[derive(Args, Debug)]
pub(crate) struct OwnerArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `cloud code`.
#[derive(Args, Debug)]
#[command(after_help = "\
A code has at most 12 letters and digits; the device checks the rest of its
rules.

Example:
  sadpctl cloud code 44:47:cc:1d:6d:13 --code-file code.txt")]
pub(crate) struct CloudCodeArgs {
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,

    /// Read the code from this file
    ///
    /// F is - for a line of standard input. Without it, it is asked for twice
    #[arg(long, value_name = "F")]
    pub(crate) code_file: Option<PathBuf>,
}

/// What `deactivate` deletes.
pub(super) const DEACTIVATE_HELP: &str = "\
The device deletes its password, security questions and e-mail address; GUIDs
exported from it become void. The current password is needed. You are asked to
type the serial number again; with --yes, DEVICE must be the full serial number.

Example:
  sadpctl deactivate DS-2CD2143G0-I20190801AAWRD12345678 --yes";

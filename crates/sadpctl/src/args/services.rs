//! `cameras`, `time` and `onvif`: what is behind a login over HTTP; and how devices are
//! reached there.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sadp_ops::{
    check::{BasicLogin, CertificateFingerprint, HttpAccess},
    onvif::{OnvifLevel, OnvifSettings, WantedOnvifUser},
    time::{ClockSource, NamedZone, NtpHost, TimeSettings},
};

use super::{
    ChangeArgs, ChoiceArgs, ForceArgs, PasswordArgs,
    values::{ntp_host, onvif_user, time_zone},
};
use crate::failure::Failure;

/// By which transport devices are asked.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct TransportArgs {
    /// Use HTTP alone, also where a device has HTTPS
    ///
    /// For devices whose HTTPS is too old. The password goes as an answer to a challenge
    #[arg(hide_short_help = true, long)]
    http: bool,

    /// The port of HTTPS; devices do not report it
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = HttpAccess::HTTPS_PORT, conflicts_with = "http", value_parser = clap::value_parser!(u16).range(1..))]
    https_port: u16,
}

impl TransportArgs {
    /// Whether any of it is given.
    pub(crate) const fn is_given(self) -> bool {
        self.http || self.https_port != HttpAccess::HTTPS_PORT
    }

    /// What is chosen, without Basic.
    pub(crate) fn access(self) -> HttpAccess {
        HttpAccess {
            http_only: self.http,
            https_port: self.https_port,
            ..HttpAccess::default()
        }
    }
}

/// How devices are reached over HTTP.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct HttpArgs {
    #[command(flatten)]
    transport: TransportArgs,

    /// Take this certificate of one device from now on
    ///
    /// Its SHA-256, as a run says that found another certificate than before
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FINGERPRINT",
        conflicts_with = "http"
    )]
    accept_certificate: Option<CertificateFingerprint>,

    /// Send the password itself where one device offers nothing else
    ///
    /// Over HTTP everybody in the network can read it
    #[arg(hide_short_help = true, long)]
    allow_basic: bool,
}

impl HttpArgs {
    /// What is chosen, for a command that names so many devices. Two of the options lower
    /// what protects a password, so they are for one device and for logins alone.
    pub(crate) fn access(self, logs_in: bool, named: usize) -> Result<HttpAccess, Failure> {
        let lowering = [
            ("--accept-certificate", self.accept_certificate.is_some()),
            ("--allow-basic", self.allow_basic),
        ];
        for (option, _) in lowering.iter().filter(|(_, given)| *given) {
            if !logs_in {
                let message = format!("{option} is for logins alone");
                return Err(Failure::usage(message).hint("add --login"));
            }
            if named != 1 {
                let message = format!("{option} is for one device");
                return Err(Failure::usage(message)
                    .hint("name the device, and run it for one after the other"));
            }
        }
        Ok(HttpAccess {
            basic: if self.allow_basic {
                BasicLogin::Allow
            } else {
                BasicLogin::Refuse
            },
            accept: self.accept_certificate,
            ..self.transport.access()
        })
    }
}

/// Devices that are asked with a login, or changed: with [`ChangeArgs`].
#[derive(Args, Debug)]
pub(crate) struct LoginArgs<C: Args = ReadArgs> {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,

    #[command(flatten)]
    pub(crate) change: C,

    #[command(flatten)]
    pub(crate) http: HttpArgs,
}

/// Options of a command that asks without changing anything.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ReadArgs {
    /// Send nothing over HTTP; show which devices would be asked
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    force: ForceArgs,
}

/// There is no question before it. Turn [`ReadArgs`] into a `Purpose` by themselves: it is
/// another than that of a change.
impl From<ReadArgs> for ChangeArgs {
    fn from(ReadArgs { dry_run, force }: ReadArgs) -> Self {
        Self {
            yes: true,
            dry_run,
            force,
        }
    }
}

/// The help of `cameras`.
pub(super) const CAMERAS_HELP: &str = "\
Asks a recorder over HTTP, with its current password, which camera each channel is
to show, whether it is online and why not, and which cameras the recorder finds in
its own network, e.g. at its PoE ports. The password is tried once; nothing is
changed. audit and report then list cameras that SADP cannot see from here.

Examples:
  sadpctl cameras 192.168.1.100
  sadpctl cameras --all --out cameras.xlsx";

/// `time`.
#[derive(Debug, Subcommand)]
pub(crate) enum TimeCommand {
    /// Show the clock, its zone and what sets it
    #[command(after_help = "\
How far a clock is off is measured by this computer's clock, which has to be right.

Example:
  sadpctl time show --all")]
    Show(Box<LoginArgs>),
    /// Set time server, time zone or clock
    Set(Box<TimeSetArgs>),
}

/// `time set`.
#[derive(Args, Debug)]
#[command(
    override_usage = "sadpctl time set [OPTIONS] <DEVICE>... --ntp <HOST>|--zone <ZONE>|--now",
    after_help = "\
With --ntp the time server sets the clock from then on. With --zone alone, what
sets the clock stays as it is. With --now the clock gets the time of this
computer, once, and no time server sets it. --now and --ntp exclude each other;
--zone goes with both. The device's port, interval and other time servers stay
as they are, and what is so already is not written.

Zones whose changes devices cannot be told, such as Africa/Casablanca, are
refused. A time server takes minutes to set a clock: see time show.

Example:
  sadpctl time set --all --ntp 192.168.1.1 --zone Europe/Berlin"
)]
pub(crate) struct TimeSetArgs {
    #[command(flatten)]
    pub(crate) wanted: WantedTimeArgs,

    #[command(flatten)]
    pub(crate) change: LoginArgs<ChangeArgs>,
}

/// What is set of a clock.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct WantedTimeArgs {
    /// The time server that sets the clock from then on
    ///
    /// By its name or address
    #[arg(long, value_name = "HOST", value_parser = ntp_host, conflicts_with = "now")]
    pub(crate) ntp: Option<NtpHost>,

    /// The time zone, e.g. Europe/Berlin
    ///
    /// Daylight saving comes with it
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub(crate) zone: Option<NamedZone>,

    /// Set the clock to the time of this computer, by hand
    #[arg(long)]
    pub(crate) now: bool,
}

impl WantedTimeArgs {
    pub(crate) fn settings(&self) -> TimeSettings {
        let ntp = self.ntp.clone().map(ClockSource::Ntp);
        TimeSettings {
            source: ntp.or_else(|| self.now.then_some(ClockSource::ThisComputer)),
            zone: self.zone.clone(),
        }
    }
}

/// `onvif`.
#[derive(Debug, Subcommand)]
pub(crate) enum OnvifCommand {
    /// Show whether ONVIF is on, and its users
    #[command(after_help = "Example:\n  sadpctl onvif show --all")]
    Show(LoginArgs),
    /// Switch ONVIF on, and add a user or set its password
    On(Box<OnvifOnArgs>),
    /// Switch ONVIF off
    #[command(after_help = "\
Recorders and programs that get the picture by ONVIF lose it. The users stay.

Example:
  sadpctl onvif off 192.168.1.64")]
    Off(LoginArgs<ChangeArgs>),
}

/// `onvif on`.
#[derive(Args, Debug)]
#[command(after_help = "\
The users of ONVIF are not those of the device. A user of this name gets the
password; where there is none, one is added. The password is sent encrypted,
and as it is where the firmware takes it in no other way.

Example:
  sadpctl onvif on --all --user vms --user-password-file vms.txt")]
pub(crate) struct OnvifOnArgs {
    /// The user of ONVIF to add or change
    #[arg(long, value_name = "NAME", value_parser = onvif_user)]
    pub(crate) user: Option<Box<str>>,

    /// Its type
    ///
    /// By default a user who is there keeps it, and a new one is an operator
    #[arg(long, value_name = "TYPE", value_enum, requires = "user")]
    pub(crate) user_type: Option<OnvifUserType>,

    /// Read the user's password from this file
    ///
    /// F is - for a line of standard input. Without it, it is asked for twice
    #[arg(long, value_name = "F", requires = "user")]
    pub(crate) user_password_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) change: LoginArgs<ChangeArgs>,
}

impl OnvifOnArgs {
    pub(crate) fn settings(&self) -> OnvifSettings {
        let level = self.user_type.map(|it| match it {
            OnvifUserType::Operator => OnvifLevel::Operator,
            OnvifUserType::Administrator => OnvifLevel::Administrator,
            OnvifUserType::MediaUser => OnvifLevel::MediaUser,
        });
        let user = self.user.clone();
        OnvifSettings {
            enable: true,
            user: user.map(|name| WantedOnvifUser { name, level }),
        }
    }
}

/// What a user of ONVIF may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OnvifUserType {
    /// Watch, and move cameras
    Operator,
    /// Everything
    Administrator,
    /// Watch
    #[value(name = "mediaUser")]
    MediaUser,
}

//! The command line's grammar.

mod change;
mod help;
mod net;
mod reset;
mod services;
#[cfg(feature = "sim")]
mod sim;
mod site;
mod usage;
mod values;
mod watch;
#[cfg(feature = "web")]
mod web;

use std::{ffi::OsString, net::Ipv4Addr, path::PathBuf, time::Duration};

use clap::{
    Args, FromArgMatches, Parser, Subcommand,
    builder::Resettable,
    error::{ContextKind, ContextValue},
};
use sadp_ops::DeviceName;
use sadp_proto::{HostRange, StopCondition};
use sadp_text::select::{Filter, Key};

#[cfg(feature = "sim")]
pub(crate) use self::sim::{SimCommand, SimRunArgs, SimVendorArgs};
#[cfg(feature = "web")]
pub(crate) use self::web::WebArgs;
pub(crate) use self::{
    change::{
        ActivateArgs, ActivationVia, ChangeArgs, CheckArgs, ChoiceArgs, CloudCommand, ForceArgs,
        LocateArgs, NewPasswordArgs, OwnerArgs, PasswordArgs, SettleArgs, VerifyArgs,
    },
    help::{Detail, EXIT_CODES, split_examples},
    net::{NetApplyArgs, NetCommand, NetPlanArgs, NetSetArgs, WantedArgs},
    reset::{
        AnswersArgs, App, AppArgs, ButtonArgs, CasesArgs, CasesCommand, ExportArgs, GuidCommand,
        GuidExportArgs, GuidImportArgs, ImportArgs, MailCommand, MailConfirmArgs, MailQrArgs,
        MailSetArgs, PreparationArgs, PrepareArgs, QuestionsAnswerArgs, QuestionsCommand,
        QuestionsSetArgs, QuestionsShowArgs, ResetCommand, SecretResetArgs, WaysArgs,
    },
    services::{
        HttpArgs, LoginArgs, OnvifCommand, OnvifOnArgs, ReadArgs, TimeCommand, TransportArgs,
    },
    site::{AuditArgs, ContactArgs, NameArgs, ReportArgs},
    values::{LinkLayerMode, mailbox, mask, switch},
    watch::WatchArgs,
};
use crate::{
    failure::Failure,
    output::{self, Format, Row},
    terminal::{Color, Terminal},
};

/// Finds Hikvision-style cameras and recorders on a LAN, and sets them up.
///
/// Shows what each device is and whether it is activated, by SADP. Commands
/// that change a device show what they will do and ask first.
#[derive(Debug, Parser)]
#[command(
    name = "sadpctl",
    version,
    after_help = "Try it without any device: sadpctl demo. All commands: sadpctl --help",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Parses a command line, the name of the program first.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let mut cli = Self::parse_from(arguments).or_else(|error| {
            let arguments = with_ways(arguments, &error).ok_or(error)?;
            Self::parse_from(&arguments)
        })?;
        if let Command::Scan(args) = &mut cli.command {
            args.ask.reach.targets.append(&mut args.targets);
        }
        Ok(cli)
    }

    fn parse_from(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let detail = Detail::asked_by(arguments);
        if detail.is_none()
            && let Ok(cli) = Self::parse_by(help::grammar(), arguments)
        {
            return Ok(cli);
        }
        let mut command = detail.unwrap_or(Detail::Brief).command();
        // With a value from the environment clap does not show the help.
        if arguments.len() <= 1 {
            command = command.mut_arg("state", |arg| arg.env(Resettable::Reset));
        }
        Self::parse_by(command, arguments)
    }

    fn parse_by(mut command: clap::Command, arguments: &[OsString]) -> Result<Self, clap::Error> {
        let mut matches = command.try_get_matches_from_mut(arguments)?;
        let parsed = Self::from_arg_matches_mut(&mut matches);
        parsed.map_err(|error| error.format(&mut command))
    }
}

/// `reset DEVICE` as `reset ways DEVICE`.
fn with_ways(arguments: &[OsString], error: &clap::Error) -> Option<Vec<OsString>> {
    /// Shorter endings and words of ours have fewer digits.
    const DIGITS_OF_A_DEVICE: usize = 3;
    let Some(ContextValue::String(device)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let digits = device.chars().filter(char::is_ascii_digit).count();
    let place = arguments.iter().position(|it| it == device.as_str())?;
    let is_reset = arguments.get(place.checked_sub(1)?)? == "reset";
    let mut arguments = arguments.to_vec();
    arguments.insert(place, "ways".into());
    (is_reset && digits >= DIGITS_OF_A_DEVICE).then_some(arguments)
}

/// What a command is given besides its own arguments.
pub(crate) struct Context<'a> {
    pub(crate) global: &'a GlobalArgs,
    pub(crate) terminal: &'a mut Terminal,
}

impl Context<'_> {
    /// Prints a list.
    pub(crate) fn print<R: Row>(&mut self, rows: &[R]) -> Result<(), Failure> {
        output::print(rows, self.global.format, self.terminal)
    }

    /// The same, to be given back.
    pub(crate) fn reborrow(&mut self) -> Context<'_> {
        let (global, terminal) = (self.global, &mut *self.terminal);
        Context { global, terminal }
    }
}

const GLOBAL: &str = "Options of every command";

const FINDING: &str = "Finding devices";

/// Options of every command.
#[derive(Args, Debug, Default)]
pub(crate) struct GlobalArgs {
    /// Use this interface only, by name or IPv4 address
    ///
    /// May be repeated. By default every one that is up, has IPv4 and is not
    /// loopback
    #[arg(short, long = "interface", value_name = "IFACE", global = true, help_heading = GLOBAL)]
    pub(crate) interfaces: Vec<String>,

    /// Print as
    #[arg(long, value_enum, default_value_t, global = true, help_heading = GLOBAL)]
    pub(crate) format: Format,

    /// Write the list into this new file, not to stdout
    ///
    /// Its ending chooses the format: .csv, .json, .ndjson, .xml, .xlsx or .txt
    #[arg(hide_short_help = true, long, value_name = "FILE", global = true, help_heading = GLOBAL)]
    pub(crate) out: Option<PathBuf>,

    /// Keep locks and the record of commands sent in this folder
    ///
    /// By default a folder of this user's own data
    #[arg(hide_short_help = true, long, value_name = "DIR", env = "SADPCTL_STATE", hide_env_values = true, global = true, help_heading = GLOBAL)]
    pub(crate) state: Option<PathBuf>,

    /// Wait so long for another run that changes devices with this state folder
    #[arg(hide_short_help = true, long, value_name = "DURATION", default_value = "30s", value_parser = values::duration, global = true, help_heading = GLOBAL)]
    pub(crate) lock_wait: Duration,

    /// Print more of what happens, on stderr; may be repeated
    #[arg(hide_short_help = true, short, long, action = clap::ArgAction::Count, global = true, help_heading = GLOBAL)]
    pub(crate) verbose: u8,

    /// Print results, warnings and errors only
    #[arg(hide_short_help = true, short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Use colours
    ///
    /// `NO_COLOR` turns them off, too
    #[arg(hide_short_help = true, long, value_enum, default_value_t, value_name = "WHEN", global = true, help_heading = GLOBAL)]
    pub(crate) color: Color,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find all devices on the network
    #[command(aliases = ["list", "ls", "discover"])]
    Scan(ScanArgs),
    /// Keep a live list: what comes, goes and changes
    Watch(WatchArgs),
    #[cfg(feature = "web")]
    /// Serve a page in the browser that does all this by mouse
    Web(WebArgs),
    /// Show all that is known of one device
    #[command(
        after_help = "Examples:\n  sadpctl show 192.168.1.64\n  sadpctl show 1815 --format json"
    )]
    Show(DeviceArgs),
    /// Give unactivated devices their first password
    Activate(ActivateArgs),
    /// Network settings: of one device, and of many by a plan
    #[command(subcommand)]
    Net(NetCommand),
    /// Reset a forgotten password
    #[command(subcommand)]
    Reset(ResetCommand),
    /// Ask devices over HTTP: activated, locked, is the password right
    Check(CheckArgs),
    /// List the cameras behind a recorder, and why they are offline
    #[command(after_help = services::CAMERAS_HELP)]
    Cameras(LoginArgs),
    /// Clocks of devices: time, time zone, time server
    #[command(subcommand)]
    Time(TimeCommand),
    /// Switch ONVIF on and off, and set its user
    #[command(subcommand)]
    Onvif(OnvifCommand),
    /// Blink a device's lamp for a while, to find it in a rack
    Locate(LocateArgs),
    /// Show and change the Hik-Connect settings of a device
    #[command(subcommand)]
    Cloud(CloudCommand),
    /// Show which devices can be recovered, and what needs attention
    Audit(AuditArgs),
    /// Write a page about the site to hand over, or labels for devices
    Report(ReportArgs),
    /// Write down who asks the vendor's support: contact.toml
    Contact(ContactArgs),
    /// Name a device, and say where it is; without DEVICE list the names
    Name(NameArgs),
    /// Delete the password of one device: it is unactivated then
    #[command(after_help = change::DEACTIVATE_HELP)]
    Deactivate(OwnerArgs),
    /// Explain why nothing, or too little, is found; changes nothing
    Doctor(DoctorArgs),
    /// Read devices from a file: replies, hex or a capture
    Decode(DecodeArgs),
    #[cfg(feature = "sim")]
    /// Scan a simulated site on this computer; touches no network
    #[command(after_help = "Example:\n  sadpctl demo")]
    Demo(ListArgs),
    #[cfg(feature = "sim")]
    /// Simulated devices
    #[command(subcommand)]
    Sim(SimCommand),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them into a folder
    Man(ManArgs),
    /// Print every message of the program, by source file
    #[command(hide = true)]
    Messages,
}

/// What `--out` means for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutOption {
    /// The file for its list.
    List,
    /// Something of its own.
    Own,
    /// Nothing.
    Nothing,
}

impl Command {
    pub(crate) fn out_option(&self) -> OutOption {
        match self {
            Self::Report(_)
            | Self::Decode(_)
            | Self::Man(_)
            | Self::Reset(ResetCommand::Export(_)) => OutOption::Own,
            #[cfg(feature = "sim")]
            Self::Sim(SimCommand::Vendor(_)) => OutOption::Own,
            Self::Watch(_) | Self::Contact(_) | Self::Completions(_) | Self::Messages => {
                OutOption::Nothing
            }
            #[cfg(feature = "web")]
            Self::Web(_) => OutOption::Nothing,
            #[cfg(feature = "sim")]
            Self::Demo(_) | Self::Sim(_) => OutOption::Nothing,
            _ => OutOption::List,
        }
    }
}

/// `scan`.
#[derive(Args, Debug)]
#[command(mut_arg("wait", |arg| arg.hide_short_help(false)), after_help = "\
Examples:
  sadpctl scan
  sadpctl scan -i eth0 --where state=unactivated
  sadpctl scan --target 10.20.0.0/24 --format csv > devices.csv")]
pub(crate) struct ScanArgs {
    /// Ask these addresses, too: the same as --target
    #[arg(id = "TARGET", value_name = "IP|CIDR|IP-IP")]
    pub(crate) targets: Vec<HostRange>,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// How to find devices.
#[derive(Args, Debug)]
pub(crate) struct AskArgs {
    /// How long to listen, e.g. 3s
    ///
    /// auto ends when asking again brings nothing new
    #[arg(help_heading = FINDING, hide_short_help = true, long, value_name = "DURATION|auto", default_value = "auto", value_parser = values::wait)]
    pub(crate) wait: StopCondition,

    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Where to look for devices.
#[derive(Args, Debug)]
pub(crate) struct ReachArgs {
    /// Ask this address, or each of this network or range, as well
    ///
    /// For routed networks; may be repeated
    #[arg(help_heading = FINDING, hide_short_help = true, long = "target", value_name = "IP|CIDR|IP-IP")]
    pub(crate) targets: Vec<HostRange>,

    /// Ask at most N addresses per second
    #[arg(help_heading = FINDING, hide_short_help = true, long, value_name = "N", default_value_t = sadp_proto::Sweep::DEFAULT_RATE, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,

    /// Ask by subnet broadcast as well: for networks that drop multicast
    #[arg(help_heading = FINDING, hide_short_help = true, long)]
    pub(crate) broadcast: bool,

    /// Use raw Ethernet frames as well, by which alone old devices answer
    ///
    /// auto does where it is permitted
    #[arg(help_heading = FINDING, hide_short_help = true, long, value_enum, value_name = "MODE", default_value_t)]
    pub(crate) link_layer: LinkLayerMode,

    #[command(flatten)]
    pub(crate) group: GroupArgs,
}

/// Where devices listen. For simulated sites beside real ones.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct GroupArgs {
    /// The multicast group devices listen on
    #[arg(help_heading = FINDING, long, value_name = "IP", default_value_t = sadp_proto::GROUP, value_parser = values::multicast_group, hide_short_help = true)]
    pub(crate) group: Ipv4Addr,

    /// The UDP port devices listen on
    #[arg(help_heading = FINDING, long, value_name = "PORT", default_value_t = sadp_proto::PORT, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub(crate) port: u16,
}

/// Whether to keep a record.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// Write what is sent and received into this new file
    ///
    /// It is a capture that decode and packet analysers read
    #[arg(hide_short_help = true, long, value_name = "FILE.pcapng")]
    pub(crate) record: Option<PathBuf>,
}

/// Which devices to list, and how.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// List only these, e.g. state=inactive,kind=nvr
    ///
    /// All of these have to hold: key=value, key=one|other, key!=value, key~part,
    /// key!~part, key<value, key>value, joined by commas. Keys are those of the
    /// JSON form, and ip, sn, fw, dhcp, e.g. 'ip~192.168,fw<5.5'
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) filter: Option<Filter>,

    /// Sort by this key of the JSON form, e.g. mac
    ///
    /// By default unactivated devices come first, then by address
    #[arg(long, value_name = "KEY")]
    pub(crate) sort: Option<Key>,

    /// The vendor tool's 24 columns, and three of our own
    #[arg(long)]
    pub(crate) wide: bool,
}

/// The one device that a command is for.
#[derive(Args, Debug)]
pub(crate) struct DeviceArgs {
    /// Its serial, label number, MAC or IPv4 address
    ///
    /// Also the last four characters or more of serial or MAC, where nothing is changed
    /// without a question, or its URL
    pub(crate) device: DeviceName,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// `doctor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Looks at this computer's cards, the port, the multicast group, filters,
firewalls and privileges, scans once, and shows what may hide devices, each
with its remedy. A test datagram to the group on each card stays within this
machine. Run as root it sees more: the rules of firewalls, and which program
holds the port.

Exit code 0 without a problem, warnings or not; 1 with one; 5 if it could not
look.

Examples:
  sudo sadpctl doctor
  sadpctl doctor -i eth0 --format json | jq '.[] | select(.verdict != \"ok\")'")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
}

/// `decode`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads, told apart by content:
  pcap and pcapng captures with SADP on UDP: Ethernet, VLAN, Linux cooked,
    loopback and raw IP, fragments included; and frames of type 0x8033
  XML: one or more documents, as devices send them
  what people paste: tcpdump -x, -X and -XX, Wireshark's plain text with bytes,
    xxd, hexdump -C, one packet or several; hex alone, with or without spaces;
    XML whose markup a web page escaped. Bytes may begin with a link-layer, IP
    or UDP header, or with the XML

A file that ends early is read as far as it goes, with a warning; exit code 0
if it held a message, else 2. Exit code 2 as well for a file of another kind,
3 if no device is in it, 5 if it cannot be read.

Examples:
  sadpctl decode site.pcapng
  tcpdump -Xr site.pcap | sadpctl decode - --format json
  sadpctl decode site.pcapng --redact --out report.pcapng")]
pub(crate) struct DecodeArgs {
    /// The file; - for standard input
    pub(crate) file: PathBuf,

    /// Print message by message, not the devices
    #[arg(long, conflicts_with_all = ["filter", "sort", "wide"])]
    pub(crate) messages: bool,

    /// Replace serials and addresses, blank secrets
    ///
    /// To attach it to a report. Each serial number, MAC and IP address is always
    /// replaced by the same other
    #[arg(long)]
    pub(crate) redact: bool,

    /// Write the redacted messages into this new capture
    #[arg(long, value_name = "FILE.pcapng", requires = "redact")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  source <(sadpctl completions bash)")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// `man`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  sadpctl man | man -l -
  sadpctl man --out ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use ipnet::Ipv4Net;
use sadp_ops::network::{Settings, read_account};
use sadp_proto::seal::UpdateDigest;
use sadp_text::select::Filter;

use super::{
    AskArgs, ChangeArgs, DeviceArgs, PasswordArgs, SettleArgs,
    values::{address_in_network, duration, mask, switch},
};

/// `net`.
#[derive(Debug, Subcommand)]
pub(crate) enum NetCommand {
    /// Show a device's network settings
    #[command(after_help = "Example:\n  sadpctl net show 192.168.1.64")]
    Show(DeviceArgs),
    /// Change a device's network settings
    Set(Box<NetSetArgs>),
    /// Plan new addresses for many devices, as CSV to look over and change
    Plan(NetPlanArgs),
    /// Give devices the settings of a plan
    Apply(Box<NetApplyArgs>),
}

/// `net set`.
#[derive(Args, Debug)]
#[command(
    override_usage = "sadpctl net set [OPTIONS] <DEVICE> --ip <IP>...",
    after_help = "\
What is not given stays as it is. Needs the device's current password. After a
wrong one nothing is sent again; after silence only where the password is known
to be the device's.

Examples:
  sadpctl net set 44:47:cc:1d:6d:13 --ip 192.168.1.101
  sadpctl net set 192.168.1.64 --ip 10.0.0.9/24 --gateway 10.0.0.1"
)]
pub(crate) struct NetSetArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    #[command(flatten)]
    pub(crate) wanted: WantedArgs,

    #[command(flatten)]
    pub(crate) change: NetChangeArgs,
}

/// The settings wanted.
#[derive(Args, Clone, Copy, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct WantedArgs {
    /// The new IPv4 address, also with its mask: 10.0.0.5/24
    #[arg(long, value_name = "IP", value_parser = address_in_network)]
    pub(crate) ip: Option<Ipv4Net>,

    /// The subnet mask, e.g. 255.255.255.0 or 24
    #[arg(hide_short_help = true, long, value_name = "MASK", value_parser = mask)]
    pub(crate) mask: Option<Ipv4Addr>,

    /// The default gateway, or none
    #[arg(long, value_name = "IP|none", value_parser = gateway)]
    pub(crate) gateway: Option<Ipv4Addr>,

    /// Whether the address comes from a DHCP server
    #[arg(long, value_name = "on|off", value_parser = switch, action = clap::ArgAction::Set)]
    pub(crate) dhcp: Option<bool>,

    /// The port of the web page
    #[arg(hide_short_help = true, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) http_port: Option<u16>,

    /// The port of the vendor's SDK
    #[arg(hide_short_help = true, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) sdk_port: Option<u16>,
}

/// What `net set` and `net apply` share.
#[derive(Args, Debug)]
pub(crate) struct NetChangeArgs {
    #[command(flatten)]
    pub(crate) password: PasswordArgs,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,

    /// The account of the password, where the device does not report it
    ///
    /// By default admin
    #[arg(hide_short_help = true, long, value_name = "NAME", value_parser = account)]
    pub(crate) account: Option<String>,

    /// Send the password even where it can be recorded and replayed
    ///
    /// Older firmware takes it in such a form alone
    #[arg(hide_short_help = true, long)]
    pub(crate) allow_replayable: bool,

    #[command(flatten)]
    pub(crate) settle: SettleArgs,
}

impl NetChangeArgs {
    /// How devices are sent new settings.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            account: self.account.clone(),
            allow_replayable: self.allow_replayable,
            overrides: self.change.overrides(),
        }
    }
}

/// `net plan`.
#[derive(Args, Debug)]
#[command(after_help = "\
Changes nothing: check the plan, change it, then sadpctl net apply. A device
needs an address where it has a factory address, one that another device has, or
one outside of the network.

Examples:
  sadpctl net plan --from 192.168.1.101 > plan.csv
  sadpctl net plan --from 192.168.1.101 --where kind=ip-camera > plan.csv")]
pub(crate) struct NetPlanArgs {
    /// The first address to give
    #[arg(long, value_name = "IP")]
    pub(crate) from: Ipv4Addr,

    /// The subnet mask; by default as this computer or a device there has it
    #[arg(long, value_name = "MASK", value_parser = mask)]
    pub(crate) mask: Option<Ipv4Addr>,

    /// The default gateway, or none; by default the one devices there have
    #[arg(long, value_name = "IP|none", value_parser = gateway)]
    pub(crate) gateway: Option<Ipv4Addr>,

    /// Plan for all devices, not only for those that need an address
    #[arg(long, conflicts_with = "filter")]
    pub(crate) all: bool,

    /// Plan for all devices of which all of these hold, as in scan
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) filter: Option<Filter>,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// `net apply`.
#[derive(Args, Debug)]
#[command(after_help = "\
The plan is CSV with the columns mac and ip, and any of mask, gateway, dhcp,
http_port, sdk_port; others are kept for the result. The device list that the
vendor's tool exports is a plan, too, and so is scan --format csv. What is empty
stays as it is. A plan with an error sends nothing. It may be applied again: what
is already so is left alone, and the result file is written again.

Devices that cannot be changed are left out with the reason, and the others go
on. The first wrong password ends it: see --parallel.

Examples:
  sadpctl net apply plan.csv --dry-run
  sadpctl net apply plan.csv")]
pub(crate) struct NetApplyArgs {
    /// The plan, as net plan writes it
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    #[command(flatten)]
    pub(crate) change: NetChangeArgs,

    /// At most N devices at once, once the password is proven
    ///
    /// Two of them accepted it then, or one that accepted it in an earlier run.
    /// Devices that have another password may lose a try before the batch ends
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    /// Wait so long for the devices to be back
    #[arg(long, value_name = "DURATION", default_value = "3m", value_parser = duration)]
    pub(crate) wait_back: Duration,

    /// Write the results into this file; by default beside the plan
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) result: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

fn gateway(text: &str) -> Result<Ipv4Addr, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Ipv4Addr::UNSPECIFIED);
    }
    text.parse()
        .map_err(|_| "write an IPv4 address, or none".into())
}

fn account(text: &str) -> Result<String, String> {
    read_account(text).ok_or_else(|| {
        format!(
            "write a name of 1 to {} bytes",
            UpdateDigest::MAX_USER_BYTES
        )
    })
}

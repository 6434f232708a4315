//! Commands about a site: its readiness, who looks after it, what its devices are called.

use std::path::PathBuf;

use clap::Args;
use sadp_ops::DeviceName;
use sadp_reset::SiteText;
use sadp_text::{LabelSize, select::Filter};

use super::AskArgs;

/// `audit`.
#[derive(Args, Debug)]
#[command(after_help = "\
A device is ready where its owner can reset its password without the vendor's
support: by a GUID in the vault, a reserved e-mail address, or security questions.
Devices are asked what is set up on them; that changes nothing and costs no try.
Cameras behind recorders are listed as the command cameras read them last.

Exit code 1 where something is missing, 0 where there is advice at most.

Examples:
  sadpctl audit
  sadpctl audit --out today.json
  sadpctl audit --since last-year.json")]
pub(crate) struct AuditArgs {
    /// Only devices of which all of these hold, as for scan
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) filter: Option<Filter>,

    /// Compare with an earlier audit
    ///
    /// It was written by --format json
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,

    /// Do not ask devices what is set up on them
    #[arg(long)]
    pub(crate) no_ask: bool,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// `report`.
#[derive(Args, Debug)]
#[command(after_help = "\
The page has the address plan, the devices with their state, what recovery is
prepared, what the owner keeps where, and the open findings of an audit. It holds no
secret, fetches nothing, and prints on A4 and Letter. The installer is that of
contact.toml: sadpctl contact.

Examples:
  sadpctl report --out site.html --customer \"Miller Farm\"
  sadpctl report --labels --out labels.html
  sadpctl report --print-template > own.html")]
pub(crate) struct ReportArgs {
    /// Write the page into this new file
    #[arg(
        long,
        value_name = "FILE.html",
        required_unless_present_any = ["print_template", "xlsx"]
    )]
    pub(crate) out: Option<PathBuf>,

    /// Write its tables into this new workbook
    #[arg(long, value_name = "FILE.xlsx", conflicts_with = "labels")]
    pub(crate) xlsx: Option<PathBuf>,

    /// Write a label for each device instead
    #[arg(long)]
    pub(crate) labels: bool,

    /// The labels' width and height in mm
    #[arg(long, value_name = "WxH", default_value_t, requires = "labels")]
    pub(crate) label_size: LabelSize,

    /// Whose site it is
    #[arg(long, value_name = "TEXT")]
    pub(crate) customer: Option<SiteText>,

    /// Who hands it over, in place of the contact
    #[arg(hide_short_help = true, long, value_name = "TEXT")]
    pub(crate) installer: Option<SiteText>,

    /// The page's title
    #[arg(hide_short_help = true, long, value_name = "TEXT")]
    pub(crate) title: Option<SiteText>,

    /// Another file than contact.toml in the configuration folder
    #[arg(hide_short_help = true, long, value_name = "F")]
    pub(crate) contact: Option<PathBuf>,

    /// Show the addresses of this plan beside those in use
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,

    /// Use this template
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,

    /// Print the built-in template, to be changed
    #[arg(long, conflicts_with_all = ["out", "xlsx", "template"])]
    pub(crate) print_template: bool,

    /// Only devices of which all of these hold, as for scan
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) filter: Option<Filter>,

    /// Do not ask devices what is set up on them
    #[arg(long)]
    pub(crate) no_ask: bool,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// `contact`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks for each field on a terminal; Enter keeps what is there, - deletes it. reset
export fills the form for the vendor's support with it.

Examples:
  sadpctl contact
  sadpctl contact --show")]
pub(crate) struct ContactArgs {
    /// Show and check the contact, and ask nothing
    #[arg(long)]
    pub(crate) show: bool,

    /// Another file than contact.toml in the configuration folder
    #[arg(long, value_name = "F")]
    pub(crate) contact: Option<PathBuf>,
}

/// `name`.
#[derive(Args, Debug)]
#[command(after_help = "\
Name and place stand in every list, and --where knows them. They are kept beside the
ledger's locks by MAC; nothing is sent to the device. A full MAC is named without a scan.

Examples:
  sadpctl name 192.168.1.64 \"Gate north\" --place \"Building 2\"
  sadpctl scan --where place~building")]
pub(crate) struct NameArgs {
    /// The device, by its serial, label number, MAC or IPv4 address
    pub(crate) device: Option<DeviceName>,

    /// Its name
    pub(crate) name: Option<SiteText>,

    /// Where it is
    #[arg(long, value_name = "TEXT", requires = "device")]
    pub(crate) place: Option<SiteText>,

    /// Forget its former name and place
    #[arg(long, requires = "device")]
    pub(crate) clear: bool,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

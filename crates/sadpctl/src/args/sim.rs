use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use sadp_sim::{Attack, Delay, HostileConfig, Probability, Reply, Site};

use super::{GroupArgs, values::duration};

/// `sim`.
#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Play simulated devices on one interface until Ctrl-C
    ///
    /// They answer as real ones do, to whoever asks on that interface: never
    /// name an interface of a customer's network. Options about behaviour
    /// outweigh the site file.
    Run(SimRunArgs),
    /// Answer requests of simulated devices, as a vendor's support would
    ///
    /// A simulated vendor support, for practice: its answers are marked as
    /// simulated, and no real device takes them. It refuses requests of real
    /// devices, which only the vendor can answer.
    Vendor(SimVendorArgs),
}

/// `sim run`.
#[derive(Args, Debug)]
#[command(after_help = "\
Attacks: garbage, entity-bombs, huge-documents (60 kB, of ever new devices),
hostile-texts (terminal escapes, direction overrides, formulas, paths) and
endless-devices are sent to the group; stolen-macs answers inquiries with the
simulated devices' MACs, echoed-accounts word for word as they do, and their key
exchanges too, from another address; forged-exchange answers key exchanges from
there, raced-exchange from the devices' address and faster.

Examples:
  sadpctl sim run -i lo --count 25
  sadpctl sim run -i lan0 site.toml --loss 30% --delay 0..500ms
  sadpctl sim run -i lo --count 25 --hostile=hostile-texts,stolen-macs")]
pub(crate) struct SimRunArgs {
    /// The devices to play, as a site file
    #[arg(value_name = "SITE.toml", conflicts_with = "count")]
    pub(crate) site: Option<PathBuf>,

    /// Make up so many devices
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(Site::MAX_DEVICES)))]
    pub(crate) count: u32,

    /// The same seed makes the same devices and the same faults
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    #[command(flatten)]
    pub(crate) behavior: ConductArgs,

    /// Answer by raw Ethernet frames as well
    ///
    /// Needs root or `CAP_NET_RAW`
    #[arg(hide_short_help = true, long)]
    pub(crate) link_layer: bool,

    /// Answer HTTP as well, each device at the port it reports; 256 at most
    #[arg(hide_short_help = true, long)]
    pub(crate) http: bool,

    #[command(flatten)]
    pub(crate) hostile: HostileArgs,

    /// Answer askers beyond the interface's own networks too
    #[arg(hide_short_help = true, long)]
    pub(crate) answer_anyone: bool,

    /// End after this time, e.g. 30s
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) time: Option<Duration>,

    #[command(flatten)]
    pub(crate) group: GroupArgs,
}

/// `sim vendor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes Encrypt_SERIAL_MAC.xml, or key_SERIAL_MAC.txt with --key and for devices
that take a dated code, into DIR/PACKAGE, PACKAGE being the package folder's name;
with --mail code.txt into DIR/NAME, NAME being the file's without its ending. DIR
may be the folder the packages lie in. No file is ever written over: exit code 4.

A dated code is made from a serial number and a start time, which do not tell
whether the device is simulated; no real device takes one made here.

Examples:
  sadpctl sim vendor requests --out requests
  sadpctl sim vendor requests/PACKAGE --out answers --key")]
pub(crate) struct SimVendorArgs {
    /// A request package, a folder of them, or a file of one
    ///
    /// A `DeviceKey.xml` or a `request.json`
    #[arg(value_name = "REQUEST", required = true)]
    pub(crate) requests: Vec<PathBuf>,

    /// Where to write the answers
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Give a key to type in place of a file, where the device takes one
    #[arg(long)]
    pub(crate) key: bool,

    /// Give the code that comes by e-mail
    ///
    /// Each REQUEST is a file then that holds the text of a QR code
    #[arg(long, conflicts_with = "key")]
    pub(crate) mail: bool,
}

/// How simulated devices behave on the wire. What is not given is left as it
/// is.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ConductArgs {
    /// Which way to answer: multicast, unicast or both
    #[arg(long, value_name = "WAY")]
    pub(crate) reply: Option<Reply>,

    /// How late to answer, e.g. 200ms, or at random 0..500ms
    #[arg(long, value_name = "DELAY")]
    pub(crate) delay: Option<Delay>,

    /// Lose so many inquiries, and as many replies, e.g. 0.3 or 30%
    #[arg(long, value_name = "P")]
    pub(crate) loss: Option<Probability>,

    /// Send so many replies twice
    #[arg(hide_short_help = true, long, value_name = "P")]
    pub(crate) duplicate: Option<Probability>,

    /// Hold up so many replies, so that later ones overtake them
    #[arg(hide_short_help = true, long, value_name = "P")]
    pub(crate) reorder: Option<Probability>,

    /// Change bytes of so many replies
    #[arg(hide_short_help = true, long, value_name = "P")]
    pub(crate) corrupt: Option<Probability>,

    /// Cut so many replies short
    #[arg(hide_short_help = true, long, value_name = "P")]
    pub(crate) truncate: Option<Probability>,

    /// Announce no device when it starts
    #[arg(hide_short_help = true, long)]
    pub(crate) no_hello: bool,
}

/// An attacker beside the simulated devices.
#[derive(Args, Clone, Debug)]
pub(crate) struct HostileArgs {
    /// Play an attacker as well: all attacks, or those named
    ///
    /// It is quiet until somebody asks, and forges for the simulated devices
    /// alone. It speaks from another address of the interface where there is
    /// one, 127.0.0.66 on loopback.
    #[arg(hide_short_help = true, long, value_name = "ATTACK,..", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "all", value_parser = attacks)]
    hostile: Option<Vec<Attacks>>,

    /// The most datagrams a second the attacker sends
    #[arg(hide_short_help = true, long, value_name = "N", requires = "hostile", default_value_t = HostileConfig::DEFAULT_RATE.get(), value_parser = clap::value_parser!(u32).range(1..=i64::from(HostileConfig::MAX_RATE)))]
    hostile_rate: u32,

    /// After so many datagrams the attacker stops
    #[arg(hide_short_help = true, long, value_name = "N", requires = "hostile", default_value_t = HostileConfig::DEFAULT_COUNT, value_parser = clap::value_parser!(u64).range(1..=HostileConfig::MAX_COUNT))]
    hostile_count: u64,
}

impl HostileArgs {
    /// What the attacker does, if there is to be one.
    pub(crate) fn config(&self) -> Option<HostileConfig> {
        let named = self.hostile.as_ref()?;
        let mut attacks: Vec<_> = named.iter().flat_map(|it| it.0).copied().collect();
        attacks.sort_unstable();
        attacks.dedup();
        Some(HostileConfig {
            attacks,
            rate: NonZeroU32::new(self.hostile_rate).unwrap_or(HostileConfig::DEFAULT_RATE),
            count: self.hostile_count,
        })
    }
}

/// One attack, or all.
#[derive(Clone, Copy, Debug)]
struct Attacks(&'static [Attack]);

fn attacks(text: &str) -> Result<Attacks, String> {
    if text == "all" {
        return Ok(Attacks(Attack::ALL));
    }
    let wanted = Attack::ALL.iter().find(|attack| attack.name() == text);
    let wanted = wanted.map(|attack| Attacks(std::slice::from_ref(attack)));
    wanted.ok_or_else(|| {
        let all: Vec<_> = Attack::ALL.iter().map(|attack| attack.name()).collect();
        let all = all.join(", ");
        format!("no attack of this name; all, or some of {all}")
    })
}

impl ConductArgs {
    /// Changes what was asked for.
    pub(crate) fn apply(self, behavior: &mut sadp_sim::Behavior) {
        fn set<T>(slot: &mut T, wanted: Option<T>) {
            if let Some(wanted) = wanted {
                *slot = wanted;
            }
        }
        set(&mut behavior.reply, self.reply);
        set(&mut behavior.delay, self.delay);
        set(&mut behavior.faults.loss, self.loss);
        set(&mut behavior.faults.duplicate, self.duplicate);
        set(&mut behavior.faults.reorder, self.reorder);
        set(&mut behavior.faults.corrupt, self.corrupt);
        set(&mut behavior.faults.truncate, self.truncate);
        behavior.hello &= !self.no_hello;
    }
}

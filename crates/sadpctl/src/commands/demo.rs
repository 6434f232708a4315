use std::net::{Ipv4Addr, SocketAddrV4};

use ipnet::Ipv4Net;
use sadp_discovery::{LinkConfig, ScanConfig, ScanReport};
use sadp_ops::{Cancellation, DiscoveredDevice, LedgerAccess, Observer, Session};
use sadp_proto::{Endpoint, Sweep};
use sadp_sim::{Server, ServerConfig, ServerInterface, Site};
use sadp_text::{scan, seconds, words};
use tokio::sync::oneshot;

use super::{list, sim};
use crate::{
    args::{Context, ListArgs},
    failure::{Exit, Failure},
    run::Run,
    survey,
    terminal::Terminal,
};

/// The site that is played.
const SITE: &str = include_str!("../../../../fixtures/sites/small-shop.toml");

/// Where this computer is taken to stand in that site.
const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 250);
const PREFIX: u8 = 24;

/// A group of its own: no other program's devices answer.
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 37, 20);

const NEXT: &str = "\
This was a simulated shop inside this computer: nothing went out. Next, try
  sadpctl scan                             the devices on your own network
  sadpctl scan --where state=unactivated   only those without a password yet
  sadpctl show DEVICE                      all of one, by serial, MAC or address";

pub(super) fn run(args: &ListArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let here = Ipv4Net::new(HERE, PREFIX).map_err(|error| Failure::new(Exit::Machine, error))?;
    let mut run = Run::with(ScanConfig::default(), LedgerAccess::Unavailable, context)?;
    let mut report = run.block_on(async |session, observer| {
        play_and_scan(here, session.cancellation(), observer).await
    })?;
    let mut context = run.into_context();
    for notice in &report.notices {
        survey::warn(notice, context.terminal);
    }
    let entries = std::mem::take(&mut report.entries);
    if entries.is_empty() {
        return Err(
            Failure::words(Exit::Machine, "no reply came from the simulated devices")
                .hint("let sadpctl use UDP on the loopback interface: a firewall may stop it"),
        );
    }
    let devices = DiscoveredDevice::assess_all(entries, &[here.into()]);
    let printed = list::print(devices, args, &mut context)?;
    let terminal = context.terminal;
    let took = seconds(report.progress.elapsed);
    terminal.note(&format!("{}; took {took}", scan::summary(&printed)));
    explain(&printed, terminal);
    terminal.note(&format!("\n{NEXT}"));
    Ok(Exit::Done)
}

/// Says what each kind of note in the table means.
fn explain(devices: &[DiscoveredDevice], terminal: &mut Terminal) {
    let warnings = devices.iter().map(|found| found.warnings);
    let warnings = warnings.reduce(|all, it| all | it).unwrap_or_default();
    if !warnings.is_empty() {
        terminal.note("\nWhat the notes mean");
    }
    for warning in warnings {
        let (short, meaning) = (words::short(warning), words::meaning(warning));
        terminal.note(&format!("  {short:<11}  {meaning}"));
    }
}

async fn play_and_scan(
    here: Ipv4Net,
    cancellation: &Cancellation,
    observer: &mut dyn Observer,
) -> Result<ScanReport, Failure> {
    let site = Site::parse(SITE).and_then(|site| Ok((site.build(here)?, site.seed())));
    let (devices, seed) = site.map_err(|error| Failure::new(Exit::Machine, error))?;
    let loopback = Ipv4Addr::LOCALHOST.to_string();
    let interface = ServerInterface::find(&loopback).map_err(|error| {
        Failure::new(Exit::Machine, error).hint("bring this computer's loopback interface up")
    })?;
    let server_config = ServerConfig {
        group: SocketAddrV4::new(GROUP, 0),
        seed,
        ..ServerConfig::new(interface)
    };
    let server = Server::bind(&server_config, devices).map_err(sim::failed)?;
    let mut config = ScanConfig {
        link: LinkConfig {
            interfaces: vec![loopback],
            endpoints: vec![Endpoint::sadp(GROUP, server.port())],
            ..LinkConfig::default()
        },
        ..ScanConfig::default()
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let playing = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let mut report = scan(&config, cancellation, observer).await?;
    if report.entries.is_empty() {
        // Not every system passes multicast on loopback.
        config.sweep = Sweep::new(&[Ipv4Addr::LOCALHOST.into()], Sweep::DEFAULT_RATE).ok();
        report = scan(&config, cancellation, observer).await?;
    }
    // It may have ended already: then nobody waits for the word.
    let _ = stop.send(());
    if let Ok(Err(error)) = playing.await {
        return Err(sim::failed(error));
    }
    Ok(report)
}

async fn scan(
    config: &ScanConfig,
    cancellation: &Cancellation,
    observer: &mut dyn Observer,
) -> Result<ScanReport, Failure> {
    let session = Session::without_state(config.clone(), cancellation.clone())?;
    Ok(session.scan(observer).await?)
}

//! A live list of devices: as lines, or as a view that fills the screen.

mod live;
mod screen;
mod work;

use std::{
    collections::HashMap,
    io::{self, IsTerminal},
};

use jiff::Timestamp;
use sadp_discovery::{LinkInfo, ScanConfig, ScanError, Watcher, WatcherConfig, WatcherEvent};
use sadp_model::{LocalNetwork, MacAddr};
use sadp_ops::{DiscoveredDevice, LedgerAccess, Session, recovery::methods};
use sadp_proto::{WatchConfig, WatchEvent};
use sadp_reset::SiteName;

use self::live::Live;
use super::record;
use crate::{
    args::{Context, GlobalArgs, WatchArgs},
    failure::{Exit, Failure},
    interrupt,
    output::{self, Format, Told, Ways},
    state, survey,
};

pub(super) fn run(args: &WatchArgs, mut context: Context<'_>) -> Result<Exit, Failure> {
    check_format(context.global.format)?;
    let mut config = WatcherConfig {
        link: survey::link(&args.reach, context.global),
        watch: WatchConfig {
            sweep: survey::sweep(&args.reach, None)?,
            broadcast: args.reach.broadcast,
            every: args.every,
            offline_after: args.offline_after(),
        },
    };
    config.link.recorder = record::begin(&args.record)?;
    let site = Site::new(&mut context)?;
    let mut exit = Exit::Done;
    survey::runtime()?.block_on(async {
        let mut watcher = Watcher::open(config)?;
        if fills_screen(args, context.global) {
            exit = Live::new(&mut watcher, site, args, &mut context)
                .run()
                .await?;
        } else {
            print_lines(&mut watcher, site, args, &mut context).await?;
        }
        for notice in watcher.finish() {
            survey::warn(&notice, context.terminal);
        }
        Ok::<_, Failure>(())
    })?;
    record::tell(&args.record, context.terminal);
    Ok(exit)
}

/// What has no end has no form that needs one.
fn check_format(format: Format) -> Result<(), Failure> {
    if matches!(format, Format::Table | Format::Ndjson) {
        return Ok(());
    }
    let name = format.name();
    Err(Failure::usage(format!(
        "watch prints events as they come, for which --format {name} has no form"
    ))
    .hint("use --format ndjson: one JSON object a line"))
}

/// Logs would be written across the view.
fn fills_screen(args: &WatchArgs, global: &GlobalArgs) -> bool {
    let capable = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let quiet = global.verbose == 0 || !io::stderr().is_terminal();
    global.format == Format::Table
        && !args.plain
        && capable
        && quiet
        && io::stdout().is_terminal()
        && io::stdin().is_terminal()
}

/// Prints a line for each event.
async fn print_lines(
    watcher: &mut Watcher,
    mut site: Site,
    args: &WatchArgs,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let Context { global, terminal } = context;
    let mut ended = std::pin::pin!(interrupt::interrupted());
    loop {
        let news = tokio::select! {
            biased;
            () = &mut ended => return Ok(()),
            news = watcher.next() => news,
        };
        match news {
            WatcherEvent::Event(event, at) => {
                let told = site.tell(event, at);
                let filter = args.filter.as_ref();
                if !told.is_news() || filter.is_some_and(|it| !it.holds(&told.found)) {
                    continue;
                }
                if global.format == Format::Ndjson {
                    output::write_event(terminal.out(), &told)?;
                } else {
                    output::write_event_line(terminal.out(), &told)?;
                }
                terminal.flush()?;
            }
            WatcherEvent::Links(links) => {
                site.stand_on(&links);
                terminal.note(&format!("watching on {}; Ctrl-C ends it", names(&links)));
            }
            WatcherEvent::Notice(notice) => survey::warn(&notice, terminal),
            WatcherEvent::NoLink(error) => terminal.warn(&no_link(&error)),
        }
    }
}

fn names(links: &[LinkInfo]) -> String {
    let links = links.iter();
    let names = links.map(|link| format!("{} ({})", link.interface, link.network));
    names.collect::<Vec<_>>().join(", ")
}

fn no_link(error: &ScanError) -> String {
    format!("{}: waiting for one", sadp_text::with_cause(error))
}

/// Where this computer stands, and what it remembers of devices.
struct Site {
    local: Vec<LocalNetwork>,
    session: Session,
    names: HashMap<MacAddr, SiteName>,
}

impl Site {
    fn new(context: &mut Context<'_>) -> Result<Self, Failure> {
        let session = remembered(context)?;
        if let Some(error) = session.ledger_error() {
            let cause = sadp_text::with_cause(error);
            let warning = format!("remembered locks are not shown: {cause}");
            context.terminal.warn(&warning);
        }
        Ok(Self {
            local: Vec::new(),
            names: session.site_names().unwrap_or_default(),
            session,
        })
    }

    fn stand_on(&mut self, links: &[LinkInfo]) {
        self.local = sadp_discovery::local_networks(links);
    }

    /// The recovery methods of a device, by what it reports and the ledger knows.
    fn ways(&self, device: Option<DiscoveredDevice>) -> Result<Vec<Ways>, Failure> {
        let assessed = methods::assess(&self.session, device.into_iter().collect())?;
        Ok(assessed.iter().map(Ways::new).collect())
    }

    fn tell(&self, mut event: WatchEvent, at: Timestamp) -> Told {
        if let Some(ledger) = self.session.ledger() {
            let before = event.before.as_deref_mut();
            for account in before.into_iter().chain([&mut *event.after]) {
                // A lock that cannot be read is not shown; what was received is.
                let _ = ledger.apply_locks(std::slice::from_mut(&mut account.entry), at);
            }
        }
        Told::new(&event, at, |account| {
            let mut device = DiscoveredDevice::from_watch(account, &self.local);
            device.take_name(&self.names);
            device
        })
    }
}

/// What the ledger remembers, where there is one. Nothing is sent.
fn remembered(context: &mut Context<'_>) -> Result<Session, Failure> {
    state::open_session(ScanConfig::default(), LedgerAccess::Optional, context)
}

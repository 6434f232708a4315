//! A live list of devices: as lines, or as a view that fills the screen.

mod screen;

use std::io::{self, IsTerminal};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_discovery::{LinkInfo, ScanError, Watcher, WatcherConfig, WatcherEvent};
use sadp_ops::DiscoveredDevice;
use sadp_proto::WatchEvent;
use sadp_reset::Ledger;

use super::record;
use crate::{
    args::{GlobalArgs, WatchArgs},
    failure::{Exit, Failure},
    interrupt,
    output::{self, Format, Told},
    select::Filter,
    state, survey,
    terminal::Terminal,
};

pub(super) fn run(
    args: &WatchArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    check_format(global.format)?;
    let mut config = WatcherConfig {
        link: survey::link(&args.reach, global),
        sweep: survey::sweep(&args.reach, None)?,
        broadcast: args.reach.broadcast,
        every: args.every,
        offline_after: args.offline_after(),
    };
    config.link.recorder = record::begin(&args.record)?;
    let site = Site::new(global, terminal);
    survey::runtime()?.block_on(async {
        let mut watcher = Watcher::open(config).map_err(survey::failed)?;
        if fills_screen(args, global) {
            screen::run(&mut watcher, site, args, global, terminal).await?;
        } else {
            print_lines(&mut watcher, site, args, global.format, terminal).await?;
        }
        for notice in watcher.finish() {
            survey::warn(&notice, terminal);
        }
        Ok::<_, Failure>(())
    })?;
    record::tell(&args.record, terminal);
    Ok(Exit::Done)
}

/// What has no end has no form that needs one.
fn check_format(format: Format) -> Result<(), Failure> {
    if matches!(format, Format::Table | Format::Ndjson) {
        return Ok(());
    }
    let name = format.name();
    Err(Failure::words(
        Exit::Usage,
        format!("watch prints events as they come, for which --format {name} has no form"),
    )
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
    format: Format,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
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
                if !told.is_news() || !is_wanted(&told, args.filter.as_ref()) {
                    continue;
                }
                if format == Format::Ndjson {
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

fn is_wanted(told: &Told, filter: Option<&Filter>) -> bool {
    filter.is_none_or(|filter| filter.holds(&told.found))
}

fn names(links: &[LinkInfo]) -> String {
    let names: Vec<_> = links
        .iter()
        .map(|link| format!("{} ({})", link.interface, link.network))
        .collect();
    names.join(", ")
}

fn no_link(error: &ScanError) -> String {
    format!("{}: waiting for one", sadp_text::with_cause(error))
}

/// Where this machine stands, and what it remembers of devices.
struct Site {
    local: Vec<Ipv4Net>,
    ledger: Option<Ledger>,
}

impl Site {
    fn new(global: &GlobalArgs, terminal: &mut Terminal) -> Self {
        let ledger = state::open_existing(global).unwrap_or_else(|failure| {
            terminal.warn(&format!(
                "locks remembered are not shown: {:#}",
                failure.error
            ));
            None
        });
        Self {
            local: Vec::new(),
            ledger,
        }
    }

    fn stand_on(&mut self, links: &[LinkInfo]) {
        self.local = links.iter().map(|link| link.network).collect();
    }

    fn tell(&self, mut event: WatchEvent, at: Timestamp) -> Told {
        if let Some(ledger) = &self.ledger {
            let before = event.before.as_deref_mut();
            for account in before.into_iter().chain([&mut *event.after]) {
                // A lock that cannot be read is not shown; what was heard is.
                let _ = ledger.apply_locks(std::slice::from_mut(&mut account.entry), at);
            }
        }
        Told::new(&event, at, |account| {
            DiscoveredDevice::from_watch(account, &self.local)
        })
    }
}

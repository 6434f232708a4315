mod vendor;

use std::{fs::File, io::Read, net::SocketAddrV4, path::Path, time::Duration};

use sadp_sim::{
    Behavior, Device, InterfaceError, LinkAnswer, Population, Reply, Server, ServerConfig,
    ServerError, ServerInterface, Site,
};
use sadp_text::{Remedy, count, first_of};
use tokio::time::timeout;

use crate::{
    args::{Context, SimCommand, SimRunArgs},
    failure::{Exit, Failure},
    interrupt, survey,
};

pub(super) fn run(command: &SimCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        SimCommand::Run(args) => play(args, context),
        SimCommand::Vendor(args) => vendor::run(args, context),
    }
}

fn play(args: &SimRunArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let Context { global, terminal } = context;
    let interface = interface(&global.interfaces)?;
    let (devices, seed) = devices(args, &interface)?;
    let description = describe(&devices, &interface);
    let links = devices.iter().map(|it| it.behavior.link);
    let mute = links.filter(|it| *it == LinkAnswer::Only).count() as u64;
    if mute > 0 && !args.link_layer {
        let number = count(mute, "device answers", "devices answer");
        terminal.warn(&format!("{number} only by raw Ethernet frames"));
        terminal.hint("add --link-layer to play them");
    }
    let config = ServerConfig {
        group: SocketAddrV4::new(args.group.group, args.group.port),
        answer_anyone: args.answer_anyone,
        link_layer: args.link_layer,
        http: args.http,
        seed,
        hostile: args.hostile.config(),
        ..ServerConfig::new(interface)
    };
    let longest = args.time.unwrap_or(Duration::MAX);
    let stop = async {
        let _ = timeout(longest, interrupt::interrupted()).await;
    };
    let places = devices.len();
    let (stats, attacked) = survey::runtime()?.block_on(async {
        let server = Server::bind(&config, devices).map_err(failed)?;
        let attacker = server.attacker();
        let group = config.group;
        terminal.note(&format!("{description}, group {group}; Ctrl-C ends it"));
        if args.http {
            let listening = (0..places).filter(|&device| server.http_address(device).is_some());
            let number = count(listening.count() as u64, "device answers", "devices answer");
            terminal.note(&format!("{number} HTTP, each at the port it reports"));
            if let Some(https) = describe_https(&server, places) {
                terminal.note(&https);
            }
        }
        if let Some((address, _)) = &attacker {
            terminal.note(&format!("an attacker beside them speaks from {address}"));
        }
        let stats = server.run(stop).await.map_err(failed)?;
        Ok::<_, Failure>((stats, attacker.map(|(_, stats)| stats.read())))
    })?;
    let inquiries = count(stats.inquiries, "inquiry", "inquiries");
    let replies = count(stats.replies, "reply", "replies");
    terminal.note(&format!("received {inquiries}, sent {replies}"));
    if args.http {
        let logins = stats.http.with_credentials;
        let requests = stats.http.without_credentials + logins;
        let requests = count(requests, "request", "requests");
        let logins = count(logins, "login", "logins");
        terminal.note(&format!(
            "answered {requests} over HTTP, {logins} among them"
        ));
    }
    if let Some(attacked) = attacked {
        let datagrams = count(attacked.sent, "datagram", "datagrams");
        let secrets = count(attacked.secrets, "secret", "secrets");
        terminal.note(&format!("attacked with {datagrams}, learned {secrets}"));
    }
    if stats.failed > 0 {
        let number = count(stats.failed, "datagram", "datagrams");
        terminal.warn(&format!("{number} could not be sent"));
    }
    Ok(Exit::Done)
}

/// The one interface to play on. It must be named: simulated devices do not
/// belong on a customer's network by accident.
fn interface(named: &[String]) -> Result<ServerInterface, Failure> {
    let [name] = named else {
        let message = "name the one interface on which to play simulated devices";
        return Err(
            Failure::usage(message).hint("for this computer alone: sadpctl sim run -i 127.0.0.1")
        );
    };
    ServerInterface::find(name).map_err(|error| match error {
        InterfaceError::NotFound { .. } => {
            Failure::new(Exit::Usage, error).hint("name one of those with -i")
        }
        InterfaceError::List(_) => Failure::new(Exit::Machine, error)
            .hint("check that this program may read the network configuration"),
    })
}

/// The devices to play, and what chance is drawn from.
fn devices(args: &SimRunArgs, interface: &ServerInterface) -> Result<(Vec<Device>, u64), Failure> {
    let (mut devices, seed) = if let Some(path) = &args.site {
        from_site(path, interface)?
    } else {
        let seed = args.seed.unwrap_or_default();
        let population = Population {
            count: args.count,
            seed,
            network: interface.network(),
            behavior: Behavior::default(),
        };
        let devices = population.generate().map_err(|error| {
            Failure::new(Exit::Usage, error)
                .hint("ask for fewer devices, or name another interface")
        })?;
        (devices, seed)
    };
    for device in &mut devices {
        args.behavior.apply(&mut device.behavior);
    }
    Ok((devices, args.seed.unwrap_or(seed)))
}

/// The longest site file that is read.
const MAX_SITE: u64 = 16 << 20;

fn from_site(path: &Path, interface: &ServerInterface) -> Result<(Vec<Device>, u64), Failure> {
    let name = path.display();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_SITE).read_to_string(&mut text));
    read.map_err(|error| Failure::unreadable(&name, error))?;
    let site = Site::parse(&text);
    let built = site.and_then(|site| Ok((site.build(interface.network())?, site.seed())));
    built.map_err(|error| {
        Failure::because(Exit::Usage, format!("cannot play {name}"), error)
            .hint("correct the file; fixtures/sites holds examples")
    })
}

/// `playing 25 devices on lo (127.0.0.1), answering by multicast`.
fn describe(devices: &[Device], interface: &ServerInterface) -> String {
    let answering = |reply| devices.iter().any(|device| device.behavior.reply == reply);
    let ways = [
        (Reply::Multicast, "multicast"),
        (Reply::Unicast, "unicast"),
        (Reply::Both, "both ways"),
    ];
    let ways = ways.into_iter().filter(|(reply, _)| answering(*reply));
    let ways: Vec<_> = ways.map(|(_, name)| name).collect();
    format!(
        "playing {} on {} ({}), answering by {}",
        count(devices.len() as u64, "device", "devices"),
        interface.name,
        interface.address,
        ways.join(" or ")
    )
}

/// `1 device answers HTTPS: 127.0.1.2:8443`. No report names the port.
fn describe_https(server: &Server, devices: usize) -> Option<String> {
    /// The most that are listed.
    const LISTED: usize = 4;
    let all = (0..devices).filter_map(|device| server.https_address(device));
    let all: Vec<_> = all.collect();
    let number = count(all.len() as u64, "device answers", "devices answer");
    let listed = first_of(&all, LISTED, |_| "..".into());
    (!all.is_empty()).then(|| format!("{number} HTTPS: {listed}"))
}

pub(super) fn failed(error: ServerError) -> Failure {
    let hint = match &error {
        ServerError::Card { source, .. } => source.remedy(),
        _ => "close other simulators and SADP tools on this computer, or use another --port".into(),
    };
    Failure::new(Exit::Machine, error).hint(hint)
}

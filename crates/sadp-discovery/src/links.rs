//! The sockets of this computer's interfaces: probes leave by each, replies arrive at
//! all.

mod dedup;
mod raw_interfaces;
mod receiving;
pub(crate) mod selection;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    sync::Arc,
};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_model::Protocol;
use sadp_proto::{Destination, Endpoint};
use tokio::{task::JoinSet, time::Instant};

use self::{dedup::Deduplicator, raw_interfaces::RawInterfaces, receiving::FragmentSenders};
use crate::{
    CaptureRecorder, LinkLayer, Notice, ScanError,
    interface::{self, Interface},
    reassembly::Reassembly,
    receive::{self, BatchReceiver, queue},
    socket,
    virtual_lan::{VirtualLan, VirtualPort},
};

/// The interfaces to use, and the endpoints to probe.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// Names or IPv4 addresses of interfaces. Empty means all that are up, have IPv4
    /// and are not loopback.
    pub interfaces: Vec<String>,
    /// Where devices listen, one entry for each discovery protocol. Probes to single
    /// addresses and commands use the port of the first.
    pub endpoints: Vec<Endpoint>,
    /// Whether to use raw Ethernet frames as well.
    pub link_layer: LinkLayer,
    /// Records what is sent and received, where set. Commands are never recorded: they
    /// carry secrets.
    pub recorder: Option<CaptureRecorder>,
    /// A network inside this process, used instead of all interfaces.
    pub network: Option<VirtualLan>,
}

impl LinkConfig {
    /// The first endpoint, for commands and for probes to single addresses.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoints.first().copied().unwrap_or(Endpoint::SADP)
    }

    /// The current time of the system, or of the network inside this process.
    pub fn now(&self) -> Timestamp {
        let network = self.network.as_ref();
        network.map_or_else(Timestamp::now, VirtualLan::now)
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            endpoints: vec![Endpoint::SADP],
            link_layer: LinkLayer::default(),
            recorder: None,
            network: None,
        }
    }
}

/// The open sockets.
#[derive(Debug)]
pub(crate) struct Links {
    config: LinkConfig,
    all: Vec<Link>,
    /// Probes addresses outside the links' networks, where no interface was named.
    routed: Option<LinkPort>,
    listeners: Vec<Listener>,
    pub(crate) raw: RawInterfaces,
    dedup: Deduplicator,
    /// Whether a UDP socket received anything.
    pub(crate) by_udp: bool,
    /// Tagged with the interface and frame of each first fragment.
    fragments: Reassembly<(Arc<str>, Vec<u8>)>,
    senders: FragmentSenders,
    opened: Instant,
    /// Names of the interfaces by their index.
    names: HashMap<u32, Arc<str>>,
    /// Whether a notice about guessed interfaces was reported.
    reported_guess: bool,
    /// What limited receiving and sending so far.
    pub(crate) notices: Vec<Notice>,
}

#[derive(Debug)]
struct Link {
    interface: Interface,
    endpoint: Endpoint,
    port: LinkPort,
    /// The port's address, which every received frame is compared with.
    address: Option<SocketAddr>,
    failed: bool,
}

/// A socket that receives what is sent to the group of an endpoint.
#[derive(Debug)]
struct Listener {
    port: LinkPort,
    protocol: Protocol,
}

/// What a link or a listener sends and receives by.
#[derive(Debug)]
enum LinkPort {
    Socket(UdpSocket),
    Virtual(VirtualPort),
}

impl LinkPort {
    fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Socket(socket) => socket.local_addr().ok(),
            Self::Virtual(port) => Some(port.address().into()),
        }
    }

    async fn send(&self, to: SocketAddrV4, payload: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(socket) => socket::send(socket, to, payload).await,
            Self::Virtual(port) => port.send(to, payload),
        }
    }
}

impl Link {
    fn new(interface: Interface, endpoint: Endpoint, port: LinkPort) -> Self {
        Self {
            interface,
            endpoint,
            address: port.local_address(),
            port,
            failed: false,
        }
    }

    fn name(&self) -> Arc<str> {
        Arc::clone(&self.interface.name)
    }
}

impl Links {
    /// Opens the sockets. `routed` says whether addresses outside the links' networks
    /// will be probed.
    pub(crate) fn open(config: &LinkConfig, routed: bool) -> Result<Self, ScanError> {
        if let Some(network) = &config.network {
            return Ok(Self::within_process(config, network));
        }
        let all = interface::list().map_err(ScanError::List)?;
        let interfaces = selection::select(&all, &config.interfaces)?;
        Self::on(config, &interfaces, routed)
    }

    /// Opens a port on a network inside this process.
    fn within_process(config: &LinkConfig, network: &VirtualLan) -> Self {
        let interface = Interface {
            name: VirtualLan::INTERFACE.into(),
            index: None,
            network: network.network(),
            up: true,
            loopback: false,
        };
        let links = config.endpoints.iter().map(|&endpoint| {
            let port = LinkPort::Virtual(network.open());
            Link::new(interface.clone(), endpoint, port)
        });
        Self::new(config, links.collect())
    }

    /// Opens the sockets on these interfaces.
    pub(crate) fn on(
        config: &LinkConfig,
        interfaces: &[Interface],
        routed: bool,
    ) -> Result<Self, ScanError> {
        let mut notices = Vec::new();
        let all = open_links(config, interfaces, &mut notices)?;
        let distinct = distinct(interfaces);
        let listeners = open_listeners(config, &distinct, &mut notices);
        let raw = RawInterfaces::open(config, &distinct, &mut notices)?;
        let mut links = Self::new(config, all);
        for interface in interfaces.iter().rev() {
            if let Some(index) = interface.index {
                links.names.insert(index, Arc::clone(&interface.name));
            }
        }
        if routed && config.interfaces.is_empty() {
            links.routed = socket::sending(Ipv4Addr::UNSPECIFIED)
                .ok()
                .map(|socket| LinkPort::Socket(socket.into()));
        }
        Ok(Self {
            listeners,
            raw,
            notices,
            ..links
        })
    }

    fn new(config: &LinkConfig, all: Vec<Link>) -> Self {
        Self {
            config: config.clone(),
            all,
            routed: None,
            listeners: Vec::new(),
            raw: RawInterfaces::default(),
            dedup: Deduplicator::default(),
            by_udp: false,
            fragments: Reassembly::default(),
            senders: FragmentSenders::default(),
            opened: Instant::now(),
            names: HashMap::new(),
            reported_guess: false,
            notices: Vec::new(),
        }
    }

    /// The protocol of each link, by its number.
    pub(crate) fn protocols(&self) -> Vec<Protocol> {
        let links = self.all.iter();
        links.map(|link| link.endpoint.protocol).collect()
    }

    /// The protocol of what a socket receives, by its number in
    /// [`Links::start_draining`].
    fn protocol_of(&self, socket: usize) -> Protocol {
        let links = self.all.iter().map(|link| link.endpoint.protocol);
        let mut all = links.chain(self.listeners.iter().map(|it| it.protocol));
        all.nth(socket)
            .unwrap_or_else(|| self.config.endpoint().protocol)
    }

    /// The addresses that probes leave from.
    pub(crate) fn infos(&self) -> impl Iterator<Item = LinkInfo> {
        let endpoint = self.config.endpoint();
        let links = self.all.iter();
        links
            .filter(move |link| link.endpoint == endpoint)
            .map(|link| LinkInfo {
                interface: Arc::clone(&link.interface.name),
                network: link.interface.network,
            })
    }

    /// Starts draining all sockets. Draining ends when the returned tasks are dropped.
    pub(crate) fn start_draining(&mut self) -> (BatchReceiver, JoinSet<()>) {
        let (sender, queue) = queue();
        let mut tasks = JoinSet::new();
        // The links come first: a link and its socket have the same number.
        let ports = self.all.iter_mut().map(|link| &mut link.port);
        let listeners = self.listeners.iter_mut().map(|it| &mut it.port);
        for (number, port) in ports.chain(listeners).chain(&mut self.routed).enumerate() {
            match port {
                LinkPort::Socket(socket) => {
                    // Before anything is sent: no reply may come without its interface.
                    let source = receive::Source::new(socket);
                    tasks.spawn(receive::drain(number, source, sender.clone()));
                }
                LinkPort::Virtual(port) => {
                    if let Some(received) = port.take_receiver() {
                        tasks.spawn(receive::forward(number, received, sender.clone()));
                    }
                }
            }
        }
        self.raw.start(&sender, &mut tasks);
        (queue, tasks)
    }

    /// Sends a datagram or a frame. A failure becomes a notice.
    pub(crate) async fn send(&mut self, destination: Destination, payload: &[u8]) {
        let (link, address) = match destination {
            Destination::Group(number) => {
                let link = self.all.get(number);
                (link, link.map(|link| link.endpoint.group))
            }
            Destination::Broadcast(number) => {
                let link = self.all.get(number);
                (link, link.map(|link| link.interface.network.broadcast()))
            }
            Destination::Unicast(address) => (self.link_towards(address), Some(address)),
            Destination::Card(card) => return self.send_frame(card, payload),
        };
        let Some(address) = address else {
            return;
        };
        let Some(port) = link.map(|link| &link.port).or(self.routed.as_ref()) else {
            return;
        };
        let endpoint = link.map_or_else(|| self.config.endpoint(), |link| link.endpoint);
        let to = SocketAddrV4::new(address, endpoint.port);
        match port.send(to, payload).await {
            Ok(()) => {
                let interface = link.map_or_else(|| "routed".into(), Link::name);
                self.record_datagram(&interface, port.local_address(), to, payload);
            }
            Err(error) => self.note_unsent(destination, error),
        }
    }

    fn send_frame(&mut self, card: usize, frame: &[u8]) {
        match self.raw.send(card, frame) {
            Ok(()) => {
                if let Some(interface) = self.raw.name(card) {
                    self.record_frame(interface, frame);
                }
            }
            Err(notice) => self.notices.extend(notice),
        }
    }

    /// Sends a datagram to a device, once: by one link, however many addresses the
    /// interface has. A failure becomes a notice, and so does an interface that is not
    /// in use.
    pub(crate) async fn send_by(&mut self, route: &DeviceRoute, payload: &[u8]) {
        let destination = match route {
            DeviceRoute::Direct(address) => Destination::Unicast(*address),
            DeviceRoute::Group(interface) => {
                let mut links = self.all.iter();
                match links.position(|link| link.interface.name == *interface) {
                    Some(link) => Destination::Group(link),
                    None => return self.note_not_in_use(interface),
                }
            }
        };
        self.send(destination, payload).await;
    }

    /// The link to an address: one in its network, else the first named interface.
    /// `None` leaves the choice to the system's routes.
    fn link_towards(&self, address: Ipv4Addr) -> Option<&Link> {
        let mut links = self.all.iter();
        let near = links.find(|link| link.interface.network.contains(&address));
        let named_only = self.routed.is_none();
        near.or_else(|| self.all.first().filter(|_| named_only))
    }

    fn note_not_in_use(&mut self, missing: &Arc<str>) {
        let is_known = self.notices.iter().any(
            |notice| matches!(notice, Notice::NotSent { interface, .. } if interface == missing),
        );
        if !is_known {
            self.notices.push(Notice::NotSent {
                interface: Arc::clone(missing),
                source: io::Error::new(io::ErrorKind::NotFound, "it is not in use"),
            });
        }
    }

    fn note_unsent(&mut self, destination: Destination, source: io::Error) {
        tracing::debug!(?destination, error = %source, "not sent");
        match destination {
            Destination::Group(number) | Destination::Broadcast(number) => {
                if let Some(link) = self.all.get_mut(number).filter(|link| !link.failed) {
                    link.failed = true;
                    let interface = Arc::clone(&link.interface.name);
                    self.notices.push(Notice::NotSent { interface, source });
                }
            }
            Destination::Unicast(address) => {
                let mut all = self.notices.iter_mut();
                let known = all.find_map(|notice| match notice {
                    Notice::TargetsNotSent { addresses, .. } => Some(addresses),
                    _ => None,
                });
                if let Some(addresses) = known {
                    addresses.insert(address);
                } else {
                    let addresses = BTreeSet::from([address]);
                    self.notices
                        .push(Notice::TargetsNotSent { addresses, source });
                }
            }
            // Frames have their own notices.
            Destination::Card(_) => {}
        }
    }
}

fn open_links(
    config: &LinkConfig,
    interfaces: &[Interface],
    notices: &mut Vec<Notice>,
) -> Result<Vec<Link>, ScanError> {
    let mut links = Vec::new();
    let mut failures = Vec::new();
    for endpoint in &config.endpoints {
        for interface in interfaces {
            match socket::sending(interface.address()) {
                Ok(socket) => {
                    let port = LinkPort::Socket(socket.into());
                    links.push(Link::new(interface.clone(), *endpoint, port));
                }
                Err(source) => failures.push((interface, source)),
            }
        }
    }
    let mut failures = failures.into_iter();
    if links.is_empty() {
        let Some((interface, source)) = failures.next() else {
            return Err(ScanError::NoInterface);
        };
        return Err(ScanError::NoSocket {
            interface: Arc::clone(&interface.name),
            address: interface.address(),
            source,
        });
    }
    notices.extend(failures.map(|(interface, source)| Notice::NoSocket {
        interface: Arc::clone(&interface.name),
        address: interface.address(),
        source,
    }));
    Ok(links)
}

/// Returns one address of each interface.
fn distinct(interfaces: &[Interface]) -> Vec<&Interface> {
    let mut distinct: Vec<&Interface> = Vec::new();
    for interface in interfaces {
        let index = interface.index;
        if index.is_none() || distinct.iter().all(|known| known.index != index) {
            distinct.push(interface);
        }
    }
    distinct
}

/// Opens the sockets that receive from the groups, each for as many interfaces as one
/// socket may join.
fn open_listeners(
    config: &LinkConfig,
    interfaces: &[&Interface],
    notices: &mut Vec<Notice>,
) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for &Endpoint {
        protocol,
        group,
        port,
    } in &config.endpoints
    {
        for some in interfaces.chunks(socket::MAX_MEMBERSHIPS) {
            let socket = match socket::listening(port) {
                Ok(socket) => socket,
                Err(source) => {
                    notices.push(if socket::is_taken(&source) {
                        Notice::PortTaken(port)
                    } else {
                        Notice::PortRefused { port, source }
                    });
                    break;
                }
            };
            for interface in some {
                if let Err(source) = socket::join(&socket, group, interface) {
                    let interface = Arc::clone(&interface.name);
                    notices.push(Notice::NotJoined { interface, source });
                }
            }
            listeners.push(Listener {
                port: LinkPort::Socket(socket.into()),
                protocol,
            });
        }
    }
    listeners
}

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceRoute {
    /// Through the multicast group, on the interface where it was found.
    Group(Arc<str>),
    /// At its own address, in a network that multicast does not reach.
    Direct(Ipv4Addr),
}

/// An address of this computer that probes leave from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// The interface's name.
    pub interface: Arc<str>,
    /// The address and its network.
    pub network: Ipv4Net,
}

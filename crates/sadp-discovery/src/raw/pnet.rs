//! Raw frames by pnet. No other module uses it.

use std::{
    io,
    net::IpAddr,
    thread,
    time::{Duration, Instant},
};

use pnet_datalink::{Channel, Config, DataLinkReceiver, DataLinkSender, NetworkInterface};
use sadp_model::MacAddr;
use tokio::sync::mpsc;

use super::{RawError, RawFrame, RawSender, classify::classify_frame};
use crate::{interface::Interface, socket::REST};

pub(super) type Sender = Box<dyn DataLinkSender>;

struct Receiver {
    frames: Box<dyn DataLinkReceiver>,
    has_room: bool,
}

/// How long reading waits before it checks whether to end, and how long sending waits.
const TIMEOUT: Duration = Duration::from_millis(100);

/// Reading that takes as long had to wait for a frame: all before it were read.
const WAITED: Duration = Duration::from_micros(100);

/// After this many failures in a row an interface is no longer read.
const MAX_FAILURES: u32 = 16;

/// Ethernet frames are shorter, whatever the options.
const BUFFER: usize = 1 << 16;

pub(super) fn open(
    interface: &Interface,
    port: u16,
    queue: mpsc::Sender<io::Result<RawFrame>>,
) -> Result<RawSender, RawError> {
    let (card, mac) = find(interface)?;
    let (sender, receiver) = channel(&card, port)?;
    thread::Builder::new()
        .name(format!("frames of {}", card.name))
        .spawn(move || read(receiver, mac, port, &queue))
        .map_err(RawError::Failed)?;
    let ipv6 = card.ips.iter().find_map(|network| match network.ip() {
        IpAddr::V6(address) => Some(address),
        IpAddr::V4(_) => None,
    });
    Ok(RawSender {
        mac,
        ipv6,
        socket: sender,
    })
}

pub(super) fn check(interface: &Interface) -> Result<(), RawError> {
    let (card, _) = find(interface)?;
    channel(&card, 0).map(drop)
}

pub(super) fn send(card: &mut Sender, frame: &[u8]) -> io::Result<()> {
    card.send_to(frame, None)
        .unwrap_or_else(|| Err(io::ErrorKind::InvalidInput.into()))
}

fn find(interface: &Interface) -> Result<(NetworkInterface, MacAddr), RawError> {
    if interface.loopback {
        return Err(RawError::NotEthernet);
    }
    let own = interface.card();
    let all = pnet_datalink::interfaces();
    let card = all
        .into_iter()
        .find(|card| card.name == own || Some(card.index) == interface.index)
        .ok_or_else(|| RawError::Failed(io::ErrorKind::NotFound.into()))?;
    let mac = card.mac.map(|mac| MacAddr::new(mac.octets()));
    match mac.filter(|mac| mac.is_identity()) {
        Some(mac) => Ok((card, mac)),
        None => Err(RawError::NotEthernet),
    }
}

/// A socket for pnet.
struct Filtered {
    /// Without it pnet opens one.
    descriptor: Option<i32>,
    /// Whether it need not be read for [`REST`].
    has_room: bool,
}

fn channel(card: &NetworkInterface, port: u16) -> Result<(Sender, Receiver), RawError> {
    let Filtered {
        descriptor,
        has_room,
    } = socket::filtered(port).map_err(open_failure)?;
    let config = Config {
        read_buffer_size: BUFFER,
        read_timeout: Some(TIMEOUT),
        write_timeout: Some(TIMEOUT),
        // Frames to this interface are enough.
        promiscuous: false,
        socket_fd: descriptor,
        ..Config::default()
    };
    match pnet_datalink::channel(card, config).map_err(open_failure)? {
        Channel::Ethernet(sender, frames) => Ok((sender, Receiver { frames, has_room })),
        _ => Err(RawError::NotEthernet),
    }
}

fn open_failure(error: io::Error) -> RawError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        RawError::NotPermitted
    } else {
        RawError::Failed(error)
    }
}

/// Reads until the queue is closed, or until the interface fails repeatedly.
fn read(
    mut receiver: Receiver,
    own: MacAddr,
    port: u16,
    queue: &mpsc::Sender<io::Result<RawFrame>>,
) {
    let mut failures = 0;
    while !queue.is_closed() {
        let began = Instant::now();
        let next = receiver.frames.next();
        let waited = began.elapsed() >= WAITED;
        let outcome = match next {
            Ok(frame) => {
                failures = 0;
                let Some(content) = classify_frame(frame, own, port) else {
                    continue;
                };
                let bytes = frame.to_vec();
                Ok(RawFrame { bytes, content })
            }
            Err(error) if is_passing(&error) => continue,
            Err(error) => {
                failures += 1;
                if failures < MAX_FAILURES {
                    continue;
                }
                Err(error)
            }
        };
        let over = outcome.is_err();
        if queue.blocking_send(outcome).is_err() || over {
            return;
        }
        if waited && receiver.has_room {
            // Frames that follow are read at once, without waking this thread for each.
            thread::sleep(REST);
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// A socket whose kernel filter passes only frames of SADP: an interface may carry the
/// video of a whole site.
#[cfg(target_os = "linux")]
mod socket {
    use std::{io, os::fd::IntoRawFd};

    use socket2::{Domain, Protocol, SockFilter, Socket, Type};

    use super::Filtered;
    use crate::socket::{enlarge_receive_buffer, has_room_for_rest};

    /// Opened for no protocol: it receives nothing before it is bound, and then only
    /// what the filter passes.
    pub(super) fn filtered(port: u16) -> io::Result<Filtered> {
        let none = Protocol::from(0);
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(none))?;
        socket.attach_filter(&filter(port))?;
        enlarge_receive_buffer(&socket);
        Ok(Filtered {
            has_room: has_room_for_rest(&socket),
            descriptor: Some(socket.into_raw_fd()),
        })
    }

    const LOAD_HALF: u16 = 0x28;
    const LOAD_BYTE: u16 = 0x30;
    const LOAD_HALF_INDEXED: u16 = 0x48;
    /// Loads four times the lower half of a byte: the length of an IP header.
    const INDEX_BY_HEADER: u16 = 0xb1;
    const JUMP_EQUAL: u16 = 0x15;
    const JUMP_ANY_BIT: u16 = 0x45;
    const RETURN: u16 = 0x06;

    /// Passes frames of the link-layer protocol, all with a VLAN tag, UDP from or to the
    /// port, first fragments included, and later fragments of UDP, which have no ports.
    fn filter(port: u16) -> [SockFilter; 16] {
        let port = u32::from(port);
        let step = SockFilter::new;
        [
            step(LOAD_HALF, 0, 0, 12),
            step(JUMP_EQUAL, 12, 0, 0x8033),
            step(JUMP_EQUAL, 11, 0, 0x8100),
            step(JUMP_EQUAL, 10, 0, 0x88a8),
            step(JUMP_EQUAL, 0, 10, 0x0800),
            step(LOAD_BYTE, 0, 0, 23),
            step(JUMP_EQUAL, 0, 8, 17),
            step(LOAD_HALF, 0, 0, 20),
            step(JUMP_ANY_BIT, 5, 0, 0x1fff),
            step(INDEX_BY_HEADER, 0, 0, 14),
            step(LOAD_HALF_INDEXED, 0, 0, 14),
            step(JUMP_EQUAL, 2, 0, port),
            step(LOAD_HALF_INDEXED, 0, 0, 16),
            step(JUMP_EQUAL, 0, 1, port),
            step(RETURN, 0, 0, u32::MAX),
            step(RETURN, 0, 0, 0),
        ]
    }
}

#[cfg(not(target_os = "linux"))]
mod socket {
    use super::Filtered;

    /// pnet opens its own socket. The buffer of `/dev/bpf` is small.
    #[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
    pub(super) fn filtered(_: u16) -> std::io::Result<Filtered> {
        Ok(Filtered {
            descriptor: None,
            has_room: false,
        })
    }
}

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
};

use sadp_discovery::{
    reader::{Reader, is_passing},
    socket::shared,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use super::ServerError;

/// The send buffer.
const SEND_BUFFER: usize = 4 << 20;

/// How often a socket is read at once, so that a flood does not delay everything else.
const MAX_READS: usize = 64;

/// The socket without an address. It receives from the group and at devices' own
/// addresses, and reports the destination, where the system does.
#[derive(Debug)]
pub(super) struct GroupSocket {
    pub(super) socket: UdpSocket,
    pub(super) reader: Reader,
    pub(super) port: u16,
}

impl GroupSocket {
    /// Joins the group on the interface of this address.
    pub(super) fn bind(interface: Ipv4Addr, group: SocketAddrV4) -> Result<Self, ServerError> {
        let wildcard = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, group.port());
        let socket = shared(wildcard).map_err(ServerError::open("bind", wildcard))?;
        socket
            .join_multicast_v4(group.ip(), &interface)
            .map_err(ServerError::open("join the group", group))?;
        let socket = asynchronous(socket).map_err(ServerError::open("use", wildcard))?;
        let port = socket.local_addr();
        let port = port.map_err(ServerError::open("use", wildcard))?.port();
        let reader = Reader::new(&socket);
        Ok(Self {
            socket,
            reader,
            port,
        })
    }
}

/// Opens the socket with the interface's address. It sends, too, and replies can exceed a
/// frame: read it one by one, which leaves fragmentation allowed.
pub(super) fn direct(address: SocketAddrV4) -> Result<UdpSocket, ServerError> {
    let socket = shared(address).map_err(ServerError::open("bind", address))?;
    let sending = send_to_groups_from(*address.ip(), &socket);
    sending.map_err(ServerError::open("send to groups from", address))?;
    // Less is slower, not wrong.
    let _best_effort = socket.set_send_buffer_size(SEND_BUFFER);
    asynchronous(socket).map_err(ServerError::open("use", address))
}

/// Opens a socket at an address, on any port, that sends to groups by an interface.
pub(super) fn attacking(address: Ipv4Addr, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    send_to_groups_from(interface, &socket)?;
    let _best_effort = socket.set_send_buffer_size(SEND_BUFFER);
    asynchronous(socket)
}

/// Passes on what waits at a socket: sender, destination where known, content.
pub(super) fn drain(
    socket: &UdpSocket,
    reader: &mut Reader,
    mut handle: impl FnMut(SocketAddrV4, Option<Ipv4Addr>, &[u8]),
) -> io::Result<()> {
    for _ in 0..MAX_READS {
        let read = reader.try_read(socket, |arrival| {
            let SocketAddr::V4(from) = arrival.from else {
                return;
            };
            let destination = match arrival.to {
                Some(IpAddr::V4(address)) => Some(address),
                Some(IpAddr::V6(_)) | None => None,
            };
            handle(from, destination, arrival.payload);
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if !is_passing(&error) => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Programs on this computer receive from the devices as well.
fn send_to_groups_from(interface: Ipv4Addr, socket: &Socket) -> io::Result<()> {
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_multicast_loop_v4(true)
}

fn asynchronous(socket: Socket) -> io::Result<UdpSocket> {
    UdpSocket::from_std(socket.into())
}

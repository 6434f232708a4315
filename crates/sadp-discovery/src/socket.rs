//! UDP sockets.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket},
    time::Duration,
};

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockRef, Socket, Type};

use crate::interface::Interface;

/// The requested receive buffer: about 14,000 replies by the kernel's accounting. The
/// system may grant far less.
const RECEIVE_BUFFER: usize = 16 << 20;

/// The smallest useful buffer; every system grants it.
const SMALLEST_RECEIVE_BUFFER: usize = 128 << 10;

/// How many groups one socket may join on Linux (`igmp_max_memberships`).
pub(crate) const MAX_MEMBERSHIPS: usize = 20;

/// Opens a socket on an address of this computer and an ephemeral port, for probes and
/// unicast replies.
pub(crate) fn sending(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = udp()?;
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    if !address.is_unspecified() {
        socket.set_multicast_if_v4(&address)?;
    }
    // The group is for this network only; one hop is also the default.
    socket.set_multicast_ttl_v4(1)?;
    socket.set_broadcast(true)?;
    Ok(socket)
}

/// Sends a datagram. Where the system has no room for it, waits for that, a second at most.
pub(crate) async fn send(socket: &UdpSocket, to: SocketAddrV4, payload: &[u8]) -> io::Result<()> {
    const ATTEMPTS: u32 = 1_000;
    for _ in 0..ATTEMPTS {
        match socket.send_to(payload, to) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            sent => return sent.map(drop),
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Opens a socket whose multicast datagrams stay on this computer.
pub(crate) fn staying(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = sending(address)?;
    socket.set_multicast_ttl_v4(0)?;
    socket.set_multicast_loop_v4(true)?;
    Ok(socket)
}

/// Opens a socket that holds a port exclusively.
pub(crate) fn holding(port: u16) -> io::Result<Socket> {
    let socket = udp()?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket)
}

/// Opens a socket on the devices' port, shared with other listeners. It receives from
/// the group on the interfaces on which [`join`] is called.
pub(crate) fn listening(port: u16) -> io::Result<Socket> {
    shared(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port))
}

/// Opens a socket whose port other SADP programs can use as well. It receives from the
/// groups that it joins itself, and has the largest receive buffer that the system allows.
pub fn shared(address: SocketAddrV4) -> io::Result<Socket> {
    let socket = udp()?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    // Otherwise Linux delivers from groups that any program joined, on any interface.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::from(address).into())?;
    Ok(socket)
}

/// Whether [`listening`] failed because another program holds the port exclusively.
/// Windows reports a missing permission then.
pub(crate) fn is_taken(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::AddrInUse || (cfg!(windows) && kind == io::ErrorKind::PermissionDenied)
}

/// Joins the group on an interface: by its index, which is unique, or by its address
/// where the system has or accepts no index.
pub(crate) fn join(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    if let Some(index) = interface.index {
        let by_index = InterfaceIndexOrAddress::Index(index);
        match socket.join_multicast_v4_n(&group, &by_index) {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!(%error, interface = %interface.name, "no join by index"),
        }
    }
    socket.join_multicast_v4(&group, &interface.address())
}

/// How long a socket is not read after all was read: what arrives meanwhile is read at
/// once. Each read wakes two threads.
pub(crate) const REST: Duration = Duration::from_millis(5);

/// Whether the receive buffer holds what arrives while a socket is not read for
/// [`REST`]: Gigabit Ethernet fills it in some 20 ms. Linux grants
/// users less by default.
pub(crate) fn has_room_for_rest<'a>(socket: impl Into<SockRef<'a>>) -> bool {
    const ENOUGH: usize = 4 << 20;
    let size = socket.into().recv_buffer_size();
    size.is_ok_and(|size| size >= ENOUGH)
}

fn udp() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    enlarge_receive_buffer(&socket);
    Ok(socket)
}

/// Requests the largest receive buffer that the system allows: beyond the configured
/// limit where privileged, else up to it.
pub(crate) fn enlarge_receive_buffer(socket: &Socket) {
    #[cfg(target_os = "linux")]
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER).is_ok() {
        return;
    }
    // Linux grants as much as it can; BSDs refuse a request that is too large.
    let mut size = RECEIVE_BUFFER;
    while socket.set_recv_buffer_size(size).is_err() && size > SMALLEST_RECEIVE_BUFFER {
        size /= 2;
    }
    tracing::debug!(granted = ?socket.recv_buffer_size(), "receive buffer");
}

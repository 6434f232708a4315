//! UDP sockets as a scan needs them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::interface::Interface;

/// The receive buffer asked for: some 14,000 replies by the kernel's own
/// account of them. What is granted may be far less.
const RECEIVE_BUFFER: usize = 16 << 20;

/// The least worth asking for; every system grants it.
const SMALLEST_RECEIVE_BUFFER: usize = 128 << 10;

/// How many groups Linux lets one socket join (`igmp_max_memberships`).
pub(crate) const MAX_MEMBERSHIPS: usize = 20;

/// A socket on an address of this machine's and a port of its own, from which
/// to ask and to which unicast answers come.
pub(crate) fn asking(address: Ipv4Addr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(sending(address)?.into())
}

/// The same, without a runtime.
pub(crate) fn sending(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = udp()?;
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    if !address.is_unspecified() {
        socket.set_multicast_if_v4(&address)?;
    }
    // The group is meant for this network alone; one hop is also the default.
    socket.set_multicast_ttl_v4(1)?;
    socket.set_broadcast(true)?;
    Ok(socket)
}

/// A socket whose multicast datagrams stay within this machine.
pub(crate) fn staying(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = sending(address)?;
    socket.set_multicast_ttl_v4(0)?;
    socket.set_multicast_loop_v4(true)?;
    Ok(socket)
}

/// A socket that holds a port for itself, where it is free.
pub(crate) fn holding(port: u16) -> io::Result<Socket> {
    let socket = udp()?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket)
}

/// A socket on the devices' own port, shared with whoever else listens there.
/// It hears the group on the interfaces on which [`join`] is called.
pub(crate) fn listening(port: u16) -> io::Result<Socket> {
    let socket = udp()?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    // Otherwise Linux delivers what any program joined, on any interface.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)).into())?;
    Ok(socket)
}

/// Whether [`listening`] failed because another program holds the port for
/// itself. Windows speaks of permission then.
pub(crate) fn is_taken(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::AddrInUse || (cfg!(windows) && kind == io::ErrorKind::PermissionDenied)
}

/// Joins the group on an interface: by its number, which is its alone, or by its
/// address where the system knows no number or does not take it.
pub(crate) fn join(socket: &Socket, group: Ipv4Addr, interface: &Interface) -> io::Result<()> {
    if let Some(index) = interface.index {
        let by_number = InterfaceIndexOrAddress::Index(index);
        match socket.join_multicast_v4_n(&group, &by_number) {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!(%error, interface = %interface.name, "no join by number"),
        }
    }
    socket.join_multicast_v4(&group, &interface.address())
}

fn udp() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    enlarge_receive_buffer(&socket);
    Ok(socket)
}

/// Asks for as large a receive buffer as the machine allows: beyond the
/// configured limit where privileged, else up to it.
pub(crate) fn enlarge_receive_buffer(socket: &Socket) {
    #[cfg(target_os = "linux")]
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER).is_ok() {
        return;
    }
    // Linux grants what it can of any wish; BSDs refuse one too large.
    let mut wish = RECEIVE_BUFFER;
    while socket.set_recv_buffer_size(wish).is_err() && wish > SMALLEST_RECEIVE_BUFFER {
        wish /= 2;
    }
    tracing::debug!(granted = ?socket.recv_buffer_size(), "receive buffer");
}

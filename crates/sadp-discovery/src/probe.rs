//! Tests this computer's sockets, without a device and without a datagram that leaves
//! the computer.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{interface::Interface, socket};

/// The state of a port.
#[derive(Debug)]
pub enum PortUse {
    /// No program holds it.
    Free,
    /// Other programs hold it and share it.
    Shared,
    /// Another program holds it exclusively.
    Taken,
    /// It cannot be opened for another reason.
    Refused(io::Error),
}

/// Tests whether a UDP port can be opened. Sends nothing and closes the port again.
pub fn port_use(port: u16) -> PortUse {
    match socket::holding(port) {
        Ok(_) => return PortUse::Free,
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => return PortUse::Refused(error),
        Err(_) => {}
    }
    match socket::listening(port) {
        Ok(_) => PortUse::Shared,
        Err(error) if socket::is_taken(&error) => PortUse::Taken,
        Err(error) => PortUse::Refused(error),
    }
}

/// Tests whether a datagram to the group returns to this computer: joins the group on
/// an interface, sends a datagram that does not leave the computer (its time to live is
/// 0), and waits for it, at most this long. `port` 0 means any free port.
///
/// The datagram is not SADP: a program that listens on the port ignores it.
pub fn group_loops(
    interface: &Interface,
    group: Ipv4Addr,
    port: u16,
    wait: Duration,
) -> io::Result<bool> {
    let listener = socket::listening(port)?;
    socket::join(&listener, group, interface)?;
    let port = listener
        .local_addr()?
        .as_socket_ipv4()
        .map_or(port, |address| address.port());
    let sender = socket::staying(interface.address())?;
    let mark = format!("sadpctl loop test {}", Uuid::new_v4());
    sender.send_to(mark.as_bytes(), &SocketAddr::from((group, port)).into())?;
    receives(&listener.into(), mark.as_bytes(), wait)
}

/// Waits for exactly these bytes.
fn receives(listener: &UdpSocket, mark: &[u8], wait: Duration) -> io::Result<bool> {
    let end = Instant::now() + wait;
    let mut memory = [0; 256];
    listener.set_nonblocking(false)?;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        listener.set_read_timeout(Some(left))?;
        match listener.recv(&mut memory) {
            Ok(length) if memory.get(..length) == Some(mark) => return Ok(true),
            // Others may send there; Windows reports datagrams that are too long.
            Ok(_) => {}
            Err(error) if is_timeout(&error) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted || cfg!(windows) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Returns the receive buffer of a scan's socket, in bytes, by the system's
/// accounting.
pub fn receive_buffer() -> io::Result<usize> {
    socket::sending(Ipv4Addr::UNSPECIFIED)?.recv_buffer_size()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface;

    fn loopback() -> Interface {
        let all = interface::list().unwrap();
        all.into_iter()
            .find(|interface| interface.loopback)
            .unwrap()
    }

    fn port(socket: &socket2::Socket) -> u16 {
        let address = socket.local_addr().unwrap();
        address.as_socket_ipv4().unwrap().port()
    }

    #[test]
    fn a_port_is_free_shared_or_taken() {
        let shared = socket::listening(0).unwrap();
        let number = port(&shared);
        assert!(matches!(port_use(number), PortUse::Shared));
        drop(shared);
        assert!(matches!(port_use(number), PortUse::Free));
        let taken = socket::holding(0).unwrap();
        assert!(matches!(port_use(port(&taken)), PortUse::Taken));
    }

    #[test]
    fn what_is_sent_to_the_group_comes_back_on_loopback() {
        let group = Ipv4Addr::new(239, 255, 254, 1);
        let heard = group_loops(&loopback(), group, 0, Duration::from_secs(5));
        assert!(heard.unwrap());
    }

    #[test]
    fn other_bytes_are_not_taken_for_the_mark() {
        let listener = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = listener.local_addr().unwrap();
        sender.send_to(b"something else", to).unwrap();
        assert!(!receives(&listener, b"mark", Duration::from_millis(20)).unwrap());
        for payload in [&b"mark of another"[..], b"mark"] {
            sender.send_to(payload, to).unwrap();
        }
        assert!(receives(&listener, b"mark", Duration::from_secs(5)).unwrap());
    }

    #[test]
    fn a_buffer_is_granted() {
        assert!(receive_buffer().unwrap() > 0);
    }
}

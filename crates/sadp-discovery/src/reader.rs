//! Reading UDP sockets: many datagrams at once where the system can, else one
//! by one.

use std::{
    fmt,
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket};

/// The largest UDP payload, and the most the kernel joins into one buffer.
const MAX_PAYLOAD: usize = 65_535;

/// How many datagrams are read one by one before they are handed on.
const MAX_SINGLE_READS: usize = 32;

/// What reads one socket.
pub struct Reader {
    /// `None` reads plainly.
    batches: Option<UdpSocketState>,
    memory: Vec<u8>,
}

/// One datagram as it came. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// The address it was sent to, where the system tells.
    pub to: Option<IpAddr>,
    /// The number of the interface it came in by, where the system tells.
    pub interface: Option<u32>,
    /// What it holds.
    pub payload: &'a [u8],
}

impl Reader {
    /// Sets a socket up for batches; it forbids its datagrams to be fragmented,
    /// too. Where the system refuses an option that this takes, the socket is
    /// read plainly.
    pub fn new(socket: &UdpSocket) -> Self {
        match UdpSocketState::new(socket.into()) {
            Ok(state) => Self {
                batches: Some(state),
                memory: vec![0; MAX_PAYLOAD * BATCH_SIZE],
            },
            Err(error) => {
                tracing::debug!(%error, "no batches: reading plainly");
                Self::plain()
            }
        }
    }

    /// Leaves the socket as it is and reads one datagram a system call: slower
    /// where batches are to be had, and nothing tells where a datagram was sent
    /// to and by which interface it came in.
    pub fn plain() -> Self {
        Self {
            batches: None,
            memory: vec![0; MAX_PAYLOAD],
        }
    }

    /// Hands over some of what waits. Fails with [`io::ErrorKind::WouldBlock`]
    /// where nothing does. Has to be called with the same socket each time.
    pub fn try_read(
        &mut self,
        socket: &UdpSocket,
        take: impl FnMut(Arrival<'_>),
    ) -> io::Result<()> {
        match &self.batches {
            Some(state) => read_batch(state, socket, &mut self.memory, take),
            None => read_singly(socket, &mut self.memory, take),
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("batches", &self.batches.is_some())
            .finish_non_exhaustive()
    }
}

fn read_batch(
    state: &UdpSocketState,
    socket: &UdpSocket,
    memory: &mut [u8],
    mut take: impl FnMut(Arrival<'_>),
) -> io::Result<()> {
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let mut buffers: Vec<_> = memory
        .chunks_mut(MAX_PAYLOAD)
        .map(IoSliceMut::new)
        .collect();
    let count = socket.try_io(Interest::READABLE, || {
        state.recv(socket.into(), &mut buffers, &mut metas)
    })?;
    for (meta, buffer) in metas.iter().zip(&buffers).take(count) {
        let bytes = buffer.get(..meta.len).unwrap_or_default();
        // The kernel may have joined datagrams of one sender and size.
        for payload in bytes.chunks(meta.stride.max(1)) {
            take(Arrival {
                from: meta.addr,
                to: meta.dst_ip,
                interface: meta.interface_index,
                payload,
            });
        }
    }
    Ok(())
}

fn read_singly(
    socket: &UdpSocket,
    memory: &mut [u8],
    mut take: impl FnMut(Arrival<'_>),
) -> io::Result<()> {
    for number in 0..MAX_SINGLE_READS {
        let (length, from) = match socket.try_recv_from(memory) {
            Ok(received) => received,
            // What is wrong for good is told again when nothing comes before it.
            Err(_) if number > 0 => break,
            Err(error) => return Err(error),
        };
        let payload = memory.get(..length).unwrap_or_default();
        if !payload.is_empty() {
            take(Arrival {
                from,
                to: None,
                interface: None,
                payload,
            });
        }
    }
    Ok(())
}

/// Whether a failure to read is word of one datagram or of one peer, and no
/// matter for the socket: an address refused what was sent to it, told by ICMP,
/// or a datagram was too long, told by Windows.
pub fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::Interrupted
            | io::ErrorKind::NetworkUnreachable
    ) || quinn_udp::is_msg_size_err(error)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    async fn bound() -> UdpSocket {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
    }

    /// Sends these to a socket and reads until as many came. The datagrams,
    /// whether any told its destination, and in how many goes they were read.
    async fn read(
        reader: impl Fn(&UdpSocket) -> Reader,
        sent: &[Vec<u8>],
    ) -> (Vec<Vec<u8>>, bool, usize) {
        let (socket, sender) = (bound().await, bound().await);
        let mut reader = reader(&socket);
        for payload in sent {
            let to = socket.local_addr().unwrap();
            sender.send_to(payload, to).await.unwrap();
        }
        let (mut heard, mut told, mut goes) = (Vec::new(), false, 0);
        while heard.len() < sent.len() {
            socket.readable().await.unwrap();
            let result = reader.try_read(&socket, |arrival| {
                assert_eq!(arrival.from, sender.local_addr().unwrap());
                told |= arrival.to.is_some();
                heard.push(arrival.payload.to_vec());
            });
            match result {
                Ok(()) => goes += 1,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        let nothing = reader.try_read(&socket, |arrival| panic!("{arrival:?}"));
        assert_eq!(nothing.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        (heard, told, goes)
    }

    #[tokio::test]
    async fn read_plainly_or_in_batches_the_datagrams_are_the_same() {
        // Equal sizes may be joined by the kernel; one is as long as can be.
        let mut sent: Vec<_> = (0..50_u8).map(|number| vec![number; 900]).collect();
        sent.extend([vec![1], vec![2; 65_507], b"end".to_vec()]);
        let (batches, told, _) = read(Reader::new, &sent).await;
        assert_eq!(batches, sent);
        assert!(
            told || !cfg!(target_os = "linux"),
            "Linux tells the destination"
        );
        let (plain, told, goes) = read(|_| Reader::plain(), &sent).await;
        assert_eq!(plain, sent);
        assert!(!told);
        assert!(goes < sent.len(), "{goes} goes");
    }

    #[test]
    fn what_is_about_one_datagram_passes() {
        for (kind, passes) in [
            (io::ErrorKind::ConnectionReset, true),
            (io::ErrorKind::NetworkUnreachable, true),
            (io::ErrorKind::WouldBlock, false),
            (io::ErrorKind::PermissionDenied, false),
        ] {
            assert_eq!(is_passing(&kind.into()), passes, "{kind}");
        }
    }
}

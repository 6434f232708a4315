//! Reads UDP sockets: many datagrams at once where the system supports it, else one by
//! one.

use std::{
    fmt,
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket};

/// The largest UDP payload, and the most that the kernel joins into one buffer.
const MAX_PAYLOAD: usize = 65_535;

/// How many datagrams are read one by one before they are passed on.
const MAX_SINGLE_READS: usize = 32;

/// Reads one socket.
pub struct Reader {
    /// `None` reads one by one.
    batches: Option<UdpSocketState>,
    memory: Vec<u8>,
}

/// One received datagram. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// The sender.
    pub from: SocketAddr,
    /// The destination address, where the system reports it.
    pub to: Option<IpAddr>,
    /// The index of the receiving interface, where the system reports it.
    pub interface: Option<u32>,
    /// The content.
    pub payload: &'a [u8],
}

impl Reader {
    /// Prepares a socket for reading in batches. This also forbids fragments of what it
    /// sends. Where the system refuses a needed option, the socket is read one by one.
    pub fn new(socket: &UdpSocket) -> Self {
        match UdpSocketState::new(socket.into()) {
            Ok(state) => Self {
                batches: Some(state),
                memory: vec![0; MAX_PAYLOAD * BATCH_SIZE],
            },
            Err(error) => {
                tracing::debug!(%error, "no batches: reading one by one");
                Self::plain()
            }
        }
    }

    /// Does not change the socket and reads one datagram for each system call: slower,
    /// and without the destination and interface of a datagram.
    pub fn plain() -> Self {
        Self {
            batches: None,
            memory: vec![0; MAX_PAYLOAD],
        }
    }

    /// Passes on some of the waiting datagrams. Returns whether these were all. Fails with
    /// [`io::ErrorKind::WouldBlock`] where there are none. Call it with the same socket
    /// each time.
    pub fn try_read(
        &mut self,
        socket: &UdpSocket,
        take: impl FnMut(Arrival<'_>),
    ) -> io::Result<bool> {
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
) -> io::Result<bool> {
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
    Ok(count < BATCH_SIZE)
}

fn read_singly(
    socket: &UdpSocket,
    memory: &mut [u8],
    mut take: impl FnMut(Arrival<'_>),
) -> io::Result<bool> {
    for number in 0..MAX_SINGLE_READS {
        let (length, from) = match socket.try_recv_from(memory) {
            Ok(received) => received,
            // A persistent error is returned by the next call.
            Err(_) if number > 0 => return Ok(true),
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
    Ok(false)
}

/// Whether a read error concerns one datagram or one peer, and not the socket: an ICMP
/// error after a sent datagram, or, on Windows, a datagram that was too long.
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

    /// Sends these to a socket and reads as many. Returns the datagrams, whether any had
    /// a destination, and the number of reads.
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
        let (mut received, mut with_destination, mut reads) = (Vec::new(), false, 0);
        let mut read_all = false;
        while received.len() < sent.len() {
            socket.readable().await.unwrap();
            let result = reader.try_read(&socket, |arrival| {
                assert_eq!(arrival.from, sender.local_addr().unwrap());
                with_destination |= arrival.to.is_some();
                received.push(arrival.payload.to_vec());
            });
            match result {
                Ok(is_all) => {
                    reads += 1;
                    read_all = is_all;
                }
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert!(read_all);
        let nothing = reader.try_read(&socket, |arrival| panic!("{arrival:?}"));
        assert_eq!(nothing.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        (received, with_destination, reads)
    }

    #[tokio::test]
    async fn single_reads_and_batches_give_the_same_datagrams() {
        // The kernel may join equal sizes; one has the maximum length.
        let mut sent: Vec<_> = (0..50_u8).map(|number| vec![number; 900]).collect();
        sent.extend([vec![1], vec![2; 65_507], b"end".to_vec()]);
        let (batches, with_destination, _) = read(Reader::new, &sent).await;
        assert_eq!(batches, sent);
        assert!(
            with_destination || !cfg!(target_os = "linux"),
            "Linux reports the destination"
        );
        let (plain, with_destination, reads) = read(|_| Reader::plain(), &sent).await;
        assert_eq!(plain, sent);
        assert!(!with_destination);
        assert!(reads < sent.len(), "{reads} reads");
    }

    #[test]
    fn errors_about_one_datagram_pass() {
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

//! Drains sockets into a bounded queue, apart from parsing: a kernel buffer of the
//! default size holds 92 replies.

use std::{
    io,
    net::{self, IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::{
    net::UdpSocket,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};

use crate::{
    raw::RawFrame,
    reader::{self, Arrival, Reader},
    socket,
    virtual_lan::VirtualDatagram,
};

/// After this many failures in a row a socket is no longer drained.
const MAX_FAILURES: u32 = 16;

/// The maximum number of waiting batches. Beyond that the kernel's buffers fill.
const MAX_BATCHES: usize = 256;

/// The memory for all waiting batches, in bytes: room for that many batches of usual
/// replies. A flood of long datagrams would take sixteen times as much.
const MAX_BYTES: u32 = 32 << 20;

/// One received datagram.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) from: SocketAddr,
    /// The destination address, where the system reports it.
    pub(crate) to: Option<IpAddr>,
    /// The index of the receiving interface, where the system reports it.
    pub(crate) interface: Option<u32>,
    pub(crate) payload: Vec<u8>,
    /// Whether this is only the beginning of a datagram whose other IP fragments are
    /// missing.
    pub(crate) is_beginning: bool,
}

impl Received {
    /// A whole datagram without further details.
    pub(crate) fn new(from: SocketAddr, to: Option<IpAddr>, payload: Vec<u8>) -> Self {
        Self {
            from,
            to,
            interface: None,
            payload,
            is_beginning: false,
        }
    }
}

impl From<Arrival<'_>> for Received {
    fn from(arrival: Arrival<'_>) -> Self {
        Self {
            interface: arrival.interface,
            ..Self::new(arrival.from, arrival.to, arrival.payload.to_vec())
        }
    }
}

/// What a socket received at once.
#[derive(Debug)]
pub(crate) enum ReceivedBatch {
    /// From a UDP socket.
    Socket {
        /// The number of the socket, as given to [`drain`].
        number: usize,
        /// The datagrams, or why the socket is no longer drained.
        outcome: io::Result<Vec<Received>>,
    },
    /// From a packet socket.
    Card {
        /// The number of the interface.
        number: usize,
        /// The frames, or why the interface is no longer read.
        outcome: io::Result<Vec<RawFrame>>,
    },
}

impl ReceivedBatch {
    /// Whether a socket or interface is no longer read.
    pub(crate) const fn is_failure(&self) -> bool {
        match self {
            Self::Socket { outcome, .. } => outcome.is_err(),
            Self::Card { outcome, .. } => outcome.is_err(),
        }
    }

    /// The memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Socket { outcome, .. } => {
                let all = outcome.iter().flatten();
                all.map(|received| size_of::<Received>() + received.payload.len())
                    .sum()
            }
            Self::Card { outcome, .. } => {
                let all = outcome.iter().flatten();
                all.map(|frame| size_of::<RawFrame>() + frame.bytes.len())
                    .sum()
            }
        }
    }
}

/// Makes a queue with a limit in number and in bytes.
pub(crate) fn queue() -> (BatchSender, BatchReceiver) {
    let (batches, receiver) = mpsc::channel(MAX_BATCHES);
    let room = Arc::new(Semaphore::new(MAX_BYTES as usize));
    (BatchSender { batches, room }, BatchReceiver(receiver))
}

/// The writing end of the queue.
#[derive(Clone, Debug)]
pub(crate) struct BatchSender {
    batches: mpsc::Sender<(ReceivedBatch, Option<OwnedSemaphorePermit>)>,
    room: Arc<Semaphore>,
}

impl BatchSender {
    /// Waits for room and adds a batch. Returns whether the reading end is still there.
    pub(crate) async fn send(&self, batch: ReceivedBatch) -> bool {
        let bytes = u32::try_from(batch.weight()).map_or(MAX_BYTES, |it| it.min(MAX_BYTES));
        // The semaphore is never closed; without a permit, the number still limits.
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.ok();
        self.batches.send((batch, room)).await.is_ok()
    }
}

/// The reading end of the queue.
#[derive(Debug)]
pub(crate) struct BatchReceiver(mpsc::Receiver<(ReceivedBatch, Option<OwnedSemaphorePermit>)>);

impl BatchReceiver {
    /// Waits for the next batch. Cancelling it loses nothing.
    pub(crate) async fn recv(&mut self) -> Option<ReceivedBatch> {
        self.0.recv().await.map(|(batch, _)| batch)
    }

    /// Returns the next batch, where one is waiting.
    pub(crate) fn try_recv(&mut self) -> Option<ReceivedBatch> {
        self.0.try_recv().ok().map(|(batch, _)| batch)
    }
}

/// Forwards what a port on a network inside this process receives.
pub(crate) async fn forward(
    number: usize,
    mut received: mpsc::UnboundedReceiver<VirtualDatagram>,
    queue: BatchSender,
) {
    while let Some(datagram) = received.recv().await {
        let to = IpAddr::V4(*datagram.to.ip());
        let received = Received::new(datagram.from.into(), Some(to), datagram.payload);
        let outcome = Ok(vec![received]);
        let batch = ReceivedBatch::Socket { number, outcome };
        if !queue.send(batch).await {
            return;
        }
    }
}

/// A socket that is ready to be drained.
pub(crate) struct Source {
    socket: UdpSocket,
    reader: Reader,
}

impl Source {
    /// From now on the system reports the interface of each datagram.
    pub(crate) fn new(socket: &net::UdpSocket) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket.try_clone()?)?;
        let reader = Reader::new(&socket);
        Ok(Self { socket, reader })
    }
}

/// Drains a socket until it fails repeatedly or the queue is closed.
pub(crate) async fn drain(number: usize, source: io::Result<Source>, queue: BatchSender) {
    let passed_on = match source {
        Ok(source) => pass_on(number, source, &queue).await,
        Err(error) => Err(error),
    };
    let Err(error) = passed_on else {
        return;
    };
    let outcome = Err(error);
    let batch = ReceivedBatch::Socket { number, outcome };
    // Where the queue is closed, nobody wants to know.
    queue.send(batch).await;
}

/// Passes on what a socket receives. Ends well once the queue is closed.
async fn pass_on(number: usize, source: Source, queue: &BatchSender) -> io::Result<()> {
    let Source {
        mut socket,
        mut reader,
    } = source;
    let has_room = socket::has_room_for_rest(&socket);
    let mut failures = 0;
    loop {
        let mut datagrams = Vec::new();
        let received = match socket.readable().await {
            Ok(()) => reader.try_read(&socket, |arrival| datagrams.push(arrival.into())),
            Err(error) => Err(error),
        };
        let is_all = match received {
            Ok(is_all) => is_all,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) if reader::is_passing(&error) => continue,
            Err(error) => {
                failures += 1;
                if failures < MAX_FAILURES {
                    tracing::debug!(%error, "receive failed");
                    continue;
                }
                return Err(error);
            }
        };
        failures = 0;
        let outcome = Ok(datagrams);
        let batch = ReceivedBatch::Socket { number, outcome };
        if !queue.send(batch).await {
            return Ok(());
        }
        if is_all && has_room {
            // Each datagram that arrives would wake the runtime if it watched the socket.
            let unwatched = socket.into_std()?;
            tokio::time::sleep(socket::REST).await;
            socket = UdpSocket::from_std(unwatched)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[tokio::test]
    async fn the_first_datagram_has_its_interface() {
        let socket: net::UdpSocket = socket::sending(Ipv4Addr::LOCALHOST).unwrap().into();
        let source = Source::new(&socket);
        // It arrives before the task runs for the first time.
        socket
            .send_to(b"first", socket.local_addr().unwrap())
            .unwrap();
        let (sender, mut receiver) = queue();
        let task = tokio::spawn(drain(0, source, sender));
        let batch = receiver.recv().await;
        task.abort();
        let Some(ReceivedBatch::Socket { outcome, .. }) = batch else {
            panic!("{batch:?}");
        };
        let first = &outcome.unwrap()[0];
        assert_eq!(first.payload, b"first");
        let reported = first.interface.is_some_and(|index| index > 0);
        assert!(reported || !cfg!(target_os = "linux"), "{first:?}");
    }

    fn batch(datagrams: usize, bytes: usize) -> ReceivedBatch {
        let from = SocketAddr::from(([10, 0, 0, 1], 37020));
        let all = (0..datagrams).map(|_| Received::new(from, None, vec![0; bytes]));
        ReceivedBatch::Socket {
            number: 0,
            outcome: Ok(all.collect()),
        }
    }

    /// Adds batches until one has to wait. Returns the number before it.
    fn fill(sender: &BatchSender, datagrams: usize, bytes: usize) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        (0..10_000)
            .take_while(|_| {
                let sent = pin!(sender.send(batch(datagrams, bytes))).poll(&mut context);
                sent == Poll::Ready(true)
            })
            .count()
    }

    #[test]
    fn long_datagrams_are_limited_in_bytes() {
        let (sender, mut receiver) = queue();
        let waiting = fill(&sender, 8, 60_000);
        assert_eq!(waiting, MAX_BYTES as usize / batch(8, 60_000).weight());
        let mut context = Context::from_waker(Waker::noop());
        let read = pin!(receiver.recv()).poll(&mut context);
        assert!(matches!(read, Poll::Ready(Some(_))));
        assert_eq!(fill(&sender, 8, 60_000), 1, "reading makes room");
    }

    #[test]
    fn usual_replies_are_limited_in_number_only() {
        let (sender, _receiver) = queue();
        assert_eq!(fill(&sender, 32, 1_500), MAX_BATCHES);
    }

    #[test]
    fn a_batch_larger_than_all_room_waits_for_all_of_it() {
        let (sender, _receiver) = queue();
        assert_eq!(fill(&sender, 700, 65_535), 1);
    }
}

//! What was received and not read yet.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::receive::Batch;

/// The most batches that wait. Beyond, the kernel's buffers fill.
const MAX_BATCHES: usize = 256;

/// What they may take in memory together: as many batches of usual replies. A
/// flood of long datagrams would take sixteen times as much.
const MAX_BYTES: u32 = 32 << 20;

/// A queue that is bounded in number and in bytes.
pub(crate) fn queue() -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(MAX_BATCHES);
    let room = Arc::new(Semaphore::new(MAX_BYTES as usize));
    let sender = Sender {
        batches: sender,
        room,
    };
    (sender, Receiver(receiver))
}

/// Where batches are put.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    batches: mpsc::Sender<(Batch, Option<OwnedSemaphorePermit>)>,
    room: Arc<Semaphore>,
}

impl Sender {
    /// Waits for room and puts a batch there.
    pub(crate) async fn send(&self, batch: Batch) -> Result<(), NobodyReads> {
        let bytes = u32::try_from(batch.weight()).map_or(MAX_BYTES, |it| it.min(MAX_BYTES));
        // It is never closed; without a permit, the number still bounds.
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.ok();
        let sent = self.batches.send((batch, room)).await;
        sent.map_err(|_| NobodyReads)
    }
}

/// Where batches are read.
#[derive(Debug)]
pub(crate) struct Receiver(mpsc::Receiver<(Batch, Option<OwnedSemaphorePermit>)>);

impl Receiver {
    /// The next batch. It can be cancelled without a loss.
    pub(crate) async fn recv(&mut self) -> Option<Batch> {
        self.0.recv().await.map(|(batch, _)| batch)
    }

    /// The next batch, where one waits.
    pub(crate) fn try_recv(&mut self) -> Option<Batch> {
        self.0.try_recv().ok().map(|(batch, _)| batch)
    }
}

/// The queue is gone.
#[derive(Debug)]
pub(crate) struct NobodyReads;

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::receive::Received;

    fn batch(datagrams: usize, bytes: usize) -> Batch {
        let received = || Received {
            from: SocketAddr::from(([10, 0, 0, 1], 37020)),
            to: None,
            interface: None,
            payload: vec![0; bytes],
            is_beginning: false,
            protocol: sadp_model::Protocol::Sadp,
        };
        Batch::Socket {
            number: 0,
            outcome: Ok((0..datagrams).map(|_| received()).collect()),
        }
    }

    /// Puts batches there until one has to wait. Returns how many did not.
    fn fill(sender: &Sender, batch: impl Fn() -> Batch) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        let has_room = |_: &usize| {
            let sent = pin!(sender.send(batch())).poll(&mut context);
            matches!(sent, Poll::Ready(Ok(())))
        };
        (0..10_000).take_while(has_room).count()
    }

    #[test]
    fn long_datagrams_are_bounded_in_bytes() {
        let (sender, mut receiver) = queue();
        let waiting = fill(&sender, || batch(8, 60_000));
        assert_eq!(waiting, MAX_BYTES as usize / batch(8, 60_000).weight());
        let mut context = Context::from_waker(Waker::noop());
        let read = pin!(receiver.recv()).poll(&mut context);
        assert!(matches!(read, Poll::Ready(Some(_))));
        assert_eq!(
            fill(&sender, || batch(8, 60_000)),
            1,
            "what is read makes room"
        );
    }

    #[test]
    fn usual_replies_are_bounded_in_number_alone() {
        let (sender, _receiver) = queue();
        assert_eq!(fill(&sender, || batch(32, 1_500)), MAX_BATCHES);
    }

    #[test]
    fn a_batch_larger_than_all_room_waits_for_all_of_it() {
        let (sender, _receiver) = queue();
        let largest = || batch(700, 65_535);
        assert_eq!(fill(&sender, largest), 1);
    }
}

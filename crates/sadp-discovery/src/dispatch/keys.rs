//! Makes key pairs beside the conversations: one takes about 9 ms, and far more on a
//! busy computer.

use std::{sync::Arc, thread};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::seal::ExchangeKey;
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet, spawn_blocking},
};

use super::Job;

/// A job with its key pair. `None` where it cannot be made: the exchange says so.
pub(super) type JobWithKey = (usize, Job, Option<ExchangeKey>);

/// Makes as many key pairs at once as there are processors.
pub(super) struct KeyMaker {
    tasks: JoinSet<Result<JobWithKey, JoinError>>,
    processors: Arc<Semaphore>,
}

impl KeyMaker {
    pub(super) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            tasks: JoinSet::new(),
            processors: Arc::new(Semaphore::new(processors)),
        }
    }

    /// How many jobs wait for their key pair.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Begins to make a key pair for a job.
    pub(super) fn begin(&mut self, number: usize, job: Job) {
        let processors = Arc::clone(&self.processors);
        self.tasks.spawn(async move {
            // The semaphore is never closed.
            let _processor = processors.acquire().await;
            let key = spawn_blocking(|| ExchangeKey::generate(&mut UnwrapErr(SysRng)).ok());
            Ok((number, job, key.await?))
        });
    }

    /// The next job that has its key pair. `None` if none waits for one.
    pub(super) async fn next(&mut self) -> Option<JobWithKey> {
        let made = self.tasks.join_next().await?;
        match made.flatten().map_err(JoinError::try_into_panic) {
            Ok(made) => Some(made),
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => None,
        }
    }

    /// Drops the jobs: nothing was sent for them.
    pub(super) fn clear(&mut self) {
        self.tasks = JoinSet::new();
    }
}

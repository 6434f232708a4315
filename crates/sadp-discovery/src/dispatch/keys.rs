//! Makes key pairs beside the conversations: one takes about 9 ms, and far more on a
//! busy computer.

use std::{collections::VecDeque, thread};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::seal::ExchangeKey;
use tokio::task::JoinSet;

use super::Job;

/// A job with its key pair. `None` where it cannot be made: the exchange says so.
pub(super) type JobWithKey = (usize, Job, Option<ExchangeKey>);

/// Makes as many key pairs at once as there are processors.
pub(super) struct KeyMaker {
    waiting: VecDeque<(usize, Job)>,
    tasks: JoinSet<JobWithKey>,
    at_once: usize,
}

impl KeyMaker {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            tasks: JoinSet::new(),
            at_once: thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// How many jobs wait for their key pair.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.tasks.len()
    }

    /// Begins to make a key pair for a job.
    pub(super) fn begin(&mut self, number: usize, job: Job) {
        self.waiting.push_back((number, job));
        self.refill();
    }

    /// The next job that has its key pair. `None` if none waits for one.
    pub(super) async fn next(&mut self) -> Option<JobWithKey> {
        let made = self.tasks.join_next().await?;
        self.refill();
        match made.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(made) => Some(made),
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            Err(Err(_)) => None,
        }
    }

    /// Drops the jobs: nothing was sent for them.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.tasks = JoinSet::new();
    }

    fn refill(&mut self) {
        while self.tasks.len() < self.at_once
            && let Some((number, job)) = self.waiting.pop_front()
        {
            self.tasks.spawn_blocking(move || {
                (
                    number,
                    job,
                    ExchangeKey::generate(&mut UnwrapErr(SysRng)).ok(),
                )
            });
        }
    }
}

//! The one job that is under way: what it asks, how far it is, and how it ended.

use std::{mem, sync::Mutex};

use axum::http::StatusCode;
use maud::{Markup, html};
use sadp_ops::{Cancellation, Outcome, job::JobNote};
use sadp_reset::DeviceKey;
use sadp_text::{ErrorText, Sentence};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::{error::WebError, locked};

/// The job under way, and the last one that ended.
#[derive(Default)]
pub(crate) struct Jobs {
    state: Mutex<JobState>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct JobState {
    /// How many questions were asked.
    questions: u64,
    running: Option<RunningJob>,
    ended: Option<EndedJob>,
}

/// A job under way.
pub(crate) struct RunningJob {
    title: String,
    pub(crate) progress: String,
    pub(crate) question: Option<PendingQuestion>,
    /// The devices that it is for, once that is confirmed.
    pub(crate) devices: Vec<JobDevice>,
    notes: Vec<Sentence>,
    pub(crate) links: Vec<JobLink>,
    cancellation: Cancellation,
}

/// A device that something is sent to.
#[derive(Clone, Debug)]
pub(crate) struct JobDevice {
    pub(crate) title: String,
    pub(crate) key: Option<DeviceKey>,
    /// Whether nothing more is sent to it for now.
    pub(crate) finished: bool,
}

/// A question that nobody has answered yet.
pub(crate) struct PendingQuestion {
    pub(crate) devices: Vec<JobDevice>,
    pub(crate) shown: ShownQuestion,
    pub(crate) answer: oneshot::Sender<bool>,
}

/// What will be done, and the question.
#[derive(Clone, Debug)]
pub(crate) struct ShownQuestion {
    /// Its number: an answer to an earlier question is not taken for one to this.
    pub(crate) number: u64,
    pub(crate) plan: String,
    /// How many devices are left out.
    pub(crate) left_out: usize,
    pub(crate) text: String,
}

/// Where what a job left on the disk can be downloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobLink {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

impl JobLink {
    /// Where what a note names can be downloaded.
    pub(crate) const fn of(note: &JobNote<'_>) -> Option<Self> {
        let (path, text) = match note {
            JobNote::ResultsKept(_) => ("/network/plan#results", "Download the results"),
            JobNote::Recorded { .. } => ("/record", "Download the recording"),
            _ => return None,
        };
        Some(Self { path, text })
    }
}

/// How a job ended.
#[derive(Clone, Debug)]
pub(crate) struct EndedJob {
    pub(crate) title: String,
    pub(crate) outcomes: Vec<Outcome>,
    /// What limited it.
    pub(crate) notes: Vec<Sentence>,
    pub(crate) links: Vec<JobLink>,
    pub(crate) failure: Option<ErrorText>,
}

/// What is shown of the job.
pub(crate) enum ShownJob {
    /// None has begun.
    None,
    /// One is under way.
    Running {
        title: String,
        progress: String,
        question: Option<ShownQuestion>,
        devices: Vec<JobDevice>,
        notes: Vec<Sentence>,
        stopping: bool,
    },
    /// The last one is over.
    Ended(EndedJob),
}

impl JobState {
    fn require_idle(&self) -> Result<(), WebError> {
        let Some(running) = &self.running else {
            return Ok(());
        };
        let message = format!("{}: this is under way", running.title);
        Err(WebError::new(StatusCode::CONFLICT, message)
            .next("wait until it has ended, or stop it; nothing was sent"))
    }
}

impl Jobs {
    /// Takes the place of the one job that may be under way. Fails while there is one.
    pub(crate) fn reserve(
        &self,
        title: String,
        cancellation: Cancellation,
    ) -> Result<(), WebError> {
        let mut state = locked(&self.state);
        state.require_idle()?;
        state.running = Some(RunningJob {
            progress: "begins".into(),
            title,
            question: None,
            devices: Vec::new(),
            notes: Vec::new(),
            links: Vec::new(),
            cancellation,
        });
        drop(state);
        self.tell();
        Ok(())
    }

    /// Gives the place back: the job could not begin.
    pub(crate) fn withdraw(&self) {
        locked(&self.state).running = None;
        self.tell();
    }

    /// Answers the question of this number, if it is still there.
    pub(crate) fn answer(&self, number: u64, yes: bool) {
        let question = self.change(|job| {
            let mut question = job.question.take_if(|it| it.shown.number == number)?;
            if yes {
                job.devices = mem::take(&mut question.devices);
            }
            Some(question)
        });
        if let Some(question) = question.flatten() {
            // Where nobody waits for it, the job is over.
            let _ = question.answer.send(yes);
        }
    }

    /// Sends nothing more; a second call ends the looks as well.
    pub(crate) fn stop(&self) {
        self.change(|job| {
            let Cancellation { stop, abandon } = &job.cancellation;
            if stop.is_cancelled() {
                abandon.cancel();
            }
            stop.cancel();
        });
    }

    /// Adds a line about the job, once.
    pub(crate) fn note(&self, text: impl Into<Sentence>) {
        let text = text.into();
        self.change(|job| {
            if !job.notes.contains(&text) {
                job.notes.push(text);
            }
        });
    }

    /// Takes what ended off the page.
    pub(crate) fn dismiss(&self) -> Option<EndedJob> {
        let ended = locked(&self.state).ended.take();
        self.tell();
        ended
    }

    /// Fails while a job is under way.
    pub(crate) fn require_idle(&self) -> Result<(), WebError> {
        locked(&self.state).require_idle()
    }

    pub(crate) fn is_busy(&self) -> bool {
        locked(&self.state).running.is_some()
    }

    /// Stops the job under way, and waits until it has ended. Its looks end as well once
    /// this is abandoned.
    pub(crate) async fn finish(&self, abandon: &CancellationToken) {
        let mut changes = self.subscribe();
        self.stop();
        let ended = async { while self.is_busy() && changes.changed().await.is_ok() {} };
        let mut ended = std::pin::pin!(ended);
        tokio::select! {
            () = &mut ended => {}
            () = abandon.cancelled() => {
                self.stop();
                ended.await;
            }
        }
    }

    /// Whoever waits for changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What is shown now.
    pub(crate) fn now(&self) -> ShownJob {
        let state = locked(&self.state);
        match (&state.running, &state.ended) {
            (Some(job), _) => ShownJob::Running {
                title: job.title.clone(),
                progress: job.progress.clone(),
                question: job.question.as_ref().map(|it| it.shown.clone()),
                devices: job.devices.clone(),
                notes: job.notes.clone(),
                stopping: job.cancellation.stop.is_cancelled(),
            },
            (None, Some(ended)) => ShownJob::Ended(ended.clone()),
            (None, None) => ShownJob::None,
        }
    }

    /// A line for every page.
    pub(crate) fn status_line(&self) -> Markup {
        let state = locked(&self.state);
        html! {
            @if let Some(job) = &state.running {
                p {
                    @if job.question.is_some() {
                        strong { (job.title) " waits for your answer." }
                    } @else {
                        (job.title) ": " (job.progress)
                    }
                    " " a href="/job" { "Show it" }
                }
            } @else if let Some(ended) = &state.ended {
                p { (ended.title) " has ended. " a href="/job" { "Show the result" } }
            }
        }
    }

    /// Keeps how the job ended.
    pub(crate) fn end(&self, outcomes: Vec<Outcome>, failure: Option<ErrorText>) {
        let mut state = locked(&self.state);
        if let Some(RunningJob {
            title,
            notes,
            links,
            ..
        }) = state.running.take()
        {
            state.ended = Some(EndedJob {
                title,
                outcomes,
                notes,
                links,
                failure,
            });
        }
        drop(state);
        self.tell();
    }

    /// The number of the next question.
    pub(crate) fn next_number(&self) -> u64 {
        let mut state = locked(&self.state);
        state.questions += 1;
        state.questions
    }

    /// Changes what is shown of the job under way.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut RunningJob) -> T) -> Option<T> {
        let changed = locked(&self.state).running.as_mut().map(change);
        self.tell();
        changed
    }

    fn tell(&self) {
        self.changes.send_modify(|version| *version += 1);
    }
}

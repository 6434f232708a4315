//! An action that runs beside the live list: a job on a thread of its own, and what the
//! list shows of it.

use std::thread;

use sadp_ops::{
    Cancellation, Event, Observer, Session,
    job::{Decision, Job, JobNote, JobQuestion, JobSettings, Operator},
};
use sadp_text::{Line, doing, job_note, job_question, lines, progress};
use tokio::{runtime::Handle, sync::mpsc};

use crate::{
    failure::{Exit, Failure},
    output::Outcome,
    view::Results,
};

/// An action under way, on a thread of its own: the list lives on. It has sockets of its
/// own, too: replies come to the group, which each of them hears, or to the port that was
/// asked from, which nobody else has. Dropping it stops it.
pub(super) struct Work {
    events: mpsc::UnboundedReceiver<WorkEvent>,
    answers: mpsc::UnboundedSender<bool>,
    cancellation: Cancellation,
}

/// An event of an action.
pub(super) enum WorkEvent {
    Progress(String),
    /// What will be done, and the question. It waits for [`Work::answer`].
    Ask(String, String),
    End(Results),
}

impl Work {
    /// Begins it. Call it within a tokio runtime.
    pub(super) fn begin(job: Job, session: Session, settings: JobSettings) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let cancellation = session.cancellation().clone();
        let reporter = Reporter {
            sender,
            answered,
            doing: doing(&job.task),
            notes: Vec::new(),
        };
        let runtime = Handle::current();
        thread::spawn(move || runtime.block_on(run(job, session, settings, reporter)));
        Self {
            events,
            answers,
            cancellation,
        }
    }

    /// Waits for the next event. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> WorkEvent {
        let event = self.events.recv().await;
        event.unwrap_or_else(|| {
            let failure = Failure::words(Exit::Machine, "the action ended unexpectedly");
            WorkEvent::End(Results {
                failure: Some(failure),
                ..Results::default()
            })
        })
    }

    pub(super) fn answer(&self, yes: bool) {
        // Where nobody waits for it, the action is over.
        let _ = self.answers.send(yes);
    }

    /// Sends nothing more; a second call ends the looks as well. Returns whether there was
    /// anything left to stop.
    pub(super) fn stop(&self) -> bool {
        let Cancellation { stop, abandon } = &self.cancellation;
        let again = stop.is_cancelled();
        let left = !again || !abandon.is_cancelled();
        stop.cancel();
        if again {
            abandon.cancel();
        }
        left
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.cancellation.stop.cancel();
    }
}

async fn run(job: Job, mut session: Session, settings: JobSettings, mut reporter: Reporter) {
    let report = job.run(&mut session, settings, &mut reporter).await;
    // Other runs may begin before the user has read what became of this one.
    drop(session);
    let (outcomes, failure) = match report {
        Ok(report) => (report.outcomes, report.failure.map(Failure::from)),
        Err(error) => (Vec::new(), Some(error.into())),
    };
    let outcomes = outcomes.into_iter().map(Outcome::from).collect();
    let Reporter { sender, notes, .. } = reporter;
    let _ = sender.send(WorkEvent::End(Results {
        outcomes,
        notes,
        failure,
    }));
}

/// Reports what happens, for the status line and the results, and passes answers on.
struct Reporter {
    sender: mpsc::UnboundedSender<WorkEvent>,
    answered: mpsc::UnboundedReceiver<bool>,
    doing: &'static str,
    notes: Vec<String>,
}

impl Reporter {
    fn progress(&self, progress: String) {
        // The list may be gone.
        let _ = self.sender.send(WorkEvent::Progress(progress));
    }

    /// Keeps a line for the results, each once.
    fn keep(&mut self, line: Line) {
        let note = match line {
            Line::Warning(text) => format!("warning: {text}"),
            Line::Hint(text) => format!("hint: {text}"),
            Line::Note(text) => text.into(),
            Line::Detail(text) => text,
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl Operator for Reporter {
    fn ask(&mut self, question: JobQuestion<'_>) -> Decision<'_> {
        let question = job_question(&question);
        self.progress(self.doing.into());
        let ask = WorkEvent::Ask(question.plan, question.text);
        let _ = self.sender.send(ask);
        Box::pin(async { self.answered.recv().await == Some(true) })
    }

    fn note(&mut self, note: JobNote<'_>) {
        self.keep(job_note(note));
    }
}

impl Observer for Reporter {
    fn observe(&mut self, event: Event<'_>) {
        let doing = self.doing;
        if let Some(progress) = progress(&event) {
            return self.progress(match event {
                Event::Progress { .. } => progress.text,
                Event::LampIsOn(_) => "the lamp blinks; x stops it".into(),
                _ => format!("{doing}: {}", progress.text),
            });
        }
        for line in lines(&event) {
            match line {
                Line::Detail(_) => {}
                Line::Note(text) => self.progress(format!("{doing}: {text}")),
                line => self.keep(line),
            }
        }
    }
}

//! What a page begins and what goes on without it, on a thread of its own: the one job,
//! and looks in the background.

use std::{collections::HashSet, thread};

use axum::http::StatusCode;
use sadp_ops::{
    Cancellation, Event, LedgerAccess, Observer, OpsError, Overrides, Session,
    job::{Decision, Job, JobNote, JobQuestion, JobSettings, Operator},
    recovery::methods,
};
use sadp_reset::DeviceKey;
use sadp_text::{Confirmation, ErrorText, Line, capitalised, lines, progress};
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    error::{WebError, or_defect},
    jobs::{JobDevice, JobLink, PendingQuestion, ShownQuestion},
    looks::{Look, Prepared},
    site::Site,
    wording::device_title,
};

impl Site {
    /// The usual settings of a job, with what is lifted.
    pub(crate) fn job_settings(&self, overrides: Overrides) -> JobSettings {
        JobSettings {
            overrides,
            ..JobSettings::new("sadpctl web", self.lock_wait)
        }
    }

    /// Begins a job. Fails while another one is under way.
    pub(crate) fn begin(&self, job: Job, settings: JobSettings) -> Result<(), WebError> {
        let title = capitalised(sadp_text::doing(&job.task));
        let cancellation = Cancellation::default();
        self.jobs.reserve(title.clone(), cancellation.clone())?;
        let opened = self.open_for(&job.task, cancellation);
        let mut session = opened.inspect_err(|_| self.jobs.withdraw())?;
        let only_reads = job.task.access() == LedgerAccess::Record;
        let settings = JobSettings {
            command: format!("sadpctl web ({title})"),
            ..settings
        };
        let mut reporter = JobReporter { site: self.clone() };
        let runtime = Handle::current();
        // A session is for one thread.
        let spawned = thread::Builder::new().name("job".into()).spawn(move || {
            let report = or_defect(|| {
                let report = runtime.block_on(job.run(&mut session, settings, &mut reporter));
                report.map_err(|error| ErrorText::from(&error))
            });
            // Other runs may begin before the user has read what became of this one.
            drop(session);
            let (outcomes, failure) = match report {
                Ok(report) => {
                    let failure = report.failure.as_ref().map(ErrorText::from);
                    (report.outcomes, failure)
                }
                Err(failure) => (Vec::new(), Some(failure)),
            };
            reporter.site.replies.take_in(&outcomes);
            reporter.site.jobs.end(outcomes, failure);
            reporter.site.note_use("/");
            // The job may have made the ledger, and has changed devices.
            if !only_reads {
                reporter.site.looks.forget_prepared();
            }
            reporter.site.live.read_again();
            reporter.site.live.probe_now();
        });
        spawned.map(drop).map_err(|_| {
            self.jobs.withdraw();
            no_thread()
        })
    }

    /// Asks devices what is set up on them, and those that do not say it by SADP what they
    /// offer over HTTP. All of them, or `only` these; what others replied before is kept.
    pub(crate) fn ask_prepared(&self, only: Option<HashSet<DeviceKey>>) -> Result<(), WebError> {
        let former = self.looks.prepared.now().found;
        let access = LedgerAccess::Record;
        self.begin_look(
            &self.looks.prepared,
            access,
            async move |session, observer| {
                let mut inventory = session.look(observer).await?.0;
                // Thousands of devices are not held twice.
                let mut devices = std::mem::take(&mut inventory.devices);
                if let Some(only) = &only {
                    devices.retain(|it| it.key().is_some_and(|key| only.contains(&key)));
                }
                methods::read_prepared(session, &inventory, &mut devices, observer).await?;
                methods::read_offered_over_http(session, &mut devices, observer).await?;
                let mut known = former.map_or_else(Prepared::new, |it| it.what.clone());
                let devices = devices.into_iter();
                known.extend(devices.filter_map(|it| Some((it.key()?, it.entry.device.recovery))));
                Ok(known)
            },
        )
    }

    /// Begins a look, unless one of its kind is under way.
    pub(crate) fn begin_look<T, W>(
        &self,
        look: &Look<T>,
        access: LedgerAccess,
        work: W,
    ) -> Result<(), WebError>
    where
        T: Send + Sync + 'static,
        W: AsyncFnOnce(&mut Session, &mut dyn Observer) -> Result<T, OpsError> + Send + 'static,
    {
        if !look.reserve() {
            return Ok(());
        }
        let stop = &self.cancellation.stop;
        let cancellation = Cancellation {
            stop: stop.child_token(),
            abandon: stop.child_token(),
        };
        let opened = self.open(access, cancellation);
        let mut session = opened.inspect_err(|_| look.withdraw())?;
        let (under_way, site, runtime) = (look.clone(), self.clone(), Handle::current());
        // A session is for one thread.
        let spawned = thread::Builder::new().name("look".into()).spawn(move || {
            let mut observer = |event: Event<'_>| {
                if let Some(progress) = progress(&event) {
                    under_way.take_progress(progress.text);
                    site.looks.tell_progress();
                }
            };
            let found = or_defect(|| {
                let found = runtime.block_on(work(&mut session, &mut observer));
                found.map_err(|error| ErrorText::from(&error))
            });
            drop(session);
            under_way.end(found);
            site.looks.tell_progress();
            site.looks.tell_found();
        });
        spawned.map(drop).map_err(|_| {
            look.withdraw();
            no_thread()
        })
    }
}

fn no_thread() -> WebError {
    WebError::new(StatusCode::SERVICE_UNAVAILABLE, "cannot start a thread")
        .next("close other programs and try again; nothing was sent")
}

/// Puts what a job reports on the page.
struct JobReporter {
    site: Site,
}

impl JobReporter {
    /// Each line once.
    fn note_line(&self, line: Line) {
        match line {
            Line::Note(text) | Line::Hint(text) => self.site.jobs.note(text),
            Line::Warning(text) => self.site.jobs.note(text),
            Line::Detail(_) => {}
        }
    }
}

impl Observer for JobReporter {
    fn observe(&mut self, event: Event<'_>) {
        if let Event::Progress {
            latest: Some(device),
            ..
        } = event
        {
            self.site.jobs.change(|job| {
                let mut all = job.devices.iter_mut();
                let key = device.key();
                if let Some(it) = all.find(|it| it.key.is_some() && it.key == key) {
                    it.finished = true;
                }
            });
        }
        if let Some(progress) = progress(&event) {
            let text = progress.text;
            self.site.jobs.change(|job| job.progress = text);
            return;
        }
        for line in lines(&event) {
            self.note_line(line);
        }
    }
}

impl Operator for JobReporter {
    fn ask(&mut self, question: JobQuestion<'_>) -> Decision<'_> {
        let (answer, answered) = oneshot::channel();
        let Confirmation {
            devices,
            plan,
            text,
            ..
        } = sadp_text::job_question(&question);
        let left_out = question.left_out.len();
        let devices = devices.into_iter().map(|it| JobDevice {
            title: device_title(it),
            key: it.key(),
            finished: false,
        });
        let devices = devices.collect();
        let jobs = &self.site.jobs;
        let shown = ShownQuestion {
            number: jobs.next_number(),
            plan,
            left_out,
            text,
        };
        jobs.change(|job| {
            job.question = Some(PendingQuestion {
                devices,
                shown,
                answer,
            });
        });
        Box::pin(async { answered.await.unwrap_or(false) })
    }

    fn note(&mut self, note: JobNote<'_>) {
        self.site
            .jobs
            .change(|job| job.links.extend(JobLink::of(&note)));
        self.note_line(sadp_text::job_note(note));
    }
}

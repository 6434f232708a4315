//! What all pages share.

use std::{
    fmt,
    net::SocketAddr,
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::StatusCode;
use sadp_discovery::ScanConfig;
use sadp_ops::network::plan_file::PlanRow;
use sadp_ops::{
    Cancellation, DiscoveredDevice, LedgerAccess, Session, SessionConfig, audit::EarlierAudit,
    job::Task,
};
use sadp_reset::SiteText;
use sadp_text::LabelSize;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    access::AccessControl, error::WebError, jobs::Jobs, live::LiveList, locked,
    looks::BackgroundLooks, replies::Replies, tls::TlsIdentity, uploads::Uploads,
};

/// The most streams of events at once: a page that is open has one.
const MAX_STREAMS: usize = 256;

/// What is served, and to whom.
#[derive(Debug)]
pub struct WebConfig {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The certificate. Without one it is HTTP, for loopback alone.
    pub identity: Option<TlsIdentity>,
    /// The server ends when nobody has used the pages for so long.
    pub idle: Duration,
    /// How devices are found and reached.
    pub scan: ScanConfig,
    /// The state folder, which holds the ledger.
    pub state: PathBuf,
    /// The folder of what the user set up once: the contact for the vendor's support.
    pub config: Option<PathBuf>,
    /// How long another run that changes devices is waited for.
    pub lock_wait: Duration,
    /// Ends the server, and what changes devices.
    pub cancellation: Cancellation,
}

/// Why a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It was stopped.
    Stopped,
    /// Nobody used the pages for too long.
    Idle,
    /// The one-time link was used twice: somebody else may have it.
    LinkUsedTwice,
}

/// The columns that somebody chose for the list, by their places in the table of fields.
#[derive(Clone, Debug)]
pub(crate) struct ChosenColumns(pub(crate) Vec<u8>);

impl ChosenColumns {
    /// The usual ones.
    pub(crate) const USUAL: [u8; 8] = [26, 3, 1, 44, 11, 6, 24, 28];
}

impl Default for ChosenColumns {
    fn default() -> Self {
        Self(Self::USUAL.into())
    }
}

/// What people say about the site in a report, as somebody typed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReportInput {
    pub(crate) title: Option<SiteText>,
    pub(crate) customer: Option<SiteText>,
    pub(crate) installer: Option<SiteText>,
    pub(crate) label_size: LabelSize,
    pub(crate) plan: Vec<PlanRow>,
}

/// What all pages share. Cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Site(Arc<SiteState>);

/// See [`Site`].
pub(crate) struct SiteState {
    pub(crate) access: AccessControl,
    pub(crate) is_tls: bool,
    pub(crate) live: LiveList,
    pub(crate) jobs: Jobs,
    pub(crate) looks: BackgroundLooks,
    pub(crate) replies: Replies,
    pub(crate) received: Uploads,
    pub(crate) scan: ScanConfig,
    pub(crate) state: PathBuf,
    /// The folder of what the user set up once.
    pub(crate) config: Option<PathBuf>,
    columns: Mutex<ChosenColumns>,
    report: Mutex<Arc<ReportInput>>,
    /// What audits are compared with.
    earlier_audit: Mutex<Option<Arc<EarlierAudit>>>,
    /// How long another run that changes devices is waited for.
    pub(crate) lock_wait: Duration,
    pub(crate) streams: Arc<Semaphore>,
    /// The file of the link. It is removed once that was used.
    entrance: Mutex<Option<PathBuf>>,
    last_use: Mutex<Instant>,
    /// When the server is to end.
    pub(crate) cancellation: Cancellation,
    why: Mutex<EndReason>,
}

/// Without who is let in.
impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").finish_non_exhaustive()
    }
}

impl Deref for Site {
    type Target = SiteState;

    fn deref(&self) -> &SiteState {
        &self.0
    }
}

impl Site {
    pub(crate) fn new(access: AccessControl, config: WebConfig) -> Self {
        Self(Arc::new(SiteState {
            access,
            is_tls: config.identity.is_some(),
            live: LiveList::default(),
            jobs: Jobs::default(),
            looks: BackgroundLooks::default(),
            replies: Replies::default(),
            received: Uploads::default(),
            columns: Mutex::default(),
            report: Mutex::default(),
            earlier_audit: Mutex::default(),
            config: config.config,
            scan: config.scan,
            state: config.state,
            lock_wait: config.lock_wait,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            entrance: Mutex::default(),
            last_use: Mutex::new(Instant::now()),
            cancellation: config.cancellation,
            why: Mutex::new(EndReason::Stopped),
        }))
    }

    /// Notes that somebody uses the pages. What a page asks for by itself is no use.
    pub(crate) fn note_use(&self, path: &str) {
        if !path.starts_with("/live/") {
            *locked(&self.last_use) = Instant::now();
        }
    }

    /// Since when nobody has used the pages.
    pub(crate) fn last_use(&self) -> Instant {
        *locked(&self.last_use)
    }

    /// The columns that the list shows.
    pub(crate) fn columns(&self) -> ChosenColumns {
        locked(&self.columns).clone()
    }

    pub(crate) fn set_columns(&self, chosen: ChosenColumns) {
        *locked(&self.columns) = chosen;
    }

    /// What stands in the report.
    pub(crate) fn report_input(&self) -> Arc<ReportInput> {
        Arc::clone(&locked(&self.report))
    }

    pub(crate) fn set_report_input(&self, input: ReportInput) {
        *locked(&self.report) = Arc::new(input);
    }

    /// What audits are compared with.
    pub(crate) fn earlier_audit(&self) -> Option<Arc<EarlierAudit>> {
        locked(&self.earlier_audit).clone()
    }

    pub(crate) fn set_earlier_audit(&self, earlier: Option<EarlierAudit>) {
        *locked(&self.earlier_audit) = earlier.map(Arc::new);
    }

    /// This file holds the link.
    pub(crate) fn set_entrance(&self, file: PathBuf) {
        *locked(&self.entrance) = Some(file);
    }

    /// The link was used.
    pub(crate) fn entered(&self) {
        self.note_use("/");
        self.remove_entrance();
    }

    /// Removes the file of the link.
    pub(crate) fn remove_entrance(&self) {
        let file = locked(&self.entrance).take();
        if let Some(file) = file {
            // Where it cannot be removed, what it holds lets nobody in.
            let _ = std::fs::remove_file(file);
        }
    }

    /// Ends the server: the link was used twice.
    pub(crate) fn end_session(&self) {
        self.end(EndReason::LinkUsedTwice);
    }

    /// Ends the server, and says why.
    pub(crate) fn end(&self, why: EndReason) {
        *locked(&self.why) = why;
        self.cancellation.stop.cancel();
    }

    /// Why the server ended.
    pub(crate) fn why(&self) -> EndReason {
        *locked(&self.why)
    }

    /// Opens a session on the state folder. Nothing is sent.
    pub(crate) fn open(
        &self,
        access: LedgerAccess,
        cancellation: Cancellation,
    ) -> Result<Session, WebError> {
        self.open_by(self.scan.clone(), access, cancellation)
    }

    fn open_by(
        &self,
        scan: ScanConfig,
        access: LedgerAccess,
        cancellation: Cancellation,
    ) -> Result<Session, WebError> {
        Ok(Session::open(SessionConfig {
            scan,
            state: self.state.clone(),
            access,
            cancellation,
        })?)
    }

    /// Opens the session of a job: behind a router a device has to be asked at its new
    /// address, too.
    pub(crate) fn open_for(
        &self,
        task: &Task,
        cancellation: Cancellation,
    ) -> Result<Session, WebError> {
        let mut scan = self.scan.clone();
        if let Some(new) = task.new_address() {
            scan.sweep = scan.sweep.map(|sweep| sweep.with(new));
        }
        self.open_by(scan, task.access(), cancellation)
    }

    /// Writes into the ledger alone, on a thread where that may take its time. No device
    /// is asked or changed.
    pub(crate) async fn record<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Session) -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let site = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            write(&mut site.open(LedgerAccess::Record, Cancellation::default())?)
        });
        task.await.unwrap_or_else(|_| {
            Err(WebError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "writing ended unexpectedly",
            ))
        })
    }

    /// Reads what a page shows from the ledger, with the devices of the list, on a thread
    /// where reading may take its time.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Session, Vec<DiscoveredDevice>) -> Result<T, WebError> + Send + 'static,
    ) -> Result<T, WebError> {
        let site = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let session = site.open(LedgerAccess::Read, Cancellation::default())?;
            read(&session, site.live.devices())
        });
        task.await.unwrap_or_else(|_| {
            Err(WebError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "reading ended unexpectedly",
            ))
        })
    }
}

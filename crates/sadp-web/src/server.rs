//! The port, and who is served on it.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, thread, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use sadp_discovery::{ScanError, Watcher};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime::Handle,
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tracing::debug;

use crate::{
    access::AccessControl,
    pages,
    site::{EndReason, Site, WebConfig},
    tls::TlsIdentity,
    watch,
};

/// The most connections at once.
const MAX_CONNECTIONS: usize = 512;

/// How long a client may take for a handshake, or for the headers of a request.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long responses under way have to be finished at the end.
const GRACE: Duration = Duration::from_millis(500);

/// How long looks under way have to end.
const LOOKS_GRACE: Duration = Duration::from_secs(5);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum WebServerError {
    /// The port cannot be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address and port.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// An address that others can reach needs a certificate: passwords go over it.
    #[error("{0} can be reached by others, so the page needs a certificate")]
    NeedsTls(SocketAddr),
    /// No interface or socket can be used to find devices.
    #[error(transparent)]
    Watch(#[from] ScanError),
    /// The system gives no random numbers.
    #[error("this computer gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// The file of the link cannot be written.
    #[error("cannot write the file that opens the page")]
    Entrance(#[source] io::Error),
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// A server that listens.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    address: SocketAddr,
    identity: Option<TlsIdentity>,
    idle: Duration,
    site: Site,
}

impl WebServer {
    /// Begins to listen, and to look for devices. Call it within a tokio runtime.
    pub async fn bind(config: WebConfig) -> Result<Self, WebServerError> {
        let WebConfig {
            listen,
            ref identity,
            idle,
            ..
        } = config;
        if identity.is_none() && !listen.ip().is_loopback() {
            return Err(WebServerError::NeedsTls(listen));
        }
        let identity = identity.clone();
        let listener = TcpListener::bind(listen).await;
        let bound = listener.and_then(|it| Ok((it.local_addr()?, it)));
        let (address, listener) = bound.map_err(|source| WebServerError::Listen {
            address: listen,
            source,
        })?;
        let access = AccessControl::new(address, identity.is_some())?;
        let site = Site::new(access, config);
        let watcher = Watcher::open(watch::config(&site))?;
        let kept = watch::keep(site.clone(), watcher);
        let runtime = Handle::current();
        // Its session is for one thread.
        thread::Builder::new()
            .name("list".into())
            .spawn(move || runtime.block_on(kept))
            .map_err(WebServerError::Thread)?;
        Ok(Self {
            listener,
            address,
            identity,
            idle,
            site,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that lets a browser in, once.
    pub fn link(&self) -> String {
        self.site.access.link()
    }

    /// Writes the link into a file that only this user can read, for a browser to be
    /// opened on: what a process is started with can be read by every user. It is removed
    /// once the link was used, or at the end.
    pub fn write_entrance(&self) -> Result<PathBuf, WebServerError> {
        let path = self
            .site
            .state
            .join(format!("web-{}.html", self.address.port()));
        // One of an earlier run on this port lets nobody in.
        let _ = std::fs::remove_file(&path);
        sadp_reset::make_folder(&self.site.state).map_err(WebServerError::Entrance)?;
        let page = pages::entrance(&self.link());
        sadp_reset::write_new_file(&path, page.as_bytes()).map_err(WebServerError::Entrance)?;
        self.site.set_entrance(path.clone());
        Ok(path)
    }

    /// Serves until it is stopped, or nobody has used the pages for too long. What changes
    /// devices then is stopped, and replies to what was sent are awaited.
    pub async fn run(self) -> EndReason {
        let Self {
            listener,
            identity,
            idle,
            site,
            ..
        } = self;
        let router = pages::router(site.clone());
        let mut connections = JoinSet::new();
        tokio::select! {
            () = site.cancellation.stop.cancelled() => {}
            () = unused(&site, idle) => site.end(EndReason::Idle),
            () = accept(listener, identity, router, &mut connections) => {}
        }
        site.jobs.finish(&site.cancellation.abandon).await;
        // Looks end at once, but for replies to what was sent.
        let _ = timeout(LOOKS_GRACE, site.looks.end()).await;
        // Streams of events end by themselves; what is being written is written.
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(GRACE, all).await;
        site.remove_entrance();
        site.why()
    }
}

/// Waits until nobody has used the pages for so long. A job under way is a use.
async fn unused(site: &Site, idle: Duration) {
    loop {
        let due = site.last_use() + idle;
        if due <= Instant::now() {
            return;
        }
        sleep_until(due).await;
        if site.jobs.is_busy() {
            site.note_use("/");
        }
    }
}

/// Accepts connections and serves them.
async fn accept(
    listener: TcpListener,
    identity: Option<TlsIdentity>,
    router: Router,
    open: &mut JoinSet<()>,
) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        while open.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (router, identity) = (router.clone(), identity.clone());
        open.spawn(async move {
            let _permit = permit;
            let Some(identity) = identity else {
                return serve(stream, router).await;
            };
            match timeout(READ_TIMEOUT, identity.acceptor.accept(stream)).await {
                Ok(Ok(stream)) => serve(stream, router).await,
                Ok(Err(error)) => debug!(%error, "no handshake"),
                Err(_) => debug!("no handshake in time"),
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, router: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection broke");
    }
}

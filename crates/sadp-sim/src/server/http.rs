//! The HTTP interfaces of a fleet: a listener for each device.
//!
//! A device listens at its own address and port where this computer has that address, as
//! it has all of the loopback network; otherwise at the interface's address, and on a port
//! that the system chooses. Its SADP reports name the port. Where configured it listens
//! for HTTPS as well, at a port chosen in the same way.

mod tls;

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    handler::Handler,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use ipnet::Ipv4Net;
use sadp_discovery::interface::{self, Interface};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinSet, yield_now},
    time::{sleep, timeout},
};
use tracing::debug;

use self::tls::DeviceTls;
use super::{ServerError, ServerInterface};
use crate::{
    Device, DeviceSettings, Fleet, HttpDelivery, HttpRequest, HttpResponse, HttpsSettings,
};

/// The most devices with a listener. Others of a larger fleet have none.
const MAX_LISTENERS: usize = 256;

/// The most connections at once, of all devices.
const MAX_CONNECTIONS: usize = 512;

/// How long a client may take for its headers, or for its body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may last, whatever happens on it.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(5);

/// The pause after a connection that could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request on its way to the fleet.
pub(super) struct PendingRequest {
    device: usize,
    client: Ipv4Addr,
    parts: Parts,
    body: Bytes,
    reply: oneshot::Sender<Option<HttpResponse>>,
}

impl PendingRequest {
    /// Lets the device answer.
    pub(super) fn answer(self, fleet: &mut Fleet, now: Duration) {
        let target = self.parts.uri.path_and_query();
        let authorization = self.parts.headers.get(header::AUTHORIZATION);
        let request = HttpRequest {
            from: self.client,
            method: self.parts.method.as_str(),
            target: target.map_or("/", |target| target.as_str()),
            authorization: authorization.and_then(|it| it.to_str().ok()),
            body: &self.body,
        };
        // The client may have left.
        let _unread = self
            .reply
            .send(fleet.handle_http(now, self.device, &request));
    }
}

/// The listeners of a fleet.
#[derive(Debug)]
pub(super) struct HttpPorts {
    address: Ipv4Addr,
    networks: Vec<Ipv4Net>,
    /// The addresses of this computer's other interfaces.
    elsewhere: Vec<Ipv4Addr>,
    listeners: Vec<DeviceListener>,
    sender: mpsc::Sender<PendingRequest>,
    requests: mpsc::Receiver<PendingRequest>,
    connections: Arc<Semaphore>,
}

/// The listener of a device, or both of them. They end when it is dropped.
#[derive(Debug)]
struct DeviceListener {
    device: usize,
    /// Where it listens.
    address: SocketAddrV4,
    https: Option<HttpsPort>,
    /// Where it listens for HTTPS.
    https_address: Option<SocketAddrV4>,
    /// The settings it was opened for.
    settings: DeviceSettings,
    _tasks: JoinSet<()>,
}

/// HTTPS as it is configured.
#[derive(Clone, Debug)]
struct HttpsPort {
    port: u16,
    tls: DeviceTls,
}

impl HttpPorts {
    /// Opens a listener for each device that speaks HTTP, at most [`MAX_LISTENERS`]. The
    /// devices then report the ports.
    pub(super) fn open(own: &ServerInterface, fleet: &mut Fleet) -> Result<Self, ServerError> {
        let (sender, requests) = mpsc::channel(MAX_CONNECTIONS);
        let listed = interface::list().unwrap_or_default();
        let elsewhere = listed.iter().filter(|it| *it.name != *own.name);
        let mut ports = Self {
            address: own.address,
            networks: own.networks.clone(),
            elsewhere: elsewhere.map(Interface::address).collect(),
            listeners: Vec::new(),
            sender,
            requests,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        };
        let devices = fleet.devices().iter().enumerate();
        let speaking = devices.filter(|(_, device)| device.http.profile.is_some());
        let speaking: Vec<usize> = speaking.map(|(device, _)| device).collect();
        for device in speaking.into_iter().take(MAX_LISTENERS) {
            let https =
                https(&fleet.devices()[device]).map_err(ports.unopened("serve HTTPS at"))?;
            let listener = ports.listen(device, https, fleet)?;
            ports.listeners.push(listener);
        }
        Ok(ports)
    }

    /// Where a device listens.
    pub(super) fn address_of(&self, device: usize) -> Option<SocketAddrV4> {
        Some(self.listener_of(device)?.address)
    }

    /// Where a device listens for HTTPS.
    pub(super) fn https_address_of(&self, device: usize) -> Option<SocketAddrV4> {
        self.listener_of(device)?.https_address
    }

    fn listener_of(&self, device: usize) -> Option<&DeviceListener> {
        let mut all = self.listeners.iter();
        all.find(|listener| listener.device == device)
    }

    /// Opens other listeners for devices whose address or port has changed.
    pub(super) fn follow(&mut self, fleet: &mut Fleet) -> Result<(), ServerError> {
        for index in 0..self.listeners.len() {
            let DeviceListener {
                device, settings, ..
            } = self.listeners[index];
            let now = fleet.devices().get(device).map(|device| device.settings);
            let moved = now.is_some_and(|now| {
                now.address != settings.address || now.http_port != settings.http_port
            });
            if moved {
                let https = self.listeners[index].https.clone();
                self.listeners[index] = self.listen(device, https, fleet)?;
            }
        }
        Ok(())
    }

    fn listen(
        &self,
        device: usize,
        https: Option<HttpsPort>,
        fleet: &mut Fleet,
    ) -> Result<DeviceListener, ServerError> {
        let settings = fleet.devices()[device].settings;
        let served = Served {
            device,
            requests: self.sender.clone(),
            tls: None,
        };
        let mut tasks = JoinSet::new();
        let (listener, address) = self
            .bind(settings.address, settings.http_port)
            .map_err(self.unopened("serve HTTP at"))?;
        fleet.set_http_port(device, address.port());
        let mut https_address = None;
        if let Some(HttpsPort { port, tls }) = https.clone() {
            let (listener, address) = self
                .bind(settings.address, port)
                .map_err(self.unopened("serve HTTPS at"))?;
            https_address = Some(address);
            let served = Served {
                tls: Some(tls),
                ..served.clone()
            };
            tasks.spawn(serve(listener, served, Arc::clone(&self.connections)));
        }
        tasks.spawn(serve(listener, served, Arc::clone(&self.connections)));
        Ok(DeviceListener {
            device,
            address,
            https,
            https_address,
            settings: DeviceSettings {
                http_port: address.port(),
                ..settings
            },
            _tasks: tasks,
        })
    }

    fn unopened(&self, operation: &'static str) -> impl FnOnce(io::Error) -> ServerError {
        ServerError::open(operation, SocketAddrV4::new(self.address, 0))
    }

    /// Opens a port of a device, or another one in its place.
    fn bind(&self, device: Ipv4Addr, port: u16) -> io::Result<(TcpListener, SocketAddrV4)> {
        let is_elsewhere = self.elsewhere.contains(&device);
        let mut networks = self.networks.iter();
        let is_near = networks.any(|network| network.contains(&device));
        let own = if is_near && !is_elsewhere {
            [port, 0].map(|port| Some(SocketAddrV4::new(device, port)))
        } else {
            [None; 2]
        };
        let fallback = SocketAddrV4::new(self.address, 0);
        let mut listener = Err(io::ErrorKind::AddrNotAvailable.into());
        for address in own.into_iter().flatten().chain([fallback]) {
            listener = std::net::TcpListener::bind(address);
            if listener.is_ok() {
                break;
            }
        }
        let listener = listener?;
        listener.set_nonblocking(true)?;
        match listener.local_addr()? {
            SocketAddr::V4(address) => Ok((TcpListener::from_std(listener)?, address)),
            SocketAddr::V6(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// The HTTPS of a device, with its certificate.
fn https(device: &Device) -> io::Result<Option<HttpsPort>> {
    let Some(HttpsSettings { port, tls }) = device.http.https else {
        return Ok(None);
    };
    let tls = DeviceTls::new(device, tls)?;
    Ok(Some(HttpsPort { port, tls }))
}

/// Waits for the next request. Without listeners there is none.
pub(super) async fn next(ports: Option<&mut HttpPorts>) -> PendingRequest {
    let request = match ports {
        Some(ports) => ports.requests.recv().await,
        None => None,
    };
    match request {
        Some(request) => request,
        None => std::future::pending().await,
    }
}

/// A device with a listener, and the way to its fleet.
#[derive(Clone)]
struct Served {
    device: usize,
    requests: mpsc::Sender<PendingRequest>,
    /// `None` for HTTP.
    tls: Option<DeviceTls>,
}

/// A client that is connected to a device.
#[derive(Clone)]
struct Connected {
    to: Served,
    client: Ipv4Addr,
}

/// Accepts connections and serves them. All of them end with it.
async fn serve(listener: TcpListener, device: Served, connections: Arc<Semaphore>) {
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let (stream, client) = match listener.accept().await {
            Ok((stream, SocketAddr::V4(from))) => (stream, *from.ip()),
            Ok(_) => continue,
            Err(error) => {
                debug!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            return;
        };
        let connected = Connected {
            to: device.clone(),
            client,
        };
        open.spawn(async move {
            let _permit = permit;
            let _too_long = timeout(CONNECTION_TIMEOUT, serve_client(stream, connected)).await;
        });
    }
}

async fn serve_client(stream: TcpStream, connected: Connected) {
    let Some(tls) = &connected.to.tls else {
        return serve_http(stream, connected).await;
    };
    match timeout(READ_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_http(stream, connected).await,
        Ok(Err(error)) => debug!(%error, "no handshake"),
        Err(_) => debug!("no handshake in time"),
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    connected: Connected,
) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(answer.with_state(connected)),
        )
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection broke");
    }
}

/// Passes a request on to the fleet. Where the device does not answer, neither does this:
/// the connection stays open until the client leaves.
async fn answer(State(connected): State<Connected>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match timeout(READ_TIMEOUT, to_bytes(body, HttpRequest::MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let (reply, response) = oneshot::channel();
    let pending = PendingRequest {
        device: connected.to.device,
        client: connected.client,
        parts,
        body,
        reply,
    };
    let sent = connected.to.requests.send(pending).await;
    match (sent, response.await) {
        (Ok(()), Ok(Some(response))) => response.into_response(),
        _ => std::future::pending().await,
    }
}

impl IntoResponse for HttpResponse {
    fn into_response(self) -> Response {
        let bytes = Bytes::from(self.body);
        let mut announced = None;
        let body = match self.delivery {
            HttpDelivery::Whole => Body::from(bytes),
            HttpDelivery::Endless => Body::from_stream(stream::repeat(Ok::<_, Infallible>(bytes))),
            HttpDelivery::Slow(pause) => {
                Body::from_stream(stream::unfold(bytes, move |mut rest| async move {
                    sleep(pause).await;
                    let byte = (!rest.is_empty()).then(|| rest.split_to(1))?;
                    Some((Ok::<_, Infallible>(byte), rest))
                }))
            }
            HttpDelivery::Announced(length) => {
                announced = Some(HeaderValue::from(length));
                Body::from_stream(stream::unfold(Some(bytes), async |bytes| {
                    if bytes.is_none() {
                        // What came before is sent while this waits: the end is an error.
                        yield_now().await;
                    }
                    bytes.map(|bytes| (Ok::<_, Infallible>(bytes), None))
                }))
            }
        };
        let mut response = Response::new(body);
        if let Ok(status) = StatusCode::from_u16(self.status) {
            *response.status_mut() = status;
        }
        let headers = response.headers_mut();
        for (name, value) in self.headers {
            if let Ok(value) = value.try_into() {
                headers.append(name, value);
            }
        }
        if let Some(length) = announced {
            headers.insert(header::CONTENT_LENGTH, length);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Linux has all of the loopback network.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_device_that_moves_gets_another_listener_and_reports_its_port() {
        use crate::{FleetConfig, Site};

        let interface = ServerInterface::find("127.0.0.1").unwrap();
        let site = "[[device]]\nprofile = \"ipc-v5.5.6\"\nip = \"127.77.0.9\"\nbutton = \"1s\"";
        let devices = Site::parse(site).unwrap().build(interface.network());
        let config = FleetConfig::new(interface.address, interface.networks.clone());
        let mut fleet = Fleet::new(devices.unwrap(), config);
        let mut ports = HttpPorts::open(&interface, &mut fleet).unwrap();
        let first = ports.address_of(0).unwrap();
        assert_eq!(*first.ip(), Ipv4Addr::new(127, 77, 0, 9));
        ports.follow(&mut fleet).unwrap();
        assert_eq!(ports.address_of(0), Some(first), "nothing has changed");

        // The button gives it the factory's address, which this computer has not.
        while fleet.poll_transmit(Duration::from_secs(1)).is_some() {}
        assert_eq!(fleet.devices()[0].settings, DeviceSettings::FACTORY);
        ports.follow(&mut fleet).unwrap();
        let second = ports.address_of(0).unwrap();
        assert_eq!(*second.ip(), interface.address);
        assert_eq!(fleet.devices()[0].settings.http_port, second.port());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_comes_byte_by_byte() {
        let pause = Duration::from_secs(10);
        let response = HttpResponse {
            status: 200,
            headers: Vec::new(),
            body: b"slow".to_vec(),
            delivery: HttpDelivery::Slow(pause),
        };
        let start = Instant::now();
        let body = to_bytes(response.into_response().into_body(), 100);
        assert_eq!(body.await.unwrap(), "slow");
        assert!(start.elapsed() >= 4 * pause);
    }
}

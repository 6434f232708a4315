//! A browser without a screen, and simulated devices on a network inside this process.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header, request::Builder},
    response::Response,
};
use sadp_discovery::{LinkConfig, ScanConfig, VirtualLan};
use sadp_ops::{Cancellation, Event, LedgerAccess};
use sadp_sim::{Fleet, FleetConfig, serve_virtual};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::{WebConfig, access::AccessControl, pages, site::Site};

/// Where the pages are.
pub(super) const HOST: &str = "127.0.0.1:8437";
pub(super) const ORIGIN: &str = "http://127.0.0.1:8437";

const DEVICES: &str = include_str!("../../../../fixtures/sites/small-shop.toml");

/// A browser and the site that it is used on.
pub(super) struct Browser {
    pub(super) site: Site,
    /// `name=value`, once it was let in.
    pub(super) cookie: Option<String>,
    router: Router,
    _folder: TempDir,
}

/// A page as it came.
#[derive(Debug)]
pub(super) struct ShownPage {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// A place of the router, with what stands for its parameters.
pub(super) struct KnownRoute {
    pub(super) path: String,
    pub(super) gets: bool,
    pub(super) posts: bool,
}

impl ShownPage {
    /// The ticket of its first form.
    pub(super) fn ticket(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"ticket\" value=\"").unwrap();
        rest.split('"').next().unwrap().into()
    }

    /// How many devices are marked.
    pub(super) fn marks(&self) -> usize {
        self.text.matches(" checked aria-label=\"Mark ").count()
    }
}

impl Browser {
    /// One that was let in, with all devices marked.
    pub(super) async fn entered() -> Self {
        let mut browser = Self::new().await;
        browser.enter().await;
        let all: Vec<_> = browser.site.live.now().all().map(|it| it.number).collect();
        browser.site.live.mark(all, true);
        browser
    }

    /// One that was not.
    pub(super) async fn new() -> Self {
        let network = "192.168.1.9/24".parse().unwrap();
        let (lan, devices) = VirtualLan::new(network, jiff::Timestamp::now());
        let config = FleetConfig::new(network.addr(), vec![network]);
        let site = sadp_sim::Site::parse(DEVICES).unwrap();
        let fleet = Fleet::new(site.build(network).unwrap(), config);
        tokio::spawn(serve_virtual(Arc::new(Mutex::new(fleet)), devices));
        let browser = Self::on(LinkConfig {
            network: Some(lan),
            ..LinkConfig::default()
        });
        let cancellation = Cancellation::default();
        let session = browser.site.open(LedgerAccess::Optional, cancellation);
        let looked = session.unwrap().look(&mut |_: Event<'_>| {}).await;
        browser.site.live.put(looked.unwrap().0.devices);
        browser
    }

    /// One that was let in, where nobody looks for devices.
    pub(super) async fn without_devices() -> Self {
        let mut browser = Self::on(LinkConfig::default());
        browser.enter().await;
        browser
    }

    fn on(link: LinkConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::create_dir(&state).unwrap();
        let access = AccessControl::new(HOST.parse().unwrap(), false).unwrap();
        let site = Site::new(
            access,
            WebConfig {
                listen: HOST.parse().unwrap(),
                identity: None,
                idle: Duration::from_mins(30),
                scan: ScanConfig {
                    link,
                    ..ScanConfig::default()
                },
                state,
                config: Some(folder.path().into()),
                lock_wait: Duration::ZERO,
                cancellation: Cancellation::default(),
            },
        );
        Self {
            router: pages::router(site.clone()),
            site,
            cookie: None,
            _folder: folder,
        }
    }

    /// Follows the link.
    async fn enter(&mut self) {
        let link = self.site.access.link();
        let path = link.strip_prefix(ORIGIN).unwrap();
        let page = self.send_empty(Self::bare(&Method::GET, path)).await;
        let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
        self.cookie = cookie.split(';').next().map(Into::into);
    }

    /// What nobody else may know.
    pub(super) fn secrets(&self) -> Vec<String> {
        let link = self.site.access.link();
        let token = link.split_once('=').unwrap().1.to_owned();
        let cookie = self.cookie.as_ref();
        let session = cookie.map(|it| it.split_once('=').unwrap().1.to_owned());
        session.into_iter().chain([token]).collect()
    }

    /// All places of the router, as it tells them itself.
    pub(super) async fn routes(&self) -> Vec<KnownRoute> {
        let text = format!("{:?}", self.router);
        // The brackets of a parameter are none of the list.
        let text = text.replace("{number}", "1").replace("{name}", "x");
        // The others are those of the fallback.
        let (_, paths) = text.split_once("paths: {").unwrap();
        let paths = paths.split('}').take_while(|it| it.contains("RouteId("));
        let paths = paths.collect::<Vec<_>>().join("}");
        let paths = paths
            .split("RouteId(")
            .filter_map(|it| it.split('"').nth(1));
        let mut routes = Vec::new();
        for path in paths {
            let allowed = self.allowed(path).await;
            routes.push(KnownRoute {
                gets: allowed.contains("GET"),
                posts: allowed.contains("POST"),
                path: path.into(),
            });
        }
        routes
    }

    async fn allowed(&self, path: &str) -> String {
        let page = self.send_empty(self.let_in(&Method::DELETE, path)).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{page:?}");
        page.headers[header::ALLOW].to_str().unwrap().into()
    }

    /// A request of a page, without the cookie.
    pub(super) fn bare(method: &Method, path: &str) -> Builder {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", HOST);
        match *method {
            Method::GET | Method::HEAD => request,
            _ => request.header("origin", ORIGIN),
        }
    }

    /// A request of a page.
    pub(super) fn let_in(&self, method: &Method, path: &str) -> Builder {
        let cookie = self.cookie.as_deref().unwrap_or_default();
        Self::bare(method, path).header("cookie", cookie)
    }

    pub(super) async fn get(&self, path: &str) -> ShownPage {
        self.send_empty(self.let_in(&Method::GET, path)).await
    }

    /// Sends a form.
    pub(super) async fn post_text(&self, path: &str, body: String) -> ShownPage {
        let request = self.let_in(&Method::POST, path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Sends the same as a form with files.
    pub(super) async fn post_parts(&self, path: &str, body: &str) -> ShownPage {
        let pairs = form_urlencoded::parse(body.as_bytes());
        let pairs = pairs.map(|(name, value)| super::part(&name, None, &value));
        let body = pairs.collect::<String>() + &format!("--{}--\r\n", super::BOUNDARY);
        let kind = format!("multipart/form-data; boundary={}", super::BOUNDARY);
        let request = self
            .let_in(&Method::POST, path)
            .header("content-type", kind);
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(super) async fn send_empty(&self, request: Builder) -> ShownPage {
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn send(&self, request: Request) -> ShownPage {
        let (parts, body) = self.respond(request).await.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        ShownPage {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(super) async fn respond(&self, request: Request) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }
}

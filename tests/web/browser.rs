//! Chromium without a screen, driven by chromedriver.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::sleep,
};

use crate::{run::skipped, server::Server};

/// A size of the window: a laptop, a tablet beside the ladder, a telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

pub(crate) const SIZES: [Size; 3] = [
    Size {
        name: "laptop",
        width: 1280,
        height: 800,
    },
    Size {
        name: "tablet",
        width: 820,
        height: 1180,
    },
    Size {
        name: "phone",
        width: 390,
        height: 844,
    },
];

/// How long something may take to be shown. Nothing is timed: whoever waits this long
/// waits for ever.
const PATIENCE: Duration = Duration::from_mins(2);

/// The time between two looks at the page.
const PAUSE: Duration = Duration::from_millis(20);

/// Browsers take much memory: few of them run at a time.
static TURNS: Semaphore = Semaphore::const_new(2);

/// A browser with one window, on the page of a server. It has no profile but its own.
pub(crate) struct Browser {
    pub(crate) client: Client,
    _driver: Driver,
    origin: String,
    _turn: SemaphorePermit<'static>,
}

/// The chromedriver of a browser, until dropped.
struct Driver {
    child: Child,
    port: String,
    session: String,
    _stdout: BufReader<ChildStdout>,
    profile: TempDir,
}

/// Whether the tests can run. Says so where they cannot.
pub(crate) fn is_missing() -> bool {
    let runs = |program: &str| {
        let mut command = Command::new(program);
        let output = command.arg("--version").stderr(Stdio::null()).output();
        output.is_ok_and(|it| it.status.success())
    };
    let missing = !runs("chromium") || !runs("chromedriver");
    if missing {
        skipped("no chromium or chromedriver");
    }
    missing
}

impl Browser {
    /// Follows the link of a server.
    pub(crate) async fn enter(server: &Server, size: Size) -> Self {
        let browser = Self::open(server, size).await;
        browser.client.goto(&server.link).await.unwrap();
        browser.until("document.querySelector('main')").await;
        browser
    }

    /// A browser that knows nothing of the server yet.
    pub(crate) async fn open(server: &Server, size: Size) -> Self {
        let turn = TURNS.acquire().await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", profile.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "no chromedriver");
            if let Some((_, port)) = line.trim_end().split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let mut driver = Driver {
            child,
            port,
            session: String::new(),
            _stdout: stdout,
            profile,
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(driver.capabilities())
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap();
        driver.session = client.session_id().await.unwrap().unwrap();
        let browser = Self {
            client,
            _driver: driver,
            origin: server.origin().into(),
            _turn: turn,
        };
        browser.resize(size).await;
        browser
    }

    /// Goes to a page of the server.
    pub(crate) async fn goto(&self, path: &str) {
        let url = format!("{}{path}", self.origin);
        self.client.goto(&url).await.unwrap();
    }

    pub(crate) async fn find(&self, selector: &str) -> Element {
        self.find_at(Locator::Css(selector)).await
    }

    /// Presses what is found, and waits for the page behind it where it leads to one.
    pub(crate) async fn click(&self, selector: &str) {
        self.click_at(Locator::Css(selector)).await;
    }

    /// Presses the button or link with this text.
    pub(crate) async fn press(&self, text: &str) {
        let path = format!("//main//*[self::a or self::button][normalize-space()={text:?}]");
        self.click_at(Locator::XPath(&path)).await;
    }

    /// Waits for it: the page that has it may still come.
    async fn find_at(&self, place: Locator<'_>) -> Element {
        let wait = self.client.wait().at_most(PATIENCE).every(PAUSE);
        let found = wait.for_element(place).await;
        found.unwrap_or_else(|error| panic!("{place:?}: {error}"))
    }

    async fn click_at(&self, place: Locator<'_>) {
        loop {
            match self.find_at(place).await.click().await {
                Ok(()) => return,
                // The page replaced it before it was pressed.
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{place:?}: {error}"),
            }
        }
    }

    /// Marks all devices that are shown.
    pub(crate) async fn mark_shown(&self) {
        self.press("Mark all shown").await;
        self.until("document.querySelector('.counts').textContent.includes('marked')")
            .await;
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        loop {
            let field = self.find(selector).await;
            let cleared = field.clear().await;
            match cleared.and(field.send_keys(text).await) {
                Ok(()) => return,
                // The page replaced it meanwhile.
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{selector}: {error}"),
            }
        }
    }

    /// Sends keys to whatever has the focus.
    pub(crate) async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What an expression comes to in the page.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        let value = self.client.execute(&script, Vec::new()).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until an expression is true in the page, whatever page that is by then.
    pub(crate) async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression});");
        let mut last = None;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.client.execute(&script, Vec::new()).await {
                Ok(is) if is == true => return,
                Ok(_) => last = None,
                // Where one page goes and the next one comes there is nothing to ask.
                Err(error) => last = Some(error),
            }
            sleep(PAUSE).await;
        }
        let text = self.text("body").await;
        panic!("{expression}: never so: {last:?}\n{text}");
    }

    /// Waits until the list has so many rows.
    pub(crate) async fn until_rows(&self, number: usize) {
        let rows = "document.querySelectorAll('#devices tbody tr').length";
        self.until(&format!("{rows} === {number}")).await;
    }

    /// The text that is seen of an element.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    /// Keeps a picture of what is seen, and holds that the page is not wider than the
    /// window.
    pub(crate) async fn look(&self, name: &str) -> PathBuf {
        let wide = self
            .eval("[document.documentElement.scrollWidth, innerWidth]")
            .await;
        let picture = self.client.screenshot().await.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("web");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, picture).unwrap();
        assert!(
            wide[0].as_u64() <= wide[1].as_u64(),
            "{name}: wider than the window: {wide}"
        );
        path
    }

    /// The cookie of the session: `name=value`.
    pub(crate) async fn cookie(&self) -> String {
        let cookies = self.client.get_all_cookies().await.unwrap();
        let mut cookies = cookies.iter();
        let cookie = cookies.find(|it| it.name().starts_with("sadpctl-"));
        let cookie = cookie.unwrap();
        format!("{}={}", cookie.name(), cookie.value())
    }

    /// Nothing was refused or broke in the page: no script, style or image.
    pub(crate) async fn assert_no_errors(&self) {
        let log = self.client.issue_cmd(ConsoleLog).await.unwrap();
        let log = log.as_array().unwrap().iter();
        let errors: Vec<_> = log.filter(|it| it["level"] == "SEVERE").collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    pub(crate) async fn resize(&self, size: Size) {
        let Size { width, height, .. } = size;
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// As the user's system would ask for: `light` or `dark`.
    pub(crate) async fn colours(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    /// Cuts the browser off from all servers, or connects it again.
    pub(crate) async fn offline(&self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// A command of the browser's own protocol.
    pub(crate) async fn devtools(&self, name: &'static str, parameters: Value) -> Value {
        let command = DevTools { name, parameters };
        let done = self.client.issue_cmd(command).await;
        done.unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

#[derive(Debug)]
struct DevTools {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.name, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// What the browser wrote to its console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}

impl Driver {
    fn capabilities(&self) -> Capabilities {
        let profile = self.profile.path().join("profile");
        let arguments = [
            "--headless",
            // The tests may run as root, which has no sandbox.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // Nothing else is there.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let capabilities = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": 120_000, "pageLoad": 120_000 },
            // Downloads are looked at, not asked about.
            "unhandledPromptBehavior": "accept",
        });
        let Value::Object(capabilities) = capabilities else {
            unreachable!("written above")
        };
        capabilities
    }
}

/// Ends the browser, too, also where a test failed.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(format!("127.0.0.1:{}", self.port)) {
            let end = format!(
                "DELETE /session/{} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
                self.session
            );
            let _ = stream.write_all(end.as_bytes());
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

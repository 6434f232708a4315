//! What installers do, from the list to the outcome.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    browser::{Browser, SIZES, Size, is_missing},
    load::ask,
    run::{Run, root, sadpctl},
    server::{OLD_PASSWORD, PASSWORD, Server},
};

/// Five new cameras, and two that work.
pub(crate) const VAN: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
count = 5
ip = "192.168.1.64"
activated = false

[[device]]
profile = "ipc-v5.5.82"
count = 2
ip = "192.168.1.101"
"#;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SPACE: &str = " ";

impl Browser {
    /// Presses Tab until what has the focus is this.
    async fn tab_to(&self, selector: &str) {
        for _ in 0..200 {
            self.keys(TAB).await;
            let there = format!("document.activeElement.matches({selector:?})");
            if self.eval(&there).await == true {
                return;
            }
        }
        panic!("Tab does not lead to {selector}");
    }

    /// Marks all devices that a filter shows.
    pub(crate) async fn mark_all(&self, filter: &str) {
        self.fill("#filter", filter).await;
        self.press("Filter").await;
        self.until("document.querySelector('#devices tbody tr')")
            .await;
        self.mark_shown().await;
    }

    /// Types the new password twice, and waits for the question about the plan.
    pub(crate) async fn plan_activation(&self) {
        self.press("Activate").await;
        self.fill("#new-password", PASSWORD).await;
        self.fill("#again", PASSWORD).await;
        self.press("Look and plan").await;
        self.until("document.querySelector('.question')").await;
    }

    /// How many outcomes there are of each status.
    pub(crate) async fn outcomes(&self, status: &str) -> u64 {
        self.until("document.querySelector('h2')?.textContent.includes('ended')")
            .await;
        let outcomes = format!("document.querySelectorAll('.status.{status}').length");
        self.eval(&outcomes).await.as_u64().unwrap()
    }
}

/// The password is nowhere but where it was typed.
async fn assert_kept_secret(server: &Server, browser: &Browser) {
    let log = server.log();
    let token = server.link.split_once('=').unwrap().1;
    let cookie = browser.cookie().await;
    let session = cookie.split_once('=').unwrap().1;
    for secret in [PASSWORD, token, session] {
        assert!(!log.contains(secret), "{log}");
    }
    let page = browser.client.source().await.unwrap();
    assert!(!page.contains(PASSWORD) && !page.contains(session));
    let url = browser.client.current_url().await.unwrap();
    assert!(!url.as_str().contains(PASSWORD));
}

async fn activate(size: Size) {
    let server = Server::start(VAN);
    let browser = Browser::enter(&server, size).await;
    browser.until_rows(7).await;
    browser.mark_all("state=unactivated").await;
    browser.press("Activate").await;
    browser.look(&format!("activate-{}", size.name)).await;
    browser.client.back().await.unwrap();
    browser.plan_activation().await;
    browser.look(&format!("activate-plan-{}", size.name)).await;
    // Nothing is sent before it is confirmed.
    let unactivated = server
        .states()
        .iter()
        .filter(|it| *it == "unactivated")
        .count();
    assert_eq!(unactivated, 5);
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 5);
    browser
        .look(&format!("activate-outcome-{}", size.name))
        .await;
    assert_kept_secret(&server, &browser).await;
    browser.press("Back to the devices").await;
    browser
        .until("!document.querySelector('.state.unactivated')")
        .await;
    assert!(server.states().iter().all(|it| it == "active"));
    browser.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_cameras_are_activated() {
    if is_missing() {
        return;
    }
    for size in SIZES {
        activate(size).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_confirmed_is_not_sent() {
    if is_missing() {
        return;
    }
    let server = Server::start(VAN);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(7).await;
    // Nothing is marked.
    browser.press("Activate").await;
    browser
        .until("document.querySelector('main .notice.problem')")
        .await;
    browser.look("activate-nothing-marked").await;
    browser.goto("/").await;
    browser.mark_all("state=unactivated").await;

    // The second password is another one.
    browser.press("Activate").await;
    browser.fill("#new-password", PASSWORD).await;
    browser.fill("#again", "Garden-77y").await;
    browser.press("Look and plan").await;
    browser
        .until("document.querySelector('main .notice.problem')")
        .await;
    browser.look("activate-typed-twice").await;
    assert!(browser.text("main").await.contains("not the same"));
    let page = browser.client.source().await.unwrap();
    assert!(!page.contains(PASSWORD));

    browser.goto("/").await;
    browser.plan_activation().await;
    browser.press("No, send nothing").await;
    assert_eq!(browser.outcomes("done").await, 0);
    browser.look("activate-refused").await;
    // Nor by the back button.
    browser.client.back().await.unwrap();
    browser.until("document.querySelector('main h1')").await;
    assert_eq!(
        server
            .states()
            .iter()
            .filter(|it| *it == "unactivated")
            .count(),
        5
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_is_lifted_for_the_device_whose_name_is_typed() {
    if is_missing() {
        return;
    }
    let server = Server::start(VAN);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(7).await;
    for (name, leads_to) in [("192.168.1.65", "/activate"), ("192.168.1.64", "/job")] {
        browser.goto("/").await;
        browser.fill("#filter", "ip=192.168.1.64").await;
        browser.press("Filter").await;
        browser.until_rows(1).await;
        browser.click("#devices tbody a").await;
        browser.press("Activate").await;
        browser.fill("#new-password", PASSWORD).await;
        browser.fill("#again", PASSWORD).await;
        browser.click(".guards summary").await;
        browser.click(".guards input[type=checkbox]").await;
        browser.fill("#device-name", name).await;
        browser.press("Look and plan").await;
        browser
            .until(&format!("location.pathname === {leads_to:?}"))
            .await;
        browser
            .until("document.querySelector('.notice.problem, .question, .progress')")
            .await;
    }
    browser.until("document.querySelector('.question')").await;
    browser.press("No, send nothing").await;
    assert_eq!(browser.outcomes("done").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_activated_by_keyboard_alone() {
    if is_missing() {
        return;
    }
    let server = Server::start(VAN);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(7).await;
    browser.keys(TAB).await;
    assert_eq!(browser.text(":focus").await, "Skip to the content");
    browser.tab_to("#filter").await;
    browser.keys("state=unactivated").await;
    browser.keys(ENTER).await;
    browser.until_rows(5).await;
    browser.tab_to("[data-mark]").await;
    browser.keys(SPACE).await;
    browser
        .until("document.querySelector('.counts').textContent.includes('1 marked')")
        .await;
    browser.tab_to("#filter").await;
    browser.tab_to("a.button[href^='/activate']").await;
    browser.keys(ENTER).await;
    browser
        .until("document.getElementById('new-password')")
        .await;
    browser.tab_to("#new-password").await;
    browser.keys(PASSWORD).await;
    browser.tab_to("#again").await;
    browser.keys(PASSWORD).await;
    browser.keys(ENTER).await;
    browser.until("document.querySelector('.question')").await;
    browser.tab_to("button[value=yes]").await;
    browser.look("keyboard").await;
    browser.keys(ENTER).await;
    assert_eq!(browser.outcomes("done").await, 1);
    browser.tab_to("main button").await;
    browser.keys(SPACE).await;
    browser.until("location.pathname === '/'").await;
    assert_eq!(
        server.states().iter().filter(|it| *it == "active").count(),
        3
    );
}

/// Forty new cameras, as they come from the box.
const FORTY: &str = r#"
[defaults]
delay = "0..50ms"

[[device]]
profile = "ipc-v5.5.82"
count = 40
ip = "10.9.0.1"
mask = "255.255.0.0"
activated = false
"#;

async fn forty_cameras(size: Size) {
    let server = Server::start(FORTY);
    let browser = Browser::enter(&server, size).await;
    browser.until_rows(40).await;
    browser.mark_all("state=unactivated").await;
    browser.plan_activation().await;
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 40);
    browser
        .look(&format!("forty-activated-{}", size.name))
        .await;
    browser.press("Back to the devices").await;
    browser
        .until("document.querySelectorAll('.state.active').length === 40")
        .await;
    // The marks are still there.
    browser.press("Set addresses").await;
    browser.fill("#from", "10.9.1.1").await;
    browser.fill("#mask", "255.255.0.0").await;
    browser.fill("#gateway", "none").await;
    browser.fill("#password", PASSWORD).await;
    browser
        .look(&format!("forty-addresses-{}", size.name))
        .await;
    browser.press("Look and plan").await;
    browser.until("document.querySelector('.question')").await;
    browser.look(&format!("forty-plan-{}", size.name)).await;
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 40);
    browser.look(&format!("forty-outcome-{}", size.name)).await;
    assert_kept_secret(&server, &browser).await;
    browser.assert_no_errors().await;
    let scan = server.run(&["scan", "--format", "json"]).json();
    let scan = scan.as_array().unwrap().iter();
    let moved = scan.filter(|it| {
        it["ipv4"]["address"]
            .as_str()
            .unwrap()
            .starts_with("10.9.1.")
    });
    assert_eq!(moved.count(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_cameras_get_password_and_address() {
    if is_missing() {
        return;
    }
    for size in SIZES {
        forty_cameras(size).await;
    }
}

/// Two recorders, with the password that simulated devices have.
const SHOP: &str = r#"
[[device]]
profile = "nvr-v4.30.085"
count = 2
ip = "192.168.1.100"
"#;

async fn prepare(size: Size) {
    let server = Server::start(SHOP);
    let browser = Browser::enter(&server, size).await;
    browser.until_rows(2).await;
    browser.mark_shown().await;
    browser.press("Prepare recovery").await;
    browser.fill("#mailbox", "owner@example.com").await;
    browser.fill("#password", OLD_PASSWORD).await;
    browser.look(&format!("prepare-{}", size.name)).await;
    browser.press("Ask the devices and plan").await;
    browser.until("document.querySelector('.question')").await;
    browser.look(&format!("prepare-plan-{}", size.name)).await;
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 2);
    browser
        .look(&format!("prepare-outcome-{}", size.name))
        .await;
    assert!(!server.log().contains(OLD_PASSWORD));
    // Each has its own answers, in a file that is downloaded here.
    browser.press("Download the answers").await;
    browser.until("document.querySelector('a[download]')").await;
    let file = browser
        .find("a[download]")
        .await
        .attr("href")
        .await
        .unwrap()
        .unwrap();
    let cookie = browser.cookie().await;
    let answers = ask(&server, &format!("GET {file}\ncookie: {cookie}\n"));
    assert!(
        answers.contains("content-disposition: attachment"),
        "{answers}"
    );
    let made = answers.lines().filter(|it| it.matches(';').count() == 3);
    assert_eq!(made.count(), 2, "{answers}");
    let nobody = ask(&server, &format!("GET {file}\n"));
    assert!(nobody.starts_with("HTTP/1.1 401"), "{nobody}");
    // What is prepared stays as it is.
    browser.goto("/guids").await;
    browser.look(&format!("vault-{}", size.name)).await;
    browser.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_recorders_are_prepared() {
    if is_missing() {
        return;
    }
    for size in SIZES {
        prepare(size).await;
    }
}

/// A camera whose password is forgotten.
const LOCKED_OUT: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
ip = "192.168.1.101"
"#;

/// The simulated vendor support answers all requests. Returns the file with the answer.
pub(crate) fn answer_of_vendor(folder: &Path) -> PathBuf {
    let requests = folder.to_str().unwrap();
    let run: Run = sadpctl(&["sim", "vendor", requests, "--out", requests])
        .output()
        .unwrap()
        .into();
    assert_eq!(run.code, 0, "{run}");
    let packages = fs::read_dir(requests).unwrap();
    let mut packages = packages.map(|it| it.unwrap().path());
    let mut files = packages.find_map(|it| fs::read_dir(it).ok()).unwrap();
    let is_answer = |it: &PathBuf| it.to_str().unwrap().contains("Encrypt_");
    files
        .find_map(|it| Some(it.unwrap().path()).filter(is_answer))
        .unwrap()
}

async fn night_call(size: Size) {
    let server = Server::start(LOCKED_OUT);
    let browser = Browser::enter(&server, size).await;
    browser.until_rows(1).await;
    browser.click("#devices tbody input").await;
    browser
        .until("document.querySelector('.counts').textContent.includes('1 marked')")
        .await;
    browser.press("Recovery methods").await;
    browser.look(&format!("night-methods-{}", size.name)).await;
    browser.goto("/").await;
    browser.press("Export requests").await;
    browser.look(&format!("night-export-{}", size.name)).await;
    browser.press("Look and plan").await;
    browser.until("document.querySelector('.question')").await;
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 1);
    browser.look(&format!("night-exported-{}", size.name)).await;
    browser.goto("/requests").await;
    browser.look(&format!("night-requests-{}", size.name)).await;
    browser.click("main a[id^=case-]").await;
    browser
        .until("document.querySelector('main img, main .button')")
        .await;
    browser.look(&format!("night-case-{}", size.name)).await;

    let answer = answer_of_vendor(&server.path("state/requests"));
    browser.goto("/requests").await;
    let field = browser.find("#answers").await;
    field.send_keys(answer.to_str().unwrap()).await.unwrap();
    browser.press("Look which answers these are").await;
    browser.fill("#new-password", PASSWORD).await;
    browser.fill("#again", PASSWORD).await;
    browser.look(&format!("night-answer-{}", size.name)).await;
    browser.press("Look and plan").await;
    browser.until("document.querySelector('.question')").await;
    browser.press("Yes, go on").await;
    assert_eq!(browser.outcomes("done").await, 1);
    browser.look(&format!("night-outcome-{}", size.name)).await;
    assert_kept_secret(&server, &browser).await;
    browser.goto("/history").await;
    browser.look(&format!("night-history-{}", size.name)).await;
    let cases = server
        .run(&["reset", "cases", "--all", "--format", "json"])
        .json();
    assert_eq!(cases[0]["state"], "recovered", "{cases}");
    browser.assert_no_errors().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_reset_by_the_vendor() {
    if is_missing() {
        return;
    }
    for size in SIZES {
        night_call(size).await;
    }
}

/// The picture in README.md: `docs/web.png`.
#[tokio::test(flavor = "multi_thread")]
async fn readme_has_a_picture() {
    if is_missing() {
        return;
    }
    let shop = root().join("fixtures/sites/small-shop.toml");
    let server = Server::start(&fs::read_to_string(shop).unwrap());
    let size = Size {
        name: "readme",
        width: 1150,
        height: 640,
    };
    let browser = Browser::enter(&server, size).await;
    browser
        .until("document.querySelectorAll('#devices tbody tr').length > 9")
        .await;
    for row in [1, 2] {
        browser
            .click(&format!("#devices tbody tr:nth-child({row}) input"))
            .await;
        let marked =
            format!("document.querySelector('.counts').textContent.includes('{row} marked')");
        browser.until(&marked).await;
    }
    let picture = browser.look("readme").await;
    assert!(fs::metadata(picture).unwrap().len() < 150_000);
}

//! The same work by page and by command line leaves the same in the ledger.

use std::{fs, path::Path};

use rusqlite::{Connection, OpenFlags, types::Value};

use crate::{
    browser::{Browser, SIZES, is_missing},
    journeys::answer_of_vendor,
    run::Run,
    server::{OLD_PASSWORD, PASSWORD, Server},
};

const SITE: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
count = 3
ip = "192.168.1.64"
activated = false

[[device]]
profile = "ipc-v5.5.82"
count = 2
ip = "192.168.1.101"

[[device]]
profile = "nvr-v4.30.085"
ip = "192.168.1.100"
"#;

/// What is no time, no number that is made by chance, and no name or digest made of these.
fn is_compared(table: &str, column: &str) -> bool {
    let of_chance = match table {
        "cases" => ["sha256", "boot_time", "package", "package_name"].contains(&column),
        "guids" => ["file_name", "sha256"].contains(&column),
        "spent_guids" => column == "sha256",
        // Which devices have one password is compared below.
        "passwords" => column == "number",
        _ => false,
    };
    let is_time = column == "at" || column.ends_with("_at") || column == "until";
    !of_chance && !is_time && column != "id"
}

/// The rows of all tables, sorted: batches end in no order.
fn ledger(state: &Path) -> Vec<String> {
    let file = state.join("ledger.sqlite3");
    let ledger = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = ledger.prepare(names).unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut rows = Vec::new();
    for table in names.map(Result::unwrap) {
        let mut all = ledger.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = all.column_names().map(str::to_owned).collect();
        let mut all = all.query([]).unwrap();
        while let Some(row) = all.next().unwrap() {
            let columns = columns.iter().filter(|it| is_compared(&table, it));
            let values =
                columns.map(|it| format!("{it}={:?}", row.get::<_, Value>(&**it).unwrap()));
            rows.push(format!("{table}: {}", values.collect::<Vec<_>>().join(" ")));
        }
    }
    let together = "SELECT group_concat(mac) FROM
        (SELECT mac, number FROM passwords ORDER BY mac) GROUP BY number ORDER BY 1";
    let mut together = ledger.prepare(together).unwrap();
    let together = together
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    rows.extend(together.map(|it| format!("one password: {}", it.unwrap())));
    rows.sort();
    rows
}

impl Browser {
    /// Opens the page of a device.
    async fn open_device(&self, address: &str) {
        self.goto("/").await;
        self.fill("#filter", &format!("ip={address}")).await;
        self.press("Filter").await;
        self.until_rows(1).await;
        self.click("#devices tbody a").await;
    }

    /// Answers the question about the plan, and waits for the end.
    async fn go_on(&self, status: &str, number: u64) {
        self.until("document.querySelector('.question')").await;
        self.press("Yes, go on").await;
        assert_eq!(self.outcomes(status).await, number);
    }
}

async fn work_by_page(server: &Server) {
    let browser = Browser::enter(server, SIZES[0]).await;
    browser.until_rows(6).await;
    browser.open_device("192.168.1.64").await;
    browser.press("Name it").await;
    browser.fill("#name", "Gate north").await;
    browser.fill("#place", "Roof").await;
    browser.press("Keep it").await;
    browser.goto("/").await;
    browser.mark_all("state=unactivated").await;
    browser.plan_activation().await;
    browser.go_on("done", 3).await;

    for (password, status) in [(PASSWORD, "refused"), (OLD_PASSWORD, "done")] {
        let address = match status {
            "done" => "192.168.1.101",
            _ => "192.168.1.102",
        };
        browser.open_device(address).await;
        browser.press("Network settings").await;
        browser.fill("#http-port", "81").await;
        browser.fill("#password", password).await;
        browser.press("Look and plan").await;
        browser.go_on(status, 1).await;
    }

    browser.open_device("192.168.1.100").await;
    browser.press("Prepare recovery").await;
    browser.fill("#mailbox", "owner@example.com").await;
    browser.fill("#password", OLD_PASSWORD).await;
    browser.press("Ask the devices and plan").await;
    browser.go_on("done", 1).await;

    browser.goto("/").await;
    browser.press("Remove all marks").await;
    browser.mark_all("ip=192.168.1.101").await;
    browser.press("Export requests").await;
    browser.press("Look and plan").await;
    browser.go_on("done", 1).await;
    let answer = answer_of_vendor(&server.path("state/requests"));
    browser.goto("/requests").await;
    let field = browser.find("#answers").await;
    field.send_keys(answer.to_str().unwrap()).await.unwrap();
    browser.press("Look which answers these are").await;
    browser.fill("#new-password", PASSWORD).await;
    browser.fill("#again", PASSWORD).await;
    browser.press("Look and plan").await;
    browser.go_on("done", 1).await;
}

fn work_by_command_line(server: &Server) {
    for (name, password) in [("new", PASSWORD), ("old", OLD_PASSWORD)] {
        fs::write(server.path(name), password).unwrap();
    }
    let [new, old, answers, requests] =
        ["new", "old", "answers.csv", "state/requests"].map(|it| server.path(it));
    let [new, old] = [new.to_str().unwrap(), old.to_str().unwrap()];
    let [answers, requests] = [answers.to_str().unwrap(), requests.to_str().unwrap()];
    let run = |code: i32, arguments: &[&str]| {
        let run: Run = server.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run}");
    };
    let set = ["net", "set", "--http-port", "81", "-y"];
    let prepare = [
        "reset",
        "prepare",
        "192.168.1.100",
        "-y",
        "--password-file",
        old,
    ];
    run(
        0,
        &["name", "192.168.1.64", "Gate north", "--place", "Roof"],
    );
    run(0, &["activate", "--all", "--new-password-file", new, "-y"]);
    run(
        1,
        &[&set[..], &["192.168.1.102", "--password-file", new]].concat(),
    );
    run(
        0,
        &[&set[..], &["192.168.1.101", "--password-file", old]].concat(),
    );
    let mailbox = ["--mailbox", "owner@example.com", "--make-answers", answers];
    run(0, &[&prepare[..], &mailbox].concat());
    run(
        0,
        &["reset", "export", "192.168.1.101", "--out", requests, "-y"],
    );
    let answer = answer_of_vendor(Path::new(requests));
    let import = ["reset", "import", answer.to_str().unwrap(), "-y"];
    run(0, &[&import[..], &["--new-password-file", new]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn page_and_command_line_leave_equal_ledgers() {
    if is_missing() {
        return;
    }
    let [clicked, typed] = [Server::start(SITE), Server::start(SITE)];
    work_by_page(&clicked).await;
    work_by_command_line(&typed);
    let [clicked, typed] = [&clicked, &typed].map(|it| ledger(&it.path("state")));
    assert!(clicked.len() > 20, "{clicked:#?}");
    assert_eq!(clicked, typed);
}

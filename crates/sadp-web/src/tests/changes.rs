//! Pages that begin a job: network settings, plans, recordings, names, the lamp.

use axum::http::{Method, StatusCode, header};
use sadp_model::MacAddr;

use super::{
    BOUNDARY,
    browser::{Browser, ShownPage},
    part,
};
use crate::jobs::{EndedJob, ShownJob, ShownQuestion};

impl Browser {
    /// The number, MAC and address of a camera that has a password.
    fn active(&self) -> (u64, MacAddr, String) {
        let now = self.site.live.now();
        let address = "192.168.1.101".parse().ok();
        let mut devices = now.all();
        let it = devices.find(|it| it.found.entry.device.ipv4.address == address);
        let it = it.unwrap();
        let device = &it.found.entry.device;
        let address = device.ipv4.address.unwrap().to_string();
        (it.number, device.mac.unwrap(), address)
    }

    /// Opens a page and sends a form of it.
    async fn fill(&self, page: &str, path: &str, fields: &str) -> ShownPage {
        let ticket = self.get(page).await.ticket();
        self.post_text(path, format!("ticket={ticket}&{fields}"))
            .await
    }

    /// Sends a plan file.
    async fn apply(&self, plan: &str) -> ShownPage {
        let ticket = self.get("/network/plan").await.ticket();
        let body = [
            part("ticket", None, &ticket),
            part("password", None, "Garden-77x"),
            part("plan", Some("<b>plan.csv"), plan),
            format!("--{BOUNDARY}--\r\n"),
        ];
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.let_in(&Method::POST, "/network/apply");
        let request = request.header("content-type", kind);
        self.send(request.body(body.concat().into()).unwrap()).await
    }

    /// Waits for the question of the job, and answers no.
    async fn decline(&self) -> ShownQuestion {
        let mut changes = self.site.jobs.subscribe();
        loop {
            match self.site.jobs.now() {
                ShownJob::Running {
                    question: Some(question),
                    ..
                } => {
                    self.site.jobs.answer(question.number, false);
                    self.end().await;
                    return question;
                }
                ShownJob::Ended(ended) => panic!("{ended:?}"),
                _ => changes.changed().await.unwrap(),
            }
        }
    }

    /// Waits until the job has ended. Nobody is asked.
    async fn end(&self) -> EndedJob {
        let mut changes = self.site.jobs.subscribe();
        loop {
            match self.site.jobs.now() {
                ShownJob::Ended(ended) => return ended,
                ShownJob::None => panic!("nothing began"),
                ShownJob::Running {
                    question: Some(question),
                    ..
                } => panic!("{question:?}"),
                ShownJob::Running { .. } => changes.changed().await.unwrap(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_were_not_changed_are_not_sent() {
    let browser = Browser::entered().await;
    let (number, _, address) = browser.active();
    let page = format!("/network?device={number}");
    let shown = browser.get(&page).await;
    let field = format!("name=\"address\" type=\"text\" value=\"{address}\"");
    assert!(shown.text.contains(&field), "{shown:?}");
    // The device has another address than when the page was made.
    let same = format!(
        "devices={number}&address-before=192.168.1.7&address=192.168.1.7&dhcp-before=off&dhcp=off&password=Garden-77x"
    );
    let refused = browser.fill(&page, "/network", &same).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("No setting is changed"));
    for (field, word) in [
        ("address=192.168.1.300", "the IPv4 address"),
        ("mask=255.0.255.0", "the subnet mask"),
        ("gateway=nobody", "the gateway"),
        ("http-port=0", "the HTTP port"),
        ("sdk-port=70000", "the SDK port"),
    ] {
        // The first field of a name counts.
        let form = format!("{field}&{same}");
        let refused = browser.fill(&page, "/network", &form).await;
        let text = refused.text.to_lowercase();
        assert!(text.contains(&word.to_lowercase()), "{field}: {refused:?}");
        assert!(!refused.text.contains("Garden-77x"), "{refused:?}");
    }
    let changed = format!("{same}&http-port-before=80&http-port=81");
    let begun = browser.fill(&page, "/network", &changed).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    let plan = browser.decline().await.plan;
    assert!(plan.contains("http-port   80 -> 81"), "{plan}");
    assert!(!plan.contains("192.168.1.7"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_proposed_and_downloaded() {
    let browser = Browser::entered().await;
    let devices = browser.site.live.now().all().count();
    let query = "devices=all&from=192.168.1.150&mask=24&gateway=none";
    let page = browser.get(&format!("/network/plan?{query}")).await;
    assert!(page.text.contains("devices are planned."), "{page:?}");
    assert!(page.text.contains("192.168.1.150"), "{page:?}");
    let link = format!("/network/plan.csv?{}", query.replace('&', "&amp;"));
    assert!(page.text.contains(&link), "{page:?}");
    let csv = browser.get(&format!("/network/plan.csv?{query}")).await;
    let name = csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"plan.csv\"");
    let (rows, _) = sadp_ops::network::plan_file::read(csv.text.as_bytes()).unwrap();
    assert!(rows.len() > 1 && rows.len() <= devices, "{}", csv.text);
    assert!(
        rows.iter()
            .all(|it| it.wanted.mask == "255.255.255.0".parse().ok())
    );
    let workbook = browser.get(&format!("/network/plan.xlsx?{query}")).await;
    assert!(workbook.text.starts_with("PK"), "a workbook is an archive");
    for (query, word) in [
        ("devices=all&from=10.9.9.9", "in none of the networks"),
        ("devices=all&from=nine", "is not valid"),
        ("devices=marked&from=192.168.1.250&mask=24", "address"),
    ] {
        let page = browser.get(&format!("/network/plan?{query}")).await;
        assert!(page.text.contains(word), "{query}: {page:?}");
        let file = browser.get(&format!("/network/plan.csv?{query}")).await;
        assert_eq!(file.status, StatusCode::UNPROCESSABLE_ENTITY, "{file:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_errors_sends_nothing() {
    let browser = Browser::entered().await;
    let page = browser
        .apply("mac,ip\nxx,1.2.3.4\n44:47:cc:00:00:01,1.2.3\n")
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in [
        "&lt;b&gt;plan.csv has 2 errors",
        "line 2: mac",
        "line 3: ip",
    ] {
        assert!(page.text.contains(text), "{text}: {page:?}");
    }
    assert!(!browser.site.jobs.is_busy());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_plan_is_downloaded() {
    let browser = Browser::entered().await;
    let (_, mac, address) = browser.active();
    // It has this address: nothing is sent.
    let plan = format!("mac,ip,name,password\n{mac},{address},Gate north,Secret-1\n");
    let begun = browser.apply(&plan).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    let ended = browser.end().await;
    let notes: Vec<_> = ended.notes.iter().map(ToString::to_string).collect();
    let notes = notes.join("\n");
    assert!(notes.contains("\"password\" is not read"), "{notes}");
    assert!(notes.contains("1 device is named by the plan"), "{notes}");
    let list = browser.get("/network/plan").await;
    let (_, link) = list.text.split_once("href=\"/network/results/").unwrap();
    let name = link.split('"').next().unwrap();
    let file = browser.get(&format!("/network/results/{name}")).await;
    assert!(file.text.contains("no change needed"), "{file:?}");
    assert!(!file.text.contains("Secret-1"), "{file:?}");
    let ledger = browser.get("/network/results/..%2fledger.sqlite3").await;
    assert_eq!(ledger.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_is_recorded_downloaded_and_deleted() {
    let browser = Browser::entered().await;
    let (_, mac, _) = browser.active();
    let begun = browser.fill("/record", "/record", "").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    let ended = browser.end().await;
    assert!(ended.failure.is_none(), "{ended:?}");
    let page = browser.get("/record").await;
    let links = page.text.split("href=\"/record/").skip(1);
    let names: Vec<_> = links.map(|it| it.split('"').next().unwrap()).collect();
    let [redacted, whole] = names[..] else {
        panic!("{names:?}");
    };
    let mac = mac.to_string().replace(':', "-");
    for (name, holds) in [(whole, true), (redacted, false)] {
        let file = browser.get(&format!("/record/{name}")).await;
        assert_eq!(file.text.contains(&mac), holds, "{name}");
    }
    let key = browser.site.access.key();
    let form = format!("key={key}&name={whole}");
    let deleted = browser.post_text("/record/delete", form).await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER, "{deleted:?}");
    for name in [whole, redacted] {
        let file = browser.get(&format!("/record/{name}")).await;
        assert_eq!(file.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_kept_and_two_devices_of_one_name_are_told() {
    let browser = Browser::entered().await;
    let (number, mac, _) = browser.active();
    let page = format!("/name?device={number}");
    let form = format!("devices={number}&name=Gate+north&place=Roof");
    let kept = browser.fill(&page, "/name", &form).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{kept:?}");
    let names = browser.site.read(|session, _| Ok(session.site_names()?));
    let names = names.await.unwrap();
    assert_eq!(names[&mac].called().unwrap(), "Gate north (Roof)");
    let all: Vec<_> = browser.site.live.now().all().map(|it| it.number).collect();
    let other = all.iter().find(|it| **it != number).unwrap();
    let form = format!("devices={other}&name=GATE+NORTH");
    let kept = browser.fill(&page, "/name", &form).await;
    assert!(
        kept.text
            .contains(&format!("Another device has the same name: {mac}")),
        "{kept:?}"
    );
    let long = format!("devices={number}&name={}", "x".repeat(65));
    let refused = browser.fill(&page, "/name", &long).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lamp_is_switched_and_nobody_is_asked() {
    let browser = Browser::entered().await;
    let (number, ..) = browser.active();
    let page = format!("/locate?device={number}");
    let several = browser.fill(&page, "/locate", "devices=1+2&lamp=on").await;
    assert_eq!(
        several.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{several:?}"
    );
    let form = format!("devices={number}&lamp=on");
    let begun = browser.fill(&page, "/locate", &form).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{begun:?}");
    let ended = browser.end().await;
    assert_eq!(ended.outcomes.len(), 1, "{ended:?}");
}

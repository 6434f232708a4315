//! Pages that read: audit, report, history.

use axum::http::{Method, StatusCode, header};
use jiff::Timestamp;
use sadp_model::MacAddr;
use sadp_reset::{Action, Attempt, AttemptResult, AttemptVerdict, DeviceKey, Ledger};

use super::{
    BOUNDARY,
    browser::{Browser, ShownPage},
    part,
};
use crate::form::KEY;

impl Browser {
    /// Sends a form that carries the session's key.
    async fn post_key(&self, path: &str) -> ShownPage {
        let body = format!("{KEY}={}", self.site.access.key());
        self.post_text(path, body).await
    }
}

fn header(page: &ShownPage, name: header::HeaderName) -> &str {
    page.headers[name].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_says_whether_devices_were_asked() {
    let browser = Browser::entered().await;
    let unasked = "Devices were not asked what is set up on them";
    let asked = "Devices were asked at";
    let page = browser.get("/audit").await;
    assert!(page.text.contains(unasked), "{page:?}");
    assert!(page.text.contains("can be recovered without"), "{page:?}");
    let begun = browser.post_key("/audit").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    browser.site.looks.end().await;
    let page = browser.get("/live/audit").await;
    assert!(page.text.contains(asked), "{page:?}");
    assert!(!page.text.contains(unasked), "{page:?}");
    // What was set up may be so no longer.
    browser.site.looks.forget_prepared();
    let page = browser.get("/live/audit").await;
    assert!(page.text.contains(unasked), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_a_file_for_spreadsheets() {
    let browser = Browser::entered().await;
    let csv = browser.get("/audit.csv").await;
    assert_eq!(
        header(&csv, header::CONTENT_TYPE),
        "text/csv; charset=utf-8"
    );
    let name = header(&csv, header::CONTENT_DISPOSITION);
    assert!(name.starts_with("attachment; filename=\"audit-"), "{name}");
    let devices = browser.site.live.now().all().count();
    assert_eq!(csv.text.lines().count(), devices + 1);
    let titles =
        "mac,serial,address,model,name,result,recoverable,ready,findings,next,since,behind";
    assert_eq!(csv.text.lines().next(), Some(titles));
    let workbook = browser.get("/audit.xlsx").await;
    assert!(workbook.text.starts_with("PK"), "a workbook is an archive");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_compared_with_an_earlier_one() {
    let browser = Browser::entered().await;
    let earlier = browser.get("/audit.json").await;
    assert_eq!(header(&earlier, header::CONTENT_TYPE), "application/json");
    let devices = browser.site.live.now().all().count();
    assert_eq!(earlier.text.matches("{\"device\":").count(), devices);
    let compare = async |json: &str| {
        let ticket = browser.get("/audit").await.ticket();
        let body = [
            part("ticket", None, &ticket),
            part("earlier", Some("audit.json"), json),
            format!("--{BOUNDARY}--\r\n"),
        ];
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = browser.let_in(&Method::POST, "/audit/since");
        let request = request.header("content-type", kind);
        browser
            .send(request.body(body.concat().into()).unwrap())
            .await
    };
    let refused = compare("{}").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("not the JSON of an audit"),
        "{refused:?}"
    );
    assert_eq!(compare("[]").await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/live/audit").await;
    let new = "Since the earlier audit: not there before";
    assert_eq!(page.text.matches(new).count(), devices);
    assert_eq!(compare(&earlier.text).await.status, StatusCode::SEE_OTHER);
    let page = browser.get("/live/audit").await;
    assert!(!page.text.contains("Since the earlier audit"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_what_was_typed_and_does_nothing() {
    let browser = Browser::entered().await;
    let form = browser.get("/report").await;
    let body = format!(
        "ticket={}&title=North%20%3Cb%3E&customer=Miller&label-size=70x30",
        form.ticket()
    );
    let set = browser.post_parts("/report", &body).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{set:?}");
    let form = browser.get("/report").await;
    assert!(form.text.contains("value=\"70x30\""), "{form:?}");
    let page = browser.get("/report/page").await;
    assert!(page.text.contains("Miller"), "{page:?}");
    assert!(!page.text.contains("North <b>"), "{page:?}");
    let policy = header(&page, header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("sandbox allow-modals"), "{policy}");
    let labels = browser.get("/report/labels").await;
    assert_eq!(labels.status, StatusCode::OK);
    let workbook = browser.get("/report.xlsx").await;
    assert!(workbook.text.starts_with("PK"));
    for bad in ["label-size=7", "title=a%09b"] {
        let body = format!("ticket={}&{bad}", browser.get("/report").await.ticket());
        let refused = browser.post_parts("/report", &body).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{refused:?}"
        );
    }
    let page = browser.get("/report/page").await;
    assert!(
        page.text.contains("Miller"),
        "what cannot be used changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_paged_and_of_one_device() {
    let browser = Browser::without_devices().await;
    let none = browser.get("/history").await;
    assert!(none.text.contains("Nothing was sent"), "{none:?}");
    let mut ledger = Ledger::open(&browser.site.state).unwrap();
    for number in 0..150 {
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, u8::from(number > 0) + 1]);
        let at = Timestamp::from_second(number).unwrap();
        let attempt = Attempt {
            device: DeviceKey::new(Some(mac), None),
            address: None,
            action: Action::Activate,
            at,
        };
        let id = ledger.begin(&attempt).unwrap();
        let verdict = AttemptVerdict::new(AttemptResult::Done, at);
        ledger.finish(id, &verdict).unwrap();
    }
    let rows = |page: &ShownPage| page.text.matches("Set the first password").count();
    let newest = browser.get("/history").await;
    assert_eq!(rows(&newest), 100);
    assert!(
        newest.text.contains("href=\"/history?before=51\""),
        "{newest:?}"
    );
    let older = browser.get("/history?before=51").await;
    assert_eq!(rows(&older), 50);
    assert!(!older.text.contains(">Older<"), "{older:?}");
    let one = browser.get("/history?of=44:47:cc:00:00:01").await;
    assert_eq!(rows(&one), 1, "{one:?}");
    let nobody = browser.get("/history?device=7").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let bad = browser.get("/history?of=00:00:00:00:00:00").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_downloaded_as_it_is_shown() {
    let browser = Browser::entered().await;
    let all = browser.get("/devices.csv").await;
    assert_eq!(all.status, StatusCode::OK, "{all:?}");
    assert!(all.text.starts_with("ID,Device Type,"), "{all:?}");
    let active = browser.get("/devices.csv?filter=state%3Dactive").await;
    let lines = |page: &ShownPage| page.text.lines().count();
    assert!((2..lines(&all)).contains(&lines(&active)), "{active:?}");
    for path in ["/devices.csv", "/devices.xlsx"] {
        let refused = browser.get(&format!("{path}?filter=colour%3Dred")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

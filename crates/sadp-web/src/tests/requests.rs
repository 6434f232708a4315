//! Requests to the vendor's support from their export to their answer, and the vault.

use std::fs;

use axum::http::{Method, StatusCode, header};
use sadp_model::State;
use sadp_ops::OutcomeStatus;
use sadp_proto::Guid;
use sadp_reset::{
    Contact, DeviceKey, GuidExport, Ledger, Mailing, Package, RequestKind, SiteName, Vault,
};
use sadp_sim::vendor_support::RequestText;

use super::{
    BOUNDARY,
    browser::{Browser, ShownPage},
    part,
};
use crate::{
    form::TICKET,
    jobs::{EndedJob, ShownJob},
    live::LiveDevice,
};

impl Browser {
    /// Sends a form with a ticket, and returns where it leads.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> ShownPage {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair(TICKET, &self.site.access.ticket());
        self.post_text(path, form.extend_pairs(fields).finish())
            .await
    }

    /// Sends files with a ticket.
    async fn upload(&self, path: &str, files: &[(&str, &str)]) -> ShownPage {
        let ticket = part(TICKET, None, &self.site.access.ticket());
        let files = files
            .iter()
            .map(|(name, text)| part("files", Some(name), text));
        let body = ticket + &files.collect::<String>() + &format!("--{BOUNDARY}--\r\n");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self
            .let_in(&Method::POST, path)
            .header("content-type", kind);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Says yes to the job under way, and waits until it has ended.
    async fn carry_out(&self) -> EndedJob {
        let jobs = &self.site.jobs;
        let mut changes = jobs.subscribe();
        loop {
            match jobs.now() {
                ShownJob::Running {
                    question: Some(question),
                    ..
                } => jobs.answer(question.number, true),
                ShownJob::Ended(ended) => return ended,
                _ => {}
            }
            changes.changed().await.unwrap();
        }
    }

    /// A camera with a password, whose request a file or a key answers.
    fn camera(&self) -> LiveDevice {
        let now = self.site.live.now();
        let mut all = now.all();
        let camera = all.find(|it| {
            let device = &it.found.entry.device;
            let kind = device.recovery.request.and_then(RequestKind::of);
            device.state == Some(State::Active) && kind == Some(RequestKind::FileOrKey)
        });
        camera.unwrap().clone()
    }

    /// The only package.
    fn package(&self) -> Package {
        let folders = fs::read_dir(self.site.state.join("requests")).unwrap();
        let mut folders = folders.map(|it| it.unwrap().path());
        Package::read(&folders.find(|it| it.is_dir()).unwrap()).unwrap()
    }
}

impl ShownPage {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn leads_to(&self, path: &str) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        assert_eq!(self.header(header::LOCATION), path);
    }
}

fn done(ended: &EndedJob) -> usize {
    assert!(ended.failure.is_none(), "{ended:?}");
    let outcomes = ended.outcomes.iter();
    outcomes
        .filter(|it| it.status == OutcomeStatus::Done)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_exported_sent_and_answered() {
    let browser = Browser::entered().await;
    let number = browser.camera().number.to_string();
    let page = browser
        .get(&format!("/requests/export?device={number}"))
        .await;
    assert!(page.text.contains("Left blank in the letter"), "{page:?}");
    let fields = [
        ("devices", &*number),
        ("with-contact", "yes"),
        ("name", "A. Installer"),
    ];
    browser
        .post("/requests/export", &fields)
        .await
        .leads_to("/job");
    assert_eq!(done(&browser.carry_out().await), 1);

    let list = browser.get("/requests").await.text;
    assert!(list.contains("1 request waits"), "{list}");
    let letter = browser.get("/requests/request-letter.txt").await;
    assert!(letter.text.contains("Name: A. Installer"), "{letter:?}");
    for (path, name, start) in [
        ("/requests/requests.zip", Mailing::ARCHIVE_FILE, "PK"),
        ("/requests/requests.eml", Mailing::DRAFT_FILE, "Subject: "),
    ] {
        let file = browser.get(path).await;
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(file.header(header::CONTENT_DISPOSITION), disposition);
        assert!(file.text.starts_with(start), "{path}");
    }
    let picture = browser.get("/requests/case/1/qr.png").await;
    assert_eq!(picture.header(header::CONTENT_TYPE), "image/png");
    let request = browser.get("/requests/case/1/file").await.text;
    let (request, _) = RequestText::read_exported(&request).unwrap();

    let answer = request.answer();
    let page = browser
        .upload("/requests/answers", &[("answer.xml", &answer)])
        .await;
    page.leads_to("/requests/answers/1");
    let page = browser.get("/requests/answers/1").await;
    assert!(
        page.text.contains("For which request is answer.xml?"),
        "{page:?}"
    );
    assert!(!page.text.contains(&answer));
    let password = [("new-password", "Garden-77x"), ("again", "Garden-77x")];
    for (chosen, status) in [("", 422), ("9", 404), ("one", 404)] {
        let fields = [&password[..], &[("case-0", chosen)]].concat();
        let page = browser.post("/requests/answers/1", &fields).await;
        assert_eq!(page.status.as_u16(), status, "{chosen}: {page:?}");
        assert!(!page.text.contains("Garden-77x"));
    }
    let fields = [&password[..], &[("case-0", "1")]].concat();
    browser
        .post("/requests/answers/1", &fields)
        .await
        .leads_to("/job");
    assert_eq!(done(&browser.carry_out().await), 1);
    let list = browser.get("/requests?all=true").await.text;
    assert!(
        list.contains("0 open requests") && list.contains("recovered"),
        "{list}"
    );
    let page = browser.get("/requests/answers/1").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "they are sent once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_changed_or_given_up_is_not_sent() {
    let browser = Browser::entered().await;
    let number = browser.camera().number.to_string();
    let fields = [("devices", &*number)];
    browser
        .post("/requests/export", &fields)
        .await
        .leads_to("/job");
    assert_eq!(done(&browser.carry_out().await), 1);
    let file = browser.package().path().join(Package::CODE_FILE);
    fs::write(&file, "another text").unwrap();
    for path in ["/requests/case/1/qr.png", "/requests/case/1/file"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    let page = browser.get("/requests/requests.zip").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    browser
        .post("/requests/case/1/forget", &[])
        .await
        .leads_to("/requests");
    let page = browser.get("/requests?all=true").await;
    assert!(page.text.contains("forgotten"), "{page:?}");
}

/// Names of files are their senders' words.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_answers_are_named_and_their_names_made_harmless() {
    let browser = Browser::without_devices().await;
    let files = [
        ("<img src=x>.xml", "q80Nn3BqjTsFRYwYZ1bTYQ=="),
        ("../../etc/<b>letter.pdf", "%PDF-1.7"),
    ];
    let page = browser.upload("/requests/answers", &files).await;
    page.leads_to("/requests/answers/1");
    let page = browser.get("/requests/answers/1").await.text;
    assert!(
        !page.contains("<img src=x>") && !page.contains("<b>"),
        "{page}"
    );
    assert!(page.contains("&lt;img src=x&gt;.xml"), "{page}");
    assert!(
        page.contains("The file is a document, not an answer"),
        "{page}"
    );
    assert!(page.contains("No request is open."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_wait_are_bounded() {
    let browser = Browser::without_devices().await;
    for _ in 0..20 {
        browser
            .upload("/requests/answers", &[("a.xml", "AbC12345")])
            .await;
    }
    for (number, status) in [(1, 404), (4, 404), (5, 200), (20, 200), (21, 404)] {
        let page = browser.get(&format!("/requests/answers/{number}")).await;
        assert_eq!(page.status.as_u16(), status, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_checked_and_kept() {
    let browser = Browser::without_devices().await;
    let file = browser
        .site
        .config
        .as_ref()
        .unwrap()
        .join(Contact::FILE_NAME);
    for (email, kept) in [("nobody", None), ("a@example.com", Some("a@example.com"))] {
        let key = browser.site.access.key();
        let form = format!("key={key}&email={email}&role=installer");
        browser.post_text("/contact", form).await;
        let contact = Contact::read(&file).unwrap();
        assert_eq!(contact.email.as_deref(), kept);
    }
    let page = browser.get("/contact").await.text;
    assert!(page.contains("value=\"a@example.com\""), "{page}");
    assert!(
        page.contains("<option value=\"installer\" selected>"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guid_is_listed_and_downloaded_as_it_is() {
    let browser = Browser::without_devices().await;
    let mac = "44:47:cc:1d:6d:13".parse().unwrap();
    let mut ledger = Ledger::open(&browser.site.state).unwrap();
    let name = SiteName {
        name: "<i>Gate".parse().ok(),
        ..SiteName::default()
    };
    ledger
        .set_site_name(mac, &name, jiff::Timestamp::now())
        .unwrap();
    let export = GuidExport {
        device: &DeviceKey::new(Some(mac), None).unwrap(),
        guid: &Guid::new(&[7; 128]).unwrap(),
        at: jiff::Timestamp::now(),
    };
    let vault = Vault::new(&browser.site.state);
    let record = vault.store(&mut ledger, export, None).unwrap();
    let page = browser.get("/guids").await.text;
    assert!(page.contains("1 GUID, 1 usable"), "{page}");
    assert!(
        page.contains("&lt;i&gt;Gate") && page.contains("not encrypted"),
        "{page}"
    );
    let file = browser.get("/guids/file/1").await;
    assert_eq!(file.text, export.guid.as_str());
    let disposition = format!("attachment; filename=\"{}\"", record.file_name);
    assert_eq!(file.header(header::CONTENT_DISPOSITION), disposition);
    fs::write(vault.path_of(&record), "changed").unwrap();
    let file = browser.get("/guids/file/1").await;
    assert_eq!(file.status, StatusCode::UNPROCESSABLE_ENTITY, "{file:?}");
}

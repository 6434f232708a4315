//! Attacks on the pages, in process: whoever is not let in, and whoever is and sends
//! what no page sends. Every route is tried, also those that come later.

mod browser;
mod changes;
mod reads;
mod recovery;
mod refused;
mod requests;

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest as _, Request},
    http::{Method, StatusCode, header},
};
use futures_util::{StreamExt as _, stream};

use self::browser::{Browser, HOST, KnownRoute, ORIGIN};
use crate::{
    access::ENTRANCE,
    form::{MAX_UPLOAD, TICKET, Upload},
    site::EndReason,
};

/// What every response carries, whoever gets it.
fn assert_hardened(page: &browser::ShownPage) {
    let header = |name: &str| page.headers.get(name).map(|it| it.to_str().unwrap());
    let policy = header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{part}: {page:?}");
    }
    // A page that is handed over has its style in itself, and does nothing else.
    let alone = policy.contains("sandbox allow-modals") && !policy.contains("script-src");
    assert!(alone || !policy.contains("unsafe"), "{page:?}");
    assert_eq!(header("cache-control"), Some("no-store"), "{page:?}");
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("x-frame-options"), Some("DENY"));
    assert_eq!(header("referrer-policy"), Some("same-origin"));
    assert_eq!(header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_are_known() {
    let browser = Browser::entered().await;
    let routes = browser.routes().await;
    for (path, posts) in [("/", false), ("/activate", true), ("/live/mark", true)] {
        let route = routes.iter().find(|it| it.path == path).unwrap();
        assert_eq!(route.posts, posts, "{path}");
    }
    let paths: HashSet<_> = routes.iter().map(|it| &it.path).collect();
    assert!(paths.contains(&"/device/1".to_owned()), "{paths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_cookie_is_shown_anything() {
    let browser = Browser::entered().await;
    let right = browser.cookie.clone().unwrap();
    let (name, value) = right.split_once('=').unwrap();
    let wrong = [
        String::new(),
        format!("{name}="),
        format!("{name}={}", "0".repeat(64)),
        format!("{name}={}", value.to_uppercase()),
        format!("{name}={}", &value[1..]),
        format!("sadpctl={value}"),
        value.to_owned(),
    ];
    for KnownRoute { path, .. } in browser.routes().await {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
            for cookie in &wrong {
                let request = Browser::bare(&method, &path).header("cookie", cookie);
                let page = browser.send(request.body(Body::empty()).unwrap()).await;
                assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{cookie}: {page:?}");
                assert!(!page.text.contains("/assets"), "{page:?}");
                assert_hardened(&page);
            }
        }
    }
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK, "the right one still is");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_is_shown_each_page() {
    let browser = Browser::entered().await;
    for KnownRoute { path, gets, .. } in browser.routes().await {
        // It does not end.
        if !gets || path == "/live/events" {
            continue;
        }
        let page = browser.get(&path).await;
        let shown = page.status.is_success()
            || page.status.is_redirection()
            // Of this name, or right now, there is nothing.
            || matches!(page.status.as_u16(), 404 | 409 | 422);
        assert!(shown, "{page:?}");
        assert_hardened(&page);
        for secret in browser.secrets() {
            assert!(!page.text.contains(&secret), "{path}: {secret}");
        }
    }
    let page = browser.get("/no-such-page").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_hardened(&page);
}

/// A name that leads here by DNS (rebinding), and pages of others in the same browser.
#[tokio::test(flavor = "multi_thread")]
async fn requests_of_other_pages_are_refused() {
    const HEADERS: [(&str, &str, u16); 14] = [
        ("host", "cameras.example", 421),
        ("host", "cameras.example:8437", 421),
        ("host", "127.0.0.1", 421),
        ("host", "127.0.0.1:80", 421),
        ("host", "127.0.0.1:8437.example", 421),
        ("host", "localhost:8437@cameras.example", 421),
        ("host", "[::1]:8437", 421),
        ("host", "", 421),
        ("origin", "http://cameras.example", 403),
        ("origin", "null", 403),
        ("origin", "http://127.0.0.1:80", 403),
        ("origin", "https://127.0.0.1:8437", 403),
        ("sec-fetch-site", "cross-site", 403),
        // Another port of this computer.
        ("sec-fetch-site", "same-site", 403),
    ];
    let browser = Browser::entered().await;
    let key = browser.site.access.key().to_owned();
    for KnownRoute { path, .. } in browser.routes().await {
        for method in [Method::GET, Method::POST] {
            for (name, value, status) in HEADERS {
                let mut request = browser.let_in(&method, &path).header("x-session-key", &key);
                let headers = request.headers_mut().unwrap();
                headers.insert(name, value.parse().unwrap());
                let page = browser.send(request.body(Body::empty()).unwrap()).await;
                assert_eq!(page.status.as_u16(), status, "{name}: {value}: {page:?}");
                assert_hardened(&page);
            }
        }
        let mut request = browser.let_in(&Method::POST, &path);
        request.headers_mut().unwrap().remove("origin");
        let page = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "no origin: {page:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_names_the_host_in_its_target_alone_is_taken() {
    let browser = Browser::entered().await;
    let mut request = browser.let_in(&Method::GET, &format!("{ORIGIN}/"));
    request.headers_mut().unwrap().remove("host");
    let page = browser.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let mut request = browser.let_in(&Method::GET, "http://cameras.example/");
    request.headers_mut().unwrap().remove("host");
    let page = browser.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{page:?}");
}

/// Neither by a form nor by the script.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_without_ticket_or_key() {
    let browser = Browser::entered().await;
    let before = browser.get("/").await.marks();
    let forged = "0".repeat(64);
    let fields = [
        String::new(),
        "ticket=&key=".into(),
        format!("ticket={forged}&key={forged}&devices=1&on=false&answer=yes"),
        // Each is of no use in the place of the other.
        format!("ticket={}", browser.site.access.key()),
        format!("key={}", browser.site.access.ticket()),
    ];
    for KnownRoute { path, posts, .. } in browser.routes().await {
        if !posts {
            continue;
        }
        for body in &fields {
            let page = browser.post_text(&path, body.clone()).await;
            assert!(page.status.is_client_error(), "{body}: {page:?}");
            assert_hardened(&page);
            let page = browser.post_parts(&path, body).await;
            assert!(page.status.is_client_error(), "{body}: {page:?}");
        }
        let path = format!("{path}?number=1&on=false");
        let request = browser.let_in(&Method::POST, &path);
        let request = request.header("x-session-key", &forged);
        let page = browser.send(request.body(Body::empty()).unwrap()).await;
        assert!(page.status.is_client_error(), "{page:?}");
    }
    assert!(!browser.site.jobs.is_busy());
    assert_eq!(browser.get("/").await.marks(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_taken_once() {
    let browser = Browser::entered().await;
    let ticket = browser.get("/activate").await.ticket();
    let form = format!("ticket={ticket}&devices=1&new-password=x&again=x");
    let first = browser.post_text("/activate", form.clone()).await;
    // The password is too short: nothing begins.
    assert_eq!(first.status, StatusCode::UNPROCESSABLE_ENTITY, "{first:?}");
    assert!(!first.text.contains(&ticket), "{first:?}");
    let replayed = browser.post_text("/activate", form).await;
    assert_eq!(replayed.status, StatusCode::CONFLICT, "{replayed:?}");
    assert!(replayed.text.contains("sent before"), "{replayed:?}");
    assert!(!browser.site.jobs.is_busy());
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_left_open_are_bounded() {
    let browser = Browser::entered().await;
    let oldest = browser.site.access.ticket();
    for _ in 0..4096 {
        browser.site.access.ticket();
    }
    assert!(browser.site.access.take(&oldest).is_err());
    assert!(browser.site.access.take("").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_lets_one_browser_in() {
    let mut browser = Browser::new().await;
    let link = browser.site.access.link();
    let path = link.strip_prefix(ORIGIN).unwrap().to_owned();
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{page:?}");

    // What looks at links does not use them up.
    for method in [Method::HEAD, Method::POST, Method::OPTIONS] {
        let page = browser.send_empty(Browser::bare(&method, &path)).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{page:?}");
        assert_eq!(page.headers.get(header::SET_COOKIE), None);
    }
    for (name, purpose) in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
    ] {
        let request = Browser::bare(&Method::GET, &path).header(name, purpose);
        let page = browser.send_empty(request).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{page:?}");
    }
    for wrong in ["", "?token=", "?token=0", "?Token=1", "?token=%00"] {
        let page = browser.get(&format!("{ENTRANCE}{wrong}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
        assert_hardened(&page);
    }

    // The user follows it from a file or another program.
    let request = Browser::bare(&Method::GET, &path);
    let request = request.header("sec-fetch-site", "cross-site");
    let page = browser.send_empty(request).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert_hardened(&page);
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Expires"));
    browser.cookie = cookie.split(';').next().map(Into::into);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_of_the_link_ends_everything() {
    let browser = Browser::entered().await;
    let ticket = browser.site.access.ticket();
    let link = browser.site.access.link();
    let path = link.strip_prefix(ORIGIN).unwrap();
    let page = browser.send_empty(Browser::bare(&Method::GET, path)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
    assert!(page.text.contains("used twice"), "{page:?}");
    assert_eq!(page.headers.get(header::SET_COOKIE), None);
    // Neither of the two goes on.
    assert_eq!(browser.get("/").await.status, StatusCode::UNAUTHORIZED);
    assert!(browser.site.access.take(&ticket).is_err());
    assert!(browser.site.cancellation.stop.is_cancelled());
    assert_eq!(browser.site.why(), EndReason::LinkUsedTwice);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_to_no_file() {
    let browser = Browser::entered().await;
    let mut folders: HashSet<String> = HashSet::from(["/".into(), "/assets/".into()]);
    for KnownRoute { path, .. } in browser.routes().await {
        let parent = path
            .rsplit_once('/')
            .map(|(parent, _)| format!("{parent}/"));
        folders.extend(parent);
        folders.insert(format!("{path}/"));
    }
    for folder in folders {
        for name in [
            "../Cargo.toml",
            "..%2f..%2fledger.sqlite3",
            "%2e%2e/%2e%2e/ledger.sqlite3",
            "..%5c..%5cledger.sqlite3",
            "%2fetc%2fpasswd",
            "ledger.sqlite3",
            "..",
            "%00",
            "-1",
            "18446744073709551616",
        ] {
            let page = browser.get(&format!("{folder}{name}")).await;
            let refused = matches!(page.status.as_u16(), 400 | 404 | 405 | 422);
            assert!(refused, "{folder}{name}: {page:?}");
            assert!(!page.text.contains("root:") && !page.text.contains("SQLite"));
            assert_hardened(&page);
        }
    }
}

/// A body of many pieces, made as it is read. Counts what was read.
fn endless(first: String, piece: Bytes, read: &Arc<AtomicUsize>) -> Body {
    let read = Arc::clone(read);
    let first = stream::iter([Bytes::from(first)]);
    // A gigabyte, and more than a thousand small ones.
    let pieces = stream::repeat(piece).take(1 << 14);
    let pieces = first.chain(pieces).then(async |piece| {
        // As from a network: not everything is here at once.
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(pieces.map(move |piece| {
        read.fetch_add(piece.len(), Ordering::Relaxed);
        Ok::<_, Infallible>(piece)
    }))
}

const BOUNDARY: &str = "a-part-ends-here";

fn parts(path: &str) -> axum::http::request::Builder {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    Request::post(path).header("content-type", kind)
}

fn part(name: &str, file: Option<&str>, text: &str) -> String {
    let file = file
        .map(|it| format!("; filename=\"{it}\""))
        .unwrap_or_default();
    format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_before_it_is_read() {
    let browser = Browser::entered().await;
    let piece = Bytes::from(vec![b'x'; 1 << 16]);
    for KnownRoute { path, posts, .. } in browser.routes().await {
        if !posts {
            continue;
        }
        let ticket = browser.site.access.ticket();
        let file = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"
        );
        let whole = part(TICKET, None, &ticket) + &file;
        for (kind, first) in [
            (format!("multipart/form-data; boundary={BOUNDARY}"), whole),
            (
                "application/x-www-form-urlencoded".into(),
                format!("ticket={ticket}&f="),
            ),
        ] {
            let read = Arc::new(AtomicUsize::new(0));
            let request = browser
                .let_in(&Method::POST, &path)
                .header("content-type", kind);
            let body = endless(first, piece.clone(), &read);
            let page = browser.send(request.body(body).unwrap()).await;
            assert!(page.status.is_client_error(), "{page:?}");
            let read = read.load(Ordering::Relaxed);
            assert!(read <= MAX_UPLOAD + (2 << 20), "{path}: {read} bytes");
        }
    }
    assert!(!browser.site.jobs.is_busy());
}

/// What is read of a form with files.
async fn upload(browser: &Browser, body: Body) -> Result<usize, StatusCode> {
    let request = parts("/").body(body).unwrap();
    let site = browser.site.clone();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    // As the pages are layered.
    let router = Router::new()
        .fallback(async move |request: Request| {
            let read = Upload::from_request(request, &site).await;
            let _ = sender.send(read.map(|it| it.files.len())).await;
        })
        .layer(DefaultBodyLimit::max(MAX_UPLOAD + (1 << 20)));
    let _ = tower::ServiceExt::oneshot(router, request).await;
    receiver.recv().await.unwrap().map_err(|it| it.status())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_taken_with_a_ticket_before_them() {
    let browser = Browser::entered().await;
    let end = format!("--{BOUNDARY}--\r\n");
    let file = part("files", Some("a.txt"), "answer");
    let ticket = || part(TICKET, None, &browser.site.access.ticket());
    for (body, files) in [
        (ticket() + &file + &file + &end, Ok(2)),
        (ticket() + &end, Ok(0)),
        // Browsers send a field of files without one like this.
        (ticket() + &part("files", Some(""), "") + &end, Ok(0)),
        (file.clone() + &ticket() + &end, Err(422)),
        (part("note", None, "x") + &ticket() + &end, Err(422)),
        (part(TICKET, None, "forged") + &file + &end, Err(409)),
        (end.clone(), Err(422)),
        (ticket() + "--", Err(413)),
    ] {
        let read = upload(&browser, body.clone().into()).await;
        assert_eq!(read.map_err(|it| it.as_u16()), files, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_files_are_refused() {
    let browser = Browser::entered().await;
    let read = Arc::new(AtomicUsize::new(0));
    let ticket = part(TICKET, None, &browser.site.access.ticket());
    let piece = Bytes::from(part("files", Some("f"), "x"));
    let refused = upload(&browser, endless(ticket, piece.clone(), &read)).await;
    assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
    let read = read.load(Ordering::Relaxed) / piece.len();
    assert!((1001..3000).contains(&read), "{read} files were read");
}

/// Nothing of a file is kept, and no more than a piece of it read, where no ticket
/// comes before it.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_ticket_is_not_read() {
    let browser = Browser::entered().await;
    for file in [Some("f"), None] {
        let read = Arc::new(AtomicUsize::new(0));
        let first = part("files", file, "");
        let first = first.trim_end_matches("\r\n").to_owned() + "\r\n\r\n";
        let piece = Bytes::from(vec![b'x'; 1 << 16]);
        let refused = upload(&browser, endless(first, piece, &read)).await;
        assert_eq!(refused, Err(StatusCode::UNPROCESSABLE_ENTITY));
        let read = read.load(Ordering::Relaxed);
        assert!(read < 1 << 20, "{read} bytes were read");
    }
}

/// The clock is a test's: it goes on where everything waits.
#[tokio::test(start_paused = true)]
async fn forms_that_do_not_end_are_given_up() {
    let browser = Browser::without_devices().await;
    for path in ["/activate", "/probe", "/job/stop"] {
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"ticket="))]);
        let body = Body::from_stream(first.chain(stream::pending()));
        let request = browser.let_in(&Method::POST, path);
        let page = browser.send(request.body(body).unwrap()).await;
        assert_eq!(page.status, StatusCode::REQUEST_TIMEOUT, "{page:?}");
    }
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"--a-part"))]);
    let body = Body::from_stream(first.chain(stream::pending()));
    let read = upload(&browser, body).await;
    assert_eq!(read, Err(StatusCode::REQUEST_TIMEOUT));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_events_are_bounded() {
    let browser = Browser::entered().await;
    let mut open = Vec::new();
    for _ in 0..256 {
        let request = browser.let_in(&Method::GET, "/live/events");
        let response = browser.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        // Nobody reads them.
        open.push(response);
    }
    let page = browser.get("/live/events").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{page:?}");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    open.clear();
    let request = browser.let_in(&Method::GET, "/live/events");
    let response = browser.respond(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "closed ones do not count"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_what_is_logged_of_the_site() {
    let browser = Browser::entered().await;
    let text = format!("{:?}", browser.site);
    for secret in browser.secrets() {
        assert!(!text.contains(&secret), "{text}");
    }
    assert_eq!(HOST, "127.0.0.1:8437");
}

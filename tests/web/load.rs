//! Many devices, many pages, and readers that do not read.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::{
    browser::{Browser, SIZES, is_missing},
    server::Server,
};

/// A request on a connection of its own. The response is not read yet.
pub(crate) fn send(server: &Server, head: &str) -> TcpStream {
    let host = server.origin().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers = headers.replace('\n', "\r\n");
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    stream
}

/// The same, and the whole response.
pub(crate) fn ask(server: &Server, head: &str) -> String {
    let mut text = Vec::new();
    send(server, head).read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

/// Follows the link. Returns the cookie.
pub(crate) fn enter(server: &Server) -> String {
    let path = server.link.strip_prefix(server.origin()).unwrap();
    let response = ask(server, &format!("GET {path}\n"));
    let (_, cookie) = response.split_once("set-cookie: ").unwrap();
    cookie.split(';').next().unwrap().into()
}

/// What a process holds in memory, in kB.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    let number = line.split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[expect(clippy::print_stderr, reason = "a number to be read, not to be held")]
fn measured(what: &str, number: impl std::fmt::Display) {
    eprintln!("measured: {what}: {number}");
}

#[test]
fn two_hundred_open_pages_and_slow_readers_cost_little() {
    let server = Server::with_devices(200);
    let cookie = enter(&server);
    let page = ask(&server, &format!("GET /\ncookie: {cookie}\n"));
    let (_, key) = page.split_once("name=\"session-key\" content=\"").unwrap();
    let key = key.split('"').next().unwrap();
    let before = memory(server.pid());
    let mut streams: Vec<_> = (0..200)
        .map(|_| send(&server, &format!("GET /live/events\ncookie: {cookie}\n")))
        .collect();
    // Each receives the changes until then; afterwards none of them reads.
    for stream in &mut streams {
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let origin = server.origin();
    for round in 0..300 {
        let on = round % 2 == 0;
        let mark = ask(
            &server,
            &format!(
                "POST /live/mark?number=1&on={on}\ncookie: {cookie}\norigin: {origin}\n\
                 x-session-key: {key}\ncontent-length: 0\n"
            ),
        );
        assert!(mark.starts_with("HTTP/1.1 204"), "{mark}");
    }
    // It still answers, and keeps nothing for those who do not read.
    let page = ask(&server, &format!("GET /\ncookie: {cookie}\n"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let grown = memory(server.pid()).saturating_sub(before);
    measured("kB that 200 streams of events cost", grown);
    assert!(grown < 64 << 10, "{grown} kB");
    drop(streams);
}

#[test]
fn a_gigabyte_is_not_taken_in() {
    let server = Server::with_devices(3);
    let cookie = enter(&server);
    let origin = server.origin();
    let before = memory(server.pid());
    for kind in [
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ] {
        let mut stream = send(
            &server,
            &format!(
                "POST /activate\ncookie: {cookie}\norigin: {origin}\ncontent-type: {kind}\n\
                 content-length: 1073741824\n"
            ),
        );
        let piece = vec![b'x'; 1 << 16];
        // The server hangs up long before the end.
        let sent = (0..1 << 14)
            .take_while(|_| stream.write_all(&piece).is_ok())
            .count();
        assert!(sent < 1 << 11, "{sent} pieces of 64 kB were taken");
    }
    let grown = memory(server.pid()).saturating_sub(before);
    assert!(grown < 80 << 10, "{grown} kB");
    let page = ask(&server, &format!("GET /\ncookie: {cookie}\n"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
}

/// Whoever begins a request and does not end it keeps nobody else out.
#[test]
fn clients_that_say_nothing_keep_nobody_out() {
    let server = Server::with_devices(3);
    let cookie = enter(&server);
    let host = server.origin().strip_prefix("http://").unwrap();
    let mut silent = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
        silent.push(stream);
    }
    let page = ask(&server, &format!("GET /\ncookie: {cookie}\n"));
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    drop(silent);
}

/// How long the browser is busy at a time. Reported: how fast this computer is, is not
/// held.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_devices_are_scrolled() {
    if is_missing() {
        return;
    }
    let server = Server::with_devices(5000);
    let browser = Browser::enter(&server, SIZES[0]).await;
    let counts = "document.querySelector('.counts').textContent";
    browser
        .until(&format!(
            "{counts}.includes('5000 devices') || {counts}.includes('5,000 devices')"
        ))
        .await;
    browser
        .eval(
            "(() => {
               window.tasks = [];
               new PerformanceObserver(list => tasks.push(...list.getEntries().map(it => it.duration)))
                 .observe({ type: 'longtask' });
             })()",
        )
        .await;
    let scroll = "const done = arguments[0]; let place = 0, last = performance.now(), frames = [];
        const step = now => {
          frames.push(now - last); last = now;
          scrollTo(0, place += 40);
          if (frames.length < 300) requestAnimationFrame(step); else done(Math.max(...frames.slice(1)));
        };
        requestAnimationFrame(step);";
    let longest = browser
        .client
        .execute_async(scroll, Vec::new())
        .await
        .unwrap();
    measured("longest frame in ms, 5,000 devices scrolled", longest);
    let after_scrolling = browser.eval("tasks").await;
    for _ in 0..5 {
        browser.click("#devices tbody tr:nth-child(50) input").await;
        browser.until("!asked.size").await;
    }
    let tasks = browser.eval("tasks").await;
    measured("long tasks in ms while scrolling", after_scrolling);
    measured("and while the list is refreshed", tasks);
    measured("kB in the server's memory", memory(server.pid()));
    let weight = "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
        .filter(it => !it.name.includes('/live/')).reduce((sum, it) => sum + it.transferSize, 0)";
    measured("bytes of the page", browser.eval(weight).await);
}

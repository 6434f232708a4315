//! Rules of WCAG 2.2 AA that a program can check: axe-core, by npm.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use crate::{
    browser::{Browser, SIZES, is_missing},
    journeys::VAN,
    run::skipped,
    server::Server,
};

/// The script, from a folder of this target, else from npm.
fn axe() -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let script = folder.join("package/axe.min.js");
    if !script.exists() {
        fs::create_dir_all(&folder).unwrap();
        let command = "npm pack --silent axe-core@4 && tar -xzf axe-core-4*.tgz package/axe.min.js";
        let mut shell = Command::new("timeout");
        shell.args(["60", "sh", "-c", command]).current_dir(&folder);
        // Where it fails there is no script.
        let _ = shell.output();
    }
    fs::read_to_string(script).ok()
}

/// The pages that the others lead to, one of each kind. Each link leads to one.
async fn pages(browser: &Browser) -> BTreeSet<String> {
    let mut open = vec!["/".to_owned(), "/job".into(), "/device/1".into()];
    let mut known = BTreeSet::new();
    let mut dead = BTreeSet::new();
    while let Some(path) = open.pop() {
        if known.contains(&path) || !is_first_of_its_kind(&path) {
            continue;
        }
        browser.goto(&path).await;
        if browser
            .eval("Boolean(document.querySelector('main'))")
            .await
            == false
        {
            dead.insert(path.clone());
        }
        known.insert(path);
        let links = "[...document.querySelectorAll('a[href]')].map(it => it.getAttribute('href'))";
        for link in browser.eval(links).await.as_array().unwrap() {
            open.push(link.as_str().unwrap().into());
        }
    }
    assert!(dead.is_empty(), "these lead nowhere: {dead:?}");
    known
}

fn is_first_of_its_kind(path: &str) -> bool {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    // A number that is not the first device's; other orders and parts of a list.
    let other = |number: &str| number.parse().is_ok_and(|it: u32| it > 1);
    let mut numbers = place.split('/').chain(query.split(['=', '&']));
    let is_list = ["page=", "sort=", "filter="]
        .iter()
        .any(|it| query.contains(it));
    // A file, or a document that is printed: tests/cli/report.
    let is_file = place.contains('.') || ["/report/page", "/report/labels"].contains(&place);
    place.starts_with('/') && !numbers.any(other) && !is_list && !is_file
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_break_no_rule_of_wcag() {
    if is_missing() {
        return;
    }
    let Some(axe) = axe() else {
        return skipped("no axe-core: npm cannot fetch it");
    };
    let run = "const done = arguments[0];
        axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
          .then(it => done(it.violations.flatMap(rule =>
            rule.nodes.map(node => `${rule.id}: ${node.html}: ${node.failureSummary}`))))
          .catch(error => done([String(error)]));";
    let server = Server::start(VAN);
    let browser = Browser::enter(&server, SIZES[0]).await;
    browser.until_rows(7).await;
    browser.mark_shown().await;
    let mut broken = BTreeSet::new();
    for path in pages(&browser).await {
        browser.goto(&path).await;
        // What folds is unfolded.
        browser
            .eval("document.querySelectorAll('details').forEach(it => { it.open = true })")
            .await;
        for size in [SIZES[0], SIZES[2]] {
            browser.resize(size).await;
            for scheme in ["light", "dark"] {
                browser.colours(scheme).await;
                browser.client.execute(&axe, Vec::new()).await.unwrap();
                let found = browser.client.execute_async(run, Vec::new()).await.unwrap();
                let found = found.as_array().unwrap().iter();
                broken.extend(found.map(|it| format!("{path}, {scheme}, {}: {it}", size.name)));
                let page = path.trim_matches('/').replace(['/', '?', '='], "-");
                browser
                    .look(&format!("page-{page}-{scheme}-{}", size.name))
                    .await;
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

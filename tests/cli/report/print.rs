//! The pages on paper: printed by a browser that has no network.

use std::{fs, path::Path, process::Command};

use super::page;
use crate::{
    activate::Van,
    prepared::{ONE, TWO, recorder},
    run::skipped,
};

/// A size of paper.
struct Paper {
    name: &'static str,
    /// In points.
    width: f64,
}

const PAPERS: [Paper; 2] = [
    Paper {
        name: "A4",
        width: 595.0,
    },
    Paper {
        name: "letter",
        width: 612.0,
    },
];

/// What a namespace without a network needs, as root and as another user.
const NAMESPACE: [&str; 3] = ["--user", "--map-root-user", "--net"];

/// A word, and how far it reaches to the right.
struct PrintedWord {
    text: String,
    right: f64,
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).output();
    run.is_ok_and(|it| it.status.success())
}

/// How a namespace is made here. `None` where the browser cannot be run.
fn namespace() -> Option<&'static [&'static str]> {
    let tools = succeeds("chromium", &["--version"]) && succeeds("pdftotext", &["-v"]);
    let ways = [&NAMESPACE[2..], &NAMESPACE[..]];
    let way = ways
        .into_iter()
        .find(|way| succeeds("unshare", &[way, &["true"][..]].concat()));
    way.filter(|_| tools)
}

/// Prints a page on this paper. Returns the words of each sheet.
fn print(html: &str, paper: &Paper, folder: &Path) -> Vec<Vec<PrintedWord>> {
    let Paper { name: paper, width } = paper;
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let size = format!("<style>@page {{ size: {paper} }}</style></head>");
    let file = path(&format!("{paper}.html"));
    fs::write(&file, html.replacen("</head>", &size, 1)).unwrap();
    let (pdf, profile) = (
        path(&format!("{paper}.pdf")),
        path(&format!("{paper}.profile")),
    );
    let printed = Command::new("unshare")
        .args(namespace().unwrap())
        .args([
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--no-pdf-header-footer",
        ])
        .arg(format!("--user-data-dir={profile}"))
        .arg(format!("--print-to-pdf={pdf}"))
        .arg(format!("file://{file}"))
        .env("HOME", folder)
        .output()
        .unwrap();
    assert!(
        Path::new(&pdf).exists(),
        "{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let words = Command::new("pdftotext")
        .args(["-bbox", &pdf, "-"])
        .output()
        .unwrap();
    let words = String::from_utf8(words.stdout).unwrap();
    let sheets = words.split("<page width=\"").skip(1);
    sheets.map(|sheet| printed_words(sheet, *width)).collect()
}

/// Reads `<word xMin="1.0" yMin="2.0" xMax="3.0" yMax="4.0">text</word>`.
fn printed_words(text: &str, width: f64) -> Vec<PrintedWord> {
    let printed: f64 = text.split('"').next().unwrap().parse().unwrap();
    assert!((printed - width).abs() < 1.0, "{printed} for {width}");
    let words = text.split("<word ").skip(1).map(|word| {
        let (attributes, rest) = word.split_once('>').unwrap();
        let (_, right) = attributes.split_once("xMax=\"").unwrap();
        PrintedWord {
            text: rest.split('<').next().unwrap().into(),
            right: right.split('"').next().unwrap().parse().unwrap(),
        }
    });
    words.collect()
}

fn site() -> String {
    (1..=40).map(|number| recorder(number, "")).collect()
}

#[test]
fn pages_are_printed_whole_on_each_paper() {
    if namespace().is_none() {
        return skipped("no chromium, pdftotext or network namespace");
    }
    let van = Van::new(&site());
    let names = [
        "W".repeat(64),
        "<script>document.title = 'x'</script>".into(),
    ];
    for (name, mac) in names.iter().zip([ONE, TWO]) {
        let run = van.run(&["name", mac, name, "--place", name]);
        assert_eq!(run.code, 0, "{run}");
    }
    let scan = van.run(&["scan", "--format", "json"]).json();
    let labels: Vec<_> = scan
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["label"])
        .collect();
    let pages = [
        (page(&van, "site.html", &["--no-ask"]), "Firmware", 6..=12),
        (
            page(&van, "labels.html", &["--no-ask", "--labels"]),
            "",
            2..=2,
        ),
    ];
    for paper in PAPERS {
        for (html, head, number) in &pages {
            let sheets = print(html, &paper, van.folder.path());
            let name = paper.name;
            assert!(
                number.contains(&sheets.len()),
                "{name}: {} sheets",
                sheets.len()
            );
            let mut heads = 0;
            for (sheet, place) in sheets.iter().zip(1..) {
                assert!(sheet.len() > 8, "{name}: sheet {place} is blank");
                heads += sheet.iter().filter(|word| word.text == *head).count();
                let beyond = sheet.iter().find(|word| word.right > paper.width - 20.0);
                let beyond = beyond.map(|word| word.text.as_str());
                assert_eq!(beyond, None, "{name}: sheet {place}");
            }
            assert!(
                head.is_empty() || heads > 1,
                "the head of a table is on each sheet"
            );
            for label in &labels {
                let label = label.as_str().unwrap();
                let mut words = sheets.iter().flatten();
                assert!(words.any(|word| word.text == label), "{name}: {label}");
            }
        }
    }
}

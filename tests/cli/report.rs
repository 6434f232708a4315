//! The page about a simulated site, and its labels.

#[cfg(target_os = "linux")]
mod print;

use std::fs;

use calamine::{Reader, Xlsx, open_workbook};

use crate::{
    activate::Van,
    prepared::{CURRENT, ONE, TWO, recorder},
    run::{Run, run},
};

const PLAN: &str = "mac,ip,mask\n44:47:cc:00:00:02,192.168.1.77,255.255.255.0\n";

/// Runs `report` and returns the page.
fn page(van: &Van, name: &str, more: &[&str]) -> String {
    let out = van.path(name);
    let report = ["report", "--out", out.to_str().unwrap()];
    let run = van.run(&[&report[..], more].concat());
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
    assert!(run.stderr.contains("is written: "), "{run}");
    fs::read_to_string(out).unwrap()
}

#[test]
fn a_prepared_site_is_handed_over_without_its_secrets() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let answers = van.path("answers.txt");
    let run = van.reset(&[
        "prepare",
        ONE,
        "--yes",
        "--mailbox",
        "owner@example.com",
        "--make-answers",
        answers.to_str().unwrap(),
    ]);
    assert_eq!(run.code, 0, "{run}");
    let named = van.run(&["name", ONE, "<Gate> & \"yard\"", "--place", "Roof"]);
    assert_eq!(named.code, 0, "{named}");
    let contact = van.put(
        "contact.toml",
        "company = \"Lens & Lock\"\nrole = \"installer\"\n",
    );
    let plan = van.put("plan.csv", PLAN);
    let page = page(
        &van,
        "site.html",
        &[
            "--customer",
            "Miller Farm",
            "--contact",
            &contact,
            "--plan",
            &plan,
        ],
    );
    for part in [
        "Miller Farm",
        "Lens &amp; Lock",
        "&lt;Gate&gt; &amp; &quot;yard&quot;",
        "1 of 2",
        ONE,
        TWO,
        "planned: 192.168.1.77",
        "sadpctl reset prepare 44:47:cc:00:00:02",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let guid = &van.guids()[0];
    let file = van
        .path("state/guid")
        .join(guid["path"].as_str().map_or_else(
            || panic!("{guid}"),
            |path| path.rsplit('/').next().unwrap().to_owned(),
        ));
    assert!(page.contains(file.file_name().unwrap().to_str().unwrap()));
    let mut secrets = vec![
        CURRENT.to_owned(),
        "owner@example.com".into(),
        fs::read_to_string(&file).unwrap(),
    ];
    let answers = fs::read_to_string(answers).unwrap();
    let lines = answers
        .split([';', '\n'])
        .filter_map(|it| it.split_once('='));
    secrets.extend(lines.map(|(_, answer)| answer.trim().to_owned()));
    assert!(secrets.len() >= 6, "{answers}");
    for secret in secrets {
        assert!(!page.contains(secret.trim()), "{secret}");
    }
    for wrong in ["http:", "https:", "url(", "<script"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn labels_and_templates() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let labels = page(
        &van,
        "labels.html",
        &["--labels", "--no-ask", "--label-size", "40x15"],
    );
    assert_eq!(labels.matches("class=\"label\"").count(), 2);
    assert!(labels.contains("width: 40mm; height: 15mm"), "{labels}");
    let printed = run(&["report", "--print-template"]);
    assert_eq!(printed.code, 0, "{printed}");
    let own = printed
        .stdout
        .replace("<h2>Devices</h2>", "<h2>Cameras of {{ customer[0] }}</h2>");
    let own = van.put("own.html", own);
    let own = page(
        &van,
        "own-site.html",
        &["--template", &own, "--customer", "A & B", "--no-ask"],
    );
    assert!(own.contains("<h2>Cameras of A &amp; B</h2>"), "{own}");
}

#[test]
fn the_tables_are_written_into_a_workbook() {
    let van = Van::new(&[recorder(1, ""), recorder(2, "")].concat());
    let named = van.run(&["name", ONE, "=1+1"]);
    assert_eq!(named.code, 0, "{named}");
    let path = van.path("site.xlsx");
    let report = ["report", "--no-ask", "--xlsx", path.to_str().unwrap()];
    let run = van.run(&report);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    assert_eq!(
        book.sheet_names(),
        ["Devices", "Cameras", "Recovery", "Findings"]
    );
    let devices = book.worksheet_range("Devices").unwrap();
    assert_eq!(devices.height(), 3);
    let cells: Vec<_> = devices
        .rows()
        .nth(1)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!([&cells[1], &cells[6]], ["=1+1", ONE]);
    assert!(book.worksheet_formula("Devices").unwrap().is_empty());
    let again = van.run(&report);
    assert_eq!(again.code, 5, "{again}");
    let labels = van.run(&[&report[..], &["--labels"]].concat());
    assert_eq!(labels.code, 2, "{labels}");
}

#[test]
fn what_cannot_be_written_is_said_before_the_network_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let put = |name: &str, text: &str| {
        fs::write(path(name), text).unwrap();
        path(name)
    };
    let refused = |arguments: &[&str]| -> Run { run(&[&["report"], arguments].concat()) };
    let there = put("there.html", "mine");
    let broken = put("broken.html", "<p>\n{% for it in devices %}{{ it.mac }\n");
    let out = path("site.html");
    for (arguments, code, said) in [
        (&[][..], 2, "--out"),
        (&["--out", &there], 5, "name a new file"),
        (&["--out", &path("none/site.html")], 5, "cannot write"),
        (
            &["--out", &out, "--format", "json"],
            2,
            "a report is a page or a workbook",
        ),
        (
            &["--out", &out, "--template", &broken],
            2,
            "broken.html, line 2: syntax error",
        ),
        (
            &["--out", &out, "--template", &path("none.html")],
            5,
            "cannot read",
        ),
        (&["--out", &out, "--plan", &broken], 2, "broken.html"),
        (
            &["--out", &out, "--labels", "--label-size", "1x1"],
            2,
            "from 40x15 to 190x260",
        ),
        (&["--out", &out, "--label-size", "62x29"], 2, "--labels"),
        (&["--out", &out, "--customer", "\u{1b}[2J"], 2, "printable"),
    ] {
        let run = refused(arguments);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (code, ""),
            "{arguments:?}: {run}"
        );
        assert!(run.stderr.contains(said), "{arguments:?}: {run}");
    }
    assert_eq!(fs::read_to_string(there).unwrap(), "mine");
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 2, "nothing is left behind");
}

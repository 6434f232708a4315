//! Scans and commands beside an attacker, on loopback: `sim run --hostile`. On
//! Linux it speaks from an address of its own.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
#[cfg(target_os = "linux")]
use std::{io, net::Ipv4Addr, process::Stdio, thread};

#[cfg(target_os = "linux")]
use wait4::Wait4;

use crate::{
    activate::Van,
    loopback::Sim,
    request::{RecoverySite, device},
    run::{Run, run},
};

const HONEST: usize = 10;

fn attacked_by(attack: &str, more: &[&str]) -> Sim {
    let attack = format!("--hostile={attack}");
    Sim::start(&[&["--count", "10", "--seed", "7", &attack], more].concat())
}

fn macs(devices: &serde_json::Value) -> BTreeSet<String> {
    let devices = devices.as_array().unwrap().iter();
    let macs = devices.filter_map(|device| device["mac"].as_str());
    macs.map(str::to_owned).collect()
}

/// How many of the devices that are played without an attacker are among these.
/// What an attacker makes up may have any MAC, the more of it the longer a scan
/// takes.
fn honest(devices: &serde_json::Value) -> usize {
    static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let sim = Sim::start(&["--count", "10", "--seed", "7"]);
        macs(&sim.run(&["scan", "--format", "json"]).json())
    });
    assert_eq!(KNOWN.len(), HONEST);
    macs(devices).intersection(&KNOWN).count()
}

/// Nothing that a terminal obeys, or that turns the reading direction.
fn assert_harmless(run: &Run) {
    for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let found = treacherous(text);
        assert!(found.is_none(), "{stream}: {found:?}");
    }
}

fn treacherous(text: &str) -> Option<char> {
    // A line of CSV ends so.
    let text = text.replace("\r\n", "\n");
    text.chars().find(|&character| {
        let control = character.is_control() && character != '\n';
        let turning = matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
            | '\u{ad}' | '\u{e0000}'..='\u{e007f}');
        control || turning
    })
}

#[test]
fn hostile_texts_are_harmless_in_every_format() {
    let sim = attacked_by("hostile-texts", &[]);
    for format in ["table", "json", "ndjson", "csv", "xml"] {
        let run = sim.run(&["scan", "--format", format, "--wide"]);
        assert_eq!(run.code, 0, "{format}: {run}");
        assert_harmless(&run);
        assert!(run.stdout.contains("hacked"), "{format}: {run}");
    }
    let run = sim.run(&["scan", "--format", "json"]);
    assert_eq!(honest(&run.json()), HONEST, "{run}");
}

#[test]
fn hostile_texts_are_harmless_in_details() {
    let sim = attacked_by("hostile-texts", &[]);
    let scan = sim.run(&["scan", "--format", "json"]);
    let devices = scan.json();
    let macs = devices.as_array().unwrap().iter();
    let invented: Vec<_> = macs
        .filter_map(|device| device["mac"].as_str())
        .filter(|mac| mac.starts_with("02:"))
        .collect();
    assert!(invented.len() > 24, "{scan}");
    for mac in invented.iter().step_by(7) {
        let run = sim.run(&["show", mac]);
        assert_eq!(run.code, 0, "{mac}: {run}");
        assert_harmless(&run);
    }
    // What is not found is named in the error.
    let run = sim.run(&["show", "\u{1b}[31m\u{202e}"]);
    assert_ne!(run.code, 0);
    assert_harmless(&run);
}

#[test]
fn formulas_are_text_in_csv() {
    let sim = attacked_by("hostile-texts", &[]);
    let run = sim.run(&["scan", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let mut cells = 0;
    for record in reader.records() {
        for cell in &record.unwrap() {
            let first = cell.trim_start().chars().next();
            let formula = first.is_some_and(|first| "=+-@＝＋－＠".contains(first));
            assert!(!formula, "{cell}");
            cells += 1;
        }
    }
    assert!(cells > 24 * 20, "{run}");
}

#[test]
fn hostile_texts_are_harmless_in_outcomes() {
    let sim = attacked_by("hostile-texts", &[]);
    for format in ["table", "json", "csv"] {
        let arguments = ["activate", "--all", "--dry-run"];
        let run = sim.run(&[&arguments[..], &["--format", format]].concat());
        assert_harmless(&run);
        assert!(run.code == 0 || run.code == 4, "{format}: {run}");
    }
}

#[test]
fn garbage_and_entity_bombs_cost_no_device() {
    let sim = attacked_by("garbage,entity-bombs", &[]);
    let run = sim.run(&["scan", "--wait", "5s", "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(honest(&run.json()), HONEST, "{run}");
    assert!(run.stderr.contains("could not be read"), "{run}");
    assert!(!run.stdout.contains("root:"), "an entity read a file");
    assert!(run.stdout.len() < 1 << 20, "an entity was expanded");
}

#[test]
fn all_attacks_at_once_cost_no_device() {
    let sim = attacked_by("all", &[]);
    let run = sim.run(&["scan", "--wait", "10s", "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_harmless(&run);
    assert_eq!(honest(&run.json()), HONEST, "{}", run.stderr);
}

const SERIALS: [&str; 12] = [
    "../../../../tmp/hacked",
    "../../escaped",
    "..",
    "/tmp/hacked",
    "..\\..\\escaped",
    "C:\\hacked",
    "CON",
    "-rf",
    ".hidden",
    "\u{1b}[2Jhacked\u{7}",
    "\u{202e}gpj.exe",
    "=cmd|'/c calc'!A1",
];

#[test]
fn hostile_serials_name_no_file_outside_their_folder() {
    let sites = (1u8..).zip(SERIALS).map(|(last, serial)| {
        let serial = serde_json::to_string(serial).unwrap();
        device("ipc-v5.5.82", last, &format!("serial = {serial}"))
    });
    let recovery = RecoverySite::new(&sites.collect::<String>());
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    assert_harmless(&export);
    let packages = recovery.packages();
    assert_eq!(packages.len(), SERIALS.len(), "{packages:?}");
    let plain = |name: &str| {
        let usual = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        name.chars().all(usual) && !name.starts_with('-')
    };
    for package in packages.values() {
        let name = package.file_name().unwrap().to_str().unwrap();
        assert!(plain(name), "{name}");
        for file in ["request.txt", "request.json"] {
            let text = fs::read_to_string(package.join(file)).unwrap();
            assert_eq!(treacherous(&text), None, "{file} of {name}");
        }
    }
    // Nothing besides, neither there nor where the serials point.
    let requests = recovery.requests();
    for path in files_below(recovery.van.folder.path()) {
        let known = path.starts_with(&requests)
            || path.starts_with(recovery.van.path("state"))
            || path == recovery.van.path("site.toml");
        assert!(known, "{}", path.display());
    }
    assert!(!Path::new("/tmp/hacked").exists());
    for arguments in [&["reset", "cases"][..], &["reset", "ways", "--all"]] {
        for format in ["table", "json"] {
            let run = recovery.run(&[arguments, &["--format", format]].concat());
            assert_harmless(&run);
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

const FRESH: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.64"
activated = false
"#;

fn activate_beside(attack: &str, more: &str) -> (Van, Run) {
    let site = format!("{FRESH}{more}");
    let van = Van::attacked(&site, &[&format!("--hostile={attack}")]);
    let file = van.file("Garden-77x\n");
    let run = van.run(&[
        "activate",
        "--all",
        "--yes",
        "--new-password-file",
        &file,
        "--format",
        "json",
    ]);
    (van, run)
}

#[test]
fn no_password_is_sealed_where_an_exchange_is_forged_or_raced() {
    // On Linux what is forged comes from another address: it need not come within
    // the time that a second answer is waited for.
    let late = if cfg!(target_os = "linux") {
        "late = { exchangecode = \"1s\" }\n"
    } else {
        ""
    };
    for (attack, late) in [("forged-exchange", late), ("raced-exchange", "")] {
        let (van, run) = activate_beside(attack, late);
        assert_eq!(run.code, 4, "{attack}: {run}");
        let outcome = &run.json()[0];
        assert_eq!(outcome["result"], "skipped", "{attack}: {run}");
        let message = "not sent: something else on the network answered for it";
        assert_eq!(outcome["message"], message, "{attack}: {run}");
        assert!(
            run.stderr
                .contains("another machine on the network may answer for it"),
            "{run}"
        );
        let scan = van.run(&["scan", "--format", "json"]);
        assert_eq!(scan.json()[0]["state"], "unactivated", "{scan}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_command_is_sent_to_a_mac_that_somebody_else_claims() {
    let (_van, run) = activate_beside("stolen-macs", "");
    assert_eq!(run.code, 4, "{run}");
    let message = "another device has the same MAC: a command would reach both";
    let outcomes = run.json();
    for outcome in outcomes.as_array().unwrap() {
        assert_eq!(outcome["message"], message, "{run}");
    }
}

/// Late devices, so that the attacker is heard first, and early ones.
#[cfg(target_os = "linux")]
#[test]
fn no_password_is_sealed_where_another_reports_what_the_device_reports() {
    for delay in ["0ms", "400ms"] {
        let attack = ["--hostile=echoed-accounts", "--delay", delay];
        let van = Van::attacked(FRESH, &attack);
        let scan = van.run(&["scan", "--format", "json"]);
        let warnings = scan.json()[0]["warnings"].to_string();
        assert!(warnings.contains("\"two-senders\""), "{delay}: {scan}");
        assert!(scan.stderr.contains("seen from two addresses"), "{scan}");

        let file = van.file("Garden-77x\n");
        let activate = ["activate", "--all", "--yes", "--new-password-file", &file];
        let run = van.run(&[&activate[..], &["--format", "json"]].concat());
        assert_eq!(run.code, 4, "{delay}: {run}");
        let outcome = &run.json()[0];
        assert_eq!(outcome["result"], "skipped", "{delay}: {run}");
        let message = outcome["message"].as_str().unwrap();
        // Who finds out which is the device needs both.
        let senders = message.split(" both answer").next().unwrap();
        let senders: BTreeSet<Ipv4Addr> = senders
            .split(" and ")
            .map(|sender| sender.parse().unwrap())
            .collect();
        assert!(
            senders.len() == 2 && senders.contains(&Ipv4Addr::LOCALHOST),
            "{run}"
        );
        let next = outcome["next"].as_str().unwrap();
        assert!(next.contains("which machine answers"), "{run}");
        let scan = van.run(&["scan", "--format", "json"]);
        assert_eq!(scan.json()[0]["state"], "unactivated", "{scan}");
        // It costs no secret to ask for a lamp.
        let locate = van.run(&["locate", "44:47:cc:00:00:01", "on", "--yes"]);
        assert_ne!(locate.code, 4, "{locate}");
        assert!(locate.stderr.contains("may pretend to be it"), "{locate}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_under_a_flood() {
    // As much as this computer can make in that time.
    let sim = attacked_by(
        "huge-documents,endless-devices",
        &["--hostile-rate", "20000", "--hostile-count", "200000"],
    );
    let mut command = sim.command(&["scan", "--wait", "10s", "--format", "json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reading = thread::spawn(move || io::read_to_string(&mut stdout).unwrap());
    let peak = child.wait4().unwrap().rusage.maxrss;
    let devices: serde_json::Value = serde_json::from_str(&reading.join().unwrap()).unwrap();
    assert_eq!(honest(&devices), HONEST);
    // In bytes. What the tests took by then counts, too: it began as their copy.
    assert!((1..320 << 20).contains(&peak), "{peak}");
}

#[test]
fn attacks_are_reported_and_unknown_ones_refused() {
    let help = run(&["sim", "run", "--help"]);
    for attack in sadp_sim::Attack::ALL {
        assert!(help.stdout.contains(attack.name()), "{attack}");
    }
    let wrong = run(&["sim", "run", "-i", "lo", "--hostile=kindness"]);
    assert_eq!(wrong.code, 2, "{wrong}");
    assert!(wrong.stderr.contains("garbage"), "{wrong}");
}

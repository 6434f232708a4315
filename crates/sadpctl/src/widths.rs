//! What commands print, at every width.

use std::io::{self, Write as _};

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp, civil::date};
use sadp_discovery::messages::MessageFile;
use sadp_doctor::Verdict;
use sadp_model::{KnownAddresses, RecoveryMethod, RecoverySetup, Serial, assess_methods};
use sadp_ops::{
    BlockReason, DeviceRef, DiscoveredDevice, Outcome as Finished, OutcomeStatus, Reason,
    audit::{AuditFinding, AuditedDevice, ChangeSince},
    recovery::{CaseStep, ReviewedCase, methods::AssessedDevice},
};
use sadp_reset::{
    Action, Case, DeviceKey, InvalidReason, NewCase, RecorderCamera, RequestKind, SiteName,
};
use sadp_text::{Announcement, AuditEntry, ButtonSteps, Platform, scan, words};

use crate::{
    args::Detail,
    fold::{Width, fold, fold_labelled},
    output::{
        AppRow, CameraRow, CheckRow, DeviceRow, Layout, MessageLine, NameRow, Outcome, Row,
        ShownCase, Ways, write_details,
    },
};

/// Four terminals and a pipe.
const WIDTHS: [Width; 5] = [Some(60), Some(80), Some(120), Some(200), None];

/// What is written at each width. No line is wider than its terminal, unless it is one
/// word.
fn at_widths(write: impl Fn(&mut Vec<u8>, Layout) -> io::Result<()>) -> String {
    let mut all = String::new();
    for width in WIDTHS {
        let mut out = Vec::new();
        write(&mut out, Layout { width, wide: false }).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        for line in text.lines() {
            let fits = width.is_none_or(|width| line.chars().count() <= width);
            assert!(fits || !line.trim().contains(' '), "{width:?}: {line}");
        }
        let heading = width.map_or_else(|| "a pipe".into(), |width| format!("{width} columns"));
        all.extend(["=== ", &heading, "\n", &text, "\n"]);
    }
    all
}

/// A list as people see it.
fn table<R: Row>(rows: &[R]) -> String {
    at_widths(|out, layout| R::write_table(rows, out, layout))
}

/// The texts of stderr, each with its label.
fn told(texts: &[(&str, String)]) -> String {
    at_widths(|out, layout| {
        texts.iter().try_for_each(|(label, text)| {
            writeln!(out, "{label}{}", fold_labelled(label, text, layout.width))
        })
    })
}

fn shop() -> Vec<DiscoveredDevice> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/replies/shop.xml"
    );
    let file = MessageFile::from_reader(std::fs::File::open(path).unwrap(), None).unwrap();
    DiscoveredDevice::from_file(file.devices().entries)
}

fn assessed() -> Vec<AssessedDevice> {
    let assess = |device: DiscoveredDevice| AssessedDevice {
        methods: assess_methods(&device.entry.device, &RecoverySetup::default()),
        device,
    };
    shop().into_iter().map(assess).collect()
}

#[test]
fn scan() {
    let devices = shop();
    let rows: Vec<_> = devices.iter().map(DeviceRow).collect();
    assert_snapshot!(table(&rows));
    let all = devices.iter().map(|found| &*found.entry.device);
    let site = KnownAddresses::new(all, &[]);
    let mut texts = vec![("", scan::summary(&devices))];
    let hints = scan::hints(&devices, &site, Platform::Linux);
    texts.extend(hints.into_iter().map(|hint| ("hint: ", hint)));
    let meanings = devices.iter().flat_map(|found| found.warnings);
    texts.extend(meanings.map(|it| ("warning: ", words::meaning(it).to_owned())));
    assert_snapshot!("scan-hints", told(&texts));
}

#[test]
fn show() {
    let devices = shop();
    assert_snapshot!(at_widths(|out, layout| {
        write_details(out, devices.first().unwrap(), layout.width)
    }));
}

#[test]
fn decode_messages() {
    let message = MessageLine {
        number: 1,
        root: Some("ProbeMatch"),
        message: Some("report"),
        error: Some(
            "the element DeviceDescription does not end, and what follows it cannot be read".into(),
        ),
        complete: Some(false),
        ..MessageLine::default()
    };
    assert_snapshot!(table(&[message]));
}

#[test]
fn reset_ways() {
    let assessed = assessed();
    let named: Vec<_> = assessed.iter().take(3).map(Ways::new).collect();
    assert_snapshot!(table(&named));
    let all: Vec<_> = assessed.iter().map(Ways::in_brief).collect();
    assert_snapshot!("reset_ways_all", table(&all));
}

#[test]
fn reset_app_and_button() {
    let device = &assessed()[5];
    let fit = |method| {
        let mut methods = device.methods.iter();
        methods.find(|fit| fit.method == method).unwrap()
    };
    let row = AppRow::new(&device.device, fit(RecoveryMethod::HikProConnect));
    let steps = ButtonSteps::new(
        &device.device.entry.device,
        fit(RecoveryMethod::ResetButton),
    );
    assert_snapshot!(at_widths(|out, layout| {
        AppRow::write_table(std::slice::from_ref(&row), out, layout)?;
        writeln!(out, "{}", fold(&steps.to_string(), layout.width))
    }));
}

#[test]
fn reset_cases() {
    let at = Timestamp::UNIX_EPOCH;
    let serial = Serial::new("DS-2CD2143G0-I20200118AAWRC06891926");
    let case = |number: &str, hours, invalid_reasons| {
        ReviewedCase {
        case: Case {
            id: number.parse().unwrap(),
            request: NewCase {
                device: DeviceKey::new("c4:2f:90:2a:21:4d".parse().ok(), serial.clone()).unwrap(),
                address: Some([192, 168, 1, 101].into()),
                kind: RequestKind::FileOrKey,
                command: None,
                sha256: None,
                boot_time: None,
                exported_at: at,
                package: "/home/anna/requests/DS-2CD2143G0-I20200118AAWRC06891926_c42f902a214d_20261127T031012Z".into(),
            },
            ended: None,
        },
        site_name: None,
        age: SignedDuration::from_hours(hours),
        invalid_reasons,
        aging: hours > 24,
        possibly_answered: None,
        next: Some(CaseStep::Import),
    }
    };
    let rebooted = InvalidReason::Rebooted {
        exported: date(2026, 9, 18).at(9, 21, 28, 0),
        now: date(2026, 9, 20).at(10, 0, 5, 0),
    };
    let cases = [case("7", 22, vec![]), case("12", 47, vec![rebooted])];
    let cases = cases.each_ref().map(ShownCase::new);
    assert_snapshot!(table(&cases));
}

#[test]
fn doctor() {
    let row = |topic, verdict, subject: &str, message: &str, remedy: Option<&str>| CheckRow {
        topic,
        subject: subject.into(),
        verdict,
        message: message.into(),
        remedy: remedy.map(Into::into),
        data: serde_json::json!({}),
    };
    let used = "used, by 192.168.1.20/24";
    let strict = "strict, and there is no route back: answers of devices in other subnets, e.g. 192.0.0.64, are dropped";
    let relax = "add an address in their subnet (sudo ip addr add 192.0.0.250/24 dev enp3s0), or relax the filter until the next start: sudo sysctl net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.enp3s0.rp_filter=0";
    let [silent, above] = ["no device answered within 3.0 s", "see the lines above"];
    let rows = [
        row("interface", Verdict::Ok, "enp3s0", used, None),
        row(
            "reverse-path",
            Verdict::Problem,
            "enp3s0",
            strict,
            Some(relax),
        ),
        row("devices", Verdict::Warning, "scan", silent, Some(above)),
    ];
    assert_snapshot!(table(&rows));
}

#[test]
fn audit() {
    let all = [
        vec![AuditFinding::Unactivated, AuditFinding::FactoryAddress],
        vec![AuditFinding::NotRecoverable, AuditFinding::ClockUnset],
        vec![AuditFinding::MailboxMissing],
        vec![],
    ];
    let rows = assessed().into_iter().zip(all).map(|(assessed, findings)| {
        let since = findings.first().map(|finding| ChangeSince {
            found: vec![finding.name()],
            ..ChangeSince::default()
        });
        AuditEntry::new(&AuditedDevice { assessed, findings }, since, None)
    });
    let rows: Vec<_> = rows.collect();
    assert_snapshot!(table(&rows));
}

#[test]
fn name() {
    let rows = [("Gate north", "Roof, behind the lift"), ("Yard", "Cellar")];
    let rows = rows.map(|(name, place)| {
        let (name, place) = (name.parse().ok(), place.parse().ok());
        let mac = "c4:2f:90:2a:21:4d".parse().unwrap();
        NameRow::new(mac, &SiteName { name, place })
    });
    assert_snapshot!(table(&rows));
}

#[test]
fn cameras() {
    let camera = |channel, address: &str, online, result: Option<&str>| RecorderCamera {
        channel,
        name: channel.map(|it| format!("Entrance hall, camera {it}")),
        address: Some(address.into()),
        mac: "c4:2f:90:2a:21:4d".parse().ok(),
        serial: Serial::new("DS-2CD2143G0-I20200225AAWRD78820301"),
        model: Some("DS-2CD2143G0-I".into()),
        online,
        result: result.map(Into::into),
        activated: Some(channel.is_some()),
        ..RecorderCamera::default()
    };
    let refused = Some("errorUserNameOrPasswd");
    let all = [
        camera(Some(1), "192.168.254.2", Some(true), Some("connect")),
        camera(Some(12), "192.168.254.13", Some(false), refused),
        camera(Some(13), "192.168.254.14", None, Some("melted")),
        camera(None, "192.168.254.15", None, None),
    ];
    let devices = shop();
    let recorder = DeviceRef::from(&devices[0]);
    let rows = all.iter().map(|camera| CameraRow::new(&recorder, camera));
    let rows: Vec<_> = rows.collect();
    assert_snapshot!(table(&rows));
}

#[test]
fn outcomes_of_commands() {
    let devices = shop();
    let outcome = |place: usize, status, reason| {
        let activated = Finished::new(&devices[place], Action::Activate, status);
        Outcome::from(Finished {
            reason,
            ..activated
        })
    };
    let blocked = Reason::Blocked(BlockReason::DuplicateMac);
    assert_snapshot!(table(&[
        outcome(0, OutcomeStatus::Done, Reason::Plain),
        outcome(1, OutcomeStatus::Skipped, blocked),
        outcome(3, OutcomeStatus::Unknown, Reason::Plain),
        outcome(4, OutcomeStatus::Skipped, Reason::AlreadyActive),
    ]));
    let question = Announcement::ACTIVATE.question(&devices).naming(&[]);
    assert_snapshot!(
        "question",
        told(&[("", question.plan), ("", question.text)])
    );
}

#[test]
fn help() {
    fn check(command: &mut clap::Command, width: usize) {
        let help = command.render_long_help().to_string();
        for line in fold(&help, Some(width)).lines() {
            let fits = line.chars().count() <= width || !line.trim().contains(' ');
            assert!(fits, "{}: {line}", command.get_name());
        }
        for command in command.get_subcommands_mut() {
            *command = std::mem::take(command).term_width(width);
            check(command, width);
        }
    }
    for width in [60, 80, 120, 200] {
        for detail in [Detail::Brief, Detail::Full] {
            check(&mut detail.command().term_width(width), width);
        }
    }
}

use std::io;

use insta::assert_snapshot;
use jiff::Timestamp;
use sadp_discovery::ScanConfig;
use sadp_model::{Device, Firmware, Serial, State, testing::recorded};
use sadp_ops::{
    Cancellation, DeviceRef, DiscoveredDevice, Session,
    cameras::CameraBehind,
    report::{SiteReport, SiteSources, site_report},
};
use sadp_reset::{RecorderCamera, SiteName};

use super::*;

/// A device by the last byte of its MAC and address. Two have the same address.
fn device(number: u8, text: &str) -> Device {
    let mut device = Device::unknown();
    device.mac = format!("44:47:cc:00:00:{number:02x}").parse().ok();
    device.ipv4.address = Some([192, 168, 1, 100 + number / 2].into());
    device.ipv4.mask = Some([255, 255, 255, 0].into());
    device.ipv4.gateway = Some([192, 168, 1, 1].into());
    device.model = Some(text.into());
    device.serial = Serial::new(text);
    device.firmware = Firmware::new(text);
    device.state = Some(State::Active);
    device
}

/// The page's time is always the same.
fn report(devices: Vec<Device>, name: &str) -> SiteReport {
    let mut devices = DiscoveredDevice::assess_all(recorded(devices), &[]);
    for device in &mut devices {
        device.site_name = Some(Box::new(SiteName {
            name: name.parse().ok(),
            place: name.parse().ok(),
        }));
    }
    let session = Session::without_state(ScanConfig::default(), Cancellation::default()).unwrap();
    let sources = SiteSources {
        devices,
        asked: true,
        plan: &[],
    };
    let mut report = site_report(&session, sources).unwrap();
    report.at = Timestamp::UNIX_EPOCH;
    report.cameras.push(camera(name));
    report
}

/// A camera that is known by its recorder alone, whose texts are all this.
fn camera(text: &str) -> CameraBehind {
    let told = || Some(text.to_owned());
    CameraBehind {
        recorder: DeviceRef {
            model: Some(text.into()),
            ..DeviceRef::default()
        },
        at: Timestamp::UNIX_EPOCH,
        camera: RecorderCamera {
            channel: Some(2),
            name: told(),
            address: told(),
            model: told(),
            firmware: told(),
            online: Some(false),
            result: told(),
            ..RecorderCamera::default()
        },
    }
}

fn pages(report: &SiteReport, parties: &SiteParties) -> [String; 2] {
    let document = PageTemplate::new(PageTemplate::REPORT).unwrap();
    let labels = PageTemplate::new(PageTemplate::LABELS).unwrap();
    let mut pages = [Vec::new(), Vec::new()];
    let [page, sheet] = &mut pages;
    write_report_page(report, parties, &document, page).unwrap();
    write_labels_page(report, LabelSize::default(), &labels, sheet).unwrap();
    pages.map(|page| String::from_utf8(page).unwrap())
}

#[test]
fn a_small_site() {
    let mut devices = vec![
        device(2, "DS-7608NI-K2"),
        device(3, "DS-2CD2143G0-I"),
        device(8, "DS-2CD2043G0-I"),
    ];
    devices[0].serial = Serial::new("DS-7608NI-K20820181210CCRRD06167774WCVU");
    devices[0].recovery.guid = Some(true);
    devices[0].firmware = Firmware::new("V4.30.085build 190910");
    devices[2].state = Some(State::Unactivated);
    let parties = SiteParties {
        customer: "Miller Farm".parse().ok(),
        ..SiteParties::default()
    };
    let date = minute(Timestamp::UNIX_EPOCH);
    let report = report(devices, "Gate north");
    for table in report_sheets(&report) {
        assert!(table.rows.iter().all(|row| row.len() == table.titles.len()));
        let rows = table.rows.iter().map(|row| row.join(" | "));
        let rows = rows.collect::<Vec<_>>().join("\n");
        assert_snapshot!(table.name, rows.replace(&date, "DATE"));
    }
    for (page, name) in pages(&report, &parties).iter().zip(["document", "labels"]) {
        let (_, body) = page.split_once("<body>").unwrap();
        let body = body.replace(&date, "DATE");
        // The codes are long, and tested where they are made.
        let parts = body.split(" class=\"qr\" d=\"");
        let parts = parts
            .enumerate()
            .map(|(place, part)| match part.split_once('"') {
                Some((_, rest)) if place > 0 => format!(" class=\"qr\" d=\"\"{rest}"),
                _ => part.to_owned(),
            });
        assert_snapshot!(name, parts.collect::<String>());
    }
}

#[test]
fn hostile_text_becomes_neither_markup_nor_commands() {
    let parties = |text: &str| SiteParties {
        title: text.parse().ok(),
        customer: text.parse().ok(),
        installer: None,
        contact: Contact {
            name: Some(text.into()),
            email: Some(text.into()),
            ..Contact::default()
        },
    };
    let of = |text: &str, name: &str| {
        let devices = (1..=3).map(|number| device(number, text)).collect();
        pages(&report(devices, name), &parties(name))
    };
    let signs = |page: &str| ["<", "\""].map(|sign| page.matches(sign).count());
    let [plain, plain_labels] = of("DS-2CD2043G0-I", "Gate");
    for text in [
        "\"><script>alert(1)</script>",
        "' onload='alert(1)",
        "</style></title><img src=http://192.0.2.1/>",
        "{{ 7 * 191 }}{% raw %}",
        "\u{1b}]0;x\u{7}\u{1b}[2J\u{202e}\u{200b}\u{0}",
        "javascript:alert(1)",
        &"W".repeat(500),
        &"&amp;".repeat(100),
    ] {
        let name: String = text.chars().take(SiteText::MAX_CHARS).collect();
        // A name cannot have invisible characters.
        let is_name = name.parse::<SiteText>().is_ok();
        let [page, labels] = of(text, if is_name { &name } else { "Gate" });
        for (page, plain) in [(&page, &plain), (&labels, &plain_labels)] {
            assert_eq!(signs(page), signs(plain), "{text:?}");
            let invisible = ['\u{1b}', '\u{202e}', '\u{0}', '\u{200b}'];
            assert!(!page.contains(invisible), "{text:?}");
            let wide = "W".repeat(81);
            assert!(!page.contains("1337") && !page.contains(&wide), "{text:?}");
            assert!(page.contains("default-src 'none'"), "{text:?}");
        }
    }
    for page in [plain, plain_labels] {
        for wrong in [
            "http:", "https:", "//", "url(", "<script", "@import", "<link",
        ] {
            assert!(!page.contains(wrong), "{wrong}");
        }
    }
}

#[test]
fn five_hundred_devices_take_less_than_two_megabytes() {
    let devices = (0..500_u16).map(|number| {
        let [high, low] = number.to_be_bytes();
        let mut device = device(1, "DS-2CD2387G2-LU");
        device.mac = format!("44:47:cc:00:{high:02x}:{low:02x}").parse().ok();
        device.ipv4.address = Some([192, 168, high, low].into());
        let serial = format!("DS-2CD2387G2-LU20210705AAWRJ{number:08}");
        device.serial = Serial::new(&serial);
        device.firmware = Firmware::new("V5.7.3build 220112");
        device
    });
    let report = report(devices.collect(), "Car park, lamp post 17, facing the gate");
    assert_eq!(report.devices.len(), 500);
    for page in pages(&report, &SiteParties::default()) {
        assert!(page.len() < 2_000_000, "{}", page.len());
    }
}

#[test]
fn a_site_without_devices_has_a_page() {
    let empty = report(Vec::new(), "-");
    let [page, labels] = pages(&empty, &SiteParties::default());
    assert!(page.contains("0 of 0") && page.contains("No device reports an address"));
    assert!(!labels.contains("class=\"label\""));
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_line() {
    let empty = report(vec![device(2, "DS-2CD2043G0-I")], "Gate");
    let error = |source: &str| {
        let rendered = PageTemplate::new(source)
            .and_then(|it| write_report_page(&empty, &SiteParties::default(), &it, io::sink()));
        rendered.unwrap_err().named("own.html").to_string()
    };
    for (source, expected) in [
        ("<p>\n{% for it in devices %}\n", "2: syntax error"),
        ("\n\n{{ titel }}", "3: undefined value"),
        ("\n{{ title|safe }}", "2: unknown filter"),
        ("{% include '/etc/passwd' %}", "1: syntax error"),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}",
            "1: engine ran out of fuel",
        ),
        (
            "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
            "1: invalid operation (recursion limit",
        ),
    ] {
        let error = error(source);
        let expected = format!("own.html, line {expected}");
        assert!(error.starts_with(&expected), "{source}: {error}");
    }
    let template = PageTemplate::new("{{ title }}: {{ devices[0].mac }}").unwrap();
    let mut page = Vec::new();
    write_report_page(&empty, &SiteParties::default(), &template, &mut page).unwrap();
    assert_eq!(page, b"Camera site: hand-over: 44:47:cc:00:00:02");
}

//! Replies of real devices, if they are beside the checkout. They are not part of
//! this repository.

#![expect(
    clippy::unwrap_used,
    reason = "a capture that cannot be read has failed the test"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::{fs, path::Path};

use sadp_model::{Device, Kind, RequestWay, State};
use sadp_proto::{DeviceReport, Message};

fn captures() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    if !folder.is_dir() {
        eprintln!("skipped: no captures of real devices beside the checkout");
        return None;
    }
    Some(folder)
}

fn report(path: &Path) -> DeviceReport {
    match Message::decode(&fs::read(path).unwrap()) {
        Ok(Message::Report(report)) => *report,
        other => panic!("{}: {other:?}", path.display()),
    }
}

#[test]
fn every_capture_is_a_whole_device() {
    let Some(folder) = captures() else { return };
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "xml")) {
        let device: Device = report(&path).device;
        let name = path.display();
        assert!(device.complete, "{name}");
        assert!(device.identity().is_some(), "{name}");
        assert!(device.serial.is_some(), "{name}");
        assert!(device.ipv4.address.is_some(), "{name}");
        assert!(
            device
                .firmware
                .as_ref()
                .is_some_and(|firmware| firmware.version().is_some()),
            "{name}"
        );
        assert_eq!(device.state, Some(State::Active), "{name}");
    }
}

#[test]
fn captures_show_kind_and_recovery() {
    let Some(folder) = captures() else { return };
    for (name, kind, request) in [
        ("intercom-v1.5.0.xml", Kind::Intercom, RequestWay::File),
        (
            "ipc-v5.2.5-no-activated.xml",
            Kind::IpCamera,
            RequestWay::LegacyCode,
        ),
        ("ipc-v5.3.3.xml", Kind::IpCamera, RequestWay::File),
        ("ipc-v5.5.6.xml", Kind::IpCamera, RequestWay::FileOrKey),
        ("tsc-hello.xml", Kind::Traffic, RequestWay::LegacyCode),
    ] {
        let device = report(&folder.join(name)).device;
        assert_eq!(
            (device.kind, device.recovery.request),
            (kind, Some(request)),
            "{name}"
        );
    }
    assert!(report(&folder.join("tsc-hello.xml")).hello);
}

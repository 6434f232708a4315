use std::{fs, path::Path};

use proptest::prelude::*;
use sadp_model::{Device, Firmware, Serial};
use sadp_reset::{
    Contact, Digest, ExportError, Ledger, Package, PackageError, PackageRequest, RequestKind,
    export_request,
};

use crate::{at, device, ledger};

const CODE: &str = "AbCd+/EfGh<&>\"' 0123==";

fn request(device: &Device, kind: RequestKind, second: i64) -> PackageRequest<'_> {
    PackageRequest {
        device,
        address: Some([10, 77, 0, 5].into()),
        kind,
        code: (kind != RequestKind::LegacyCode).then_some(CODE),
        exported_at: at(second),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_package_holds_what_its_kind_needs_and_its_case_is_open() {
    let (mut ledger, state) = ledger();
    let out = state.path().join("new/out");
    let mut camera = device(1);
    camera.firmware = Firmware::new("V5.5.6build 180326");
    camera.boot_time = Some("2026-09-18T09:21:28".parse().unwrap());
    for (second, kind, files) in [
        (
            1,
            RequestKind::LegacyCode,
            &["request.json", "request.txt"][..],
        ),
        (
            2,
            RequestKind::File,
            &["DeviceKey.xml", "request.json", "request.txt"],
        ),
        (
            3,
            RequestKind::FileOrKey,
            &["DeviceKey.xml", "qr.png", "request.json", "request.txt"],
        ),
    ] {
        let request = request(&camera, kind, second);
        let exported = export_request(&mut ledger, &out, &request, &Contact::default()).unwrap();
        let package = exported.package;
        assert_eq!(names(package.path()), files);
        let text = match kind {
            RequestKind::LegacyCode => None,
            RequestKind::File => Some(CODE.to_owned()),
            RequestKind::FileOrKey => Some(format!("{CODE}{}", camera.serial.as_ref().unwrap())),
        };
        if let Some(text) = &text {
            let written = fs::read(package.path().join(Package::CODE_FILE)).unwrap();
            assert_eq!(written, text.as_bytes(), "byte for byte");
        }
        assert_eq!(Package::read(package.path()).unwrap(), package);
        let mut open = ledger.cases().unwrap();
        open.retain(sadp_reset::Case::is_open);
        let [case] = &open[..] else {
            panic!("the device has one open case")
        };
        assert_eq!(case.id, exported.case.id);
        assert_eq!(case.request.package, package.path());
        let name = package.request.package_name();
        assert_eq!(case.request.package_name(), name);
        assert_eq!(
            case.request.sha256,
            text.map(|text| Digest::of(text.as_bytes()))
        );
        assert_eq!(case.request.boot_time, camera.boot_time);
    }
    assert_eq!(names(&out).len(), 3, "nothing else is left there");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let camera = device(1);
    let request = request(&camera, RequestKind::FileOrKey, 0);
    let package = Package::write(&out, &request, &Contact::default()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&out), mode(package.path())), (0o700, 0o700));
    for name in names(package.path()) {
        assert_eq!(mode(&package.path().join(name)), 0o600);
    }
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let out = tempfile::tempdir().unwrap();
    let camera = device(1);
    let request = request(&camera, RequestKind::FileOrKey, 0);
    let package = Package::write(out.path(), &request, &Contact::default()).unwrap();
    let before = fs::read(package.path().join(Package::FORM_FILE)).unwrap();
    let contact = Contact {
        name: Some("other".into()),
        ..Contact::default()
    };
    let again = Package::write(out.path(), &request, &contact).unwrap_err();
    assert!(matches!(&again, PackageError::Exists(path) if *path == package.path()));
    assert_eq!(
        fs::read(package.path().join(Package::FORM_FILE)).unwrap(),
        before
    );
    assert_eq!(names(out.path()), [package.request.package_name()]);
}

#[test]
fn what_cannot_be_a_request_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let nobody = Device::unknown();
    let camera = device(1);
    let without_code = PackageRequest {
        code: Some(""),
        ..request(&camera, RequestKind::File, 0)
    };
    let long = "x".repeat(5000);
    let too_long = PackageRequest {
        code: Some(&long),
        ..request(&camera, RequestKind::FileOrKey, 0)
    };
    let write = |request: &PackageRequest<'_>| {
        Package::write(&out, request, &Contact::default()).unwrap_err()
    };
    let unnamed = write(&request(&nobody, RequestKind::File, 0));
    assert!(matches!(unnamed, PackageError::NoIdentity));
    assert!(matches!(write(&without_code), PackageError::NoCode));
    assert!(matches!(write(&too_long), PackageError::Qr(_)));
    assert!(!out.exists());
    fs::write(&out, "a file").unwrap();
    let blocked = write(&request(&camera, RequestKind::File, 0));
    assert!(matches!(blocked, PackageError::File(_)));
}

#[test]
fn a_package_stays_where_the_ledger_fails() {
    let (_writer, state) = ledger();
    let mut reader = Ledger::open_existing(state.path()).unwrap().unwrap();
    let out = state.path().join("out");
    let camera = device(1);
    let request = request(&camera, RequestKind::FileOrKey, 0);
    let error = export_request(&mut reader, &out, &request, &Contact::default()).unwrap_err();
    let ExportError::Ledger { package, .. } = &error else {
        panic!("{error}")
    };
    assert!(error.to_string().contains("is written, but no case of it"));
    Package::read(package.path()).unwrap();
}

#[test]
fn a_record_that_cannot_be_used_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Package::RECORD_FILE);
    let missing = Package::read(folder.path()).unwrap_err();
    assert!(matches!(missing, PackageError::File(_)), "{missing}");
    fs::write(&path, "{}").unwrap();
    let empty = Package::read(folder.path()).unwrap_err();
    assert!(matches!(empty, PackageError::Record { .. }), "{empty}");
    assert!(empty.to_string().contains(&*path.to_string_lossy()));
    fs::write(&path, " ".repeat(600 * 1024)).unwrap();
    let large = Package::read(folder.path()).unwrap_err();
    assert!(matches!(large, PackageError::File(_)), "{large}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_device_gets_one_package_within_the_folder(
        serial in prop_oneof!["\\PC{1,200}", "[./\\\\:\\x00-\\x1f]{1,40}", "(\\.\\./){1,20}"],
        model in "\\PC{0,80}|[\\x00-\\x1f\\u{202e}]{0,20}",
    ) {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        let mut camera = device(1);
        camera.serial = Serial::new(&serial).or(camera.serial);
        camera.model = Some(model.into());
        let request = request(&camera, RequestKind::File, 0);
        let package = Package::write(&out, &request, &Contact::default()).unwrap();
        prop_assert_eq!(names(root.path()), ["out"]);
        prop_assert_eq!(names(&out), [package.request.package_name()]);
        prop_assert_eq!(Package::read(package.path()).unwrap(), package);
    }
}

#[test]
fn what_a_killed_run_left_is_cleared_away_by_the_next_of_that_device() {
    let (mut ledger, state) = ledger();
    let out = state.path().join("out");
    let mut leave = |number, second| {
        let device = device(number);
        let request = request(&device, RequestKind::FileOrKey, second);
        let contact = Contact::default();
        let package = export_request(&mut ledger, &out, &request, &contact);
        let path = package.unwrap().package.path().to_owned();
        let name = path.file_name().unwrap().to_str().unwrap();
        let part = path.with_file_name(format!(".{name}.77.part"));
        fs::rename(&path, &part).unwrap();
        let modified = fs::File::open(&part).unwrap();
        let long_ago = std::time::SystemTime::from(at(0));
        modified.set_modified(long_ago).unwrap();
        part
    };
    let (one, other) = (leave(1, 1), leave(2, 1));
    let camera = device(1);
    let request = request(&camera, RequestKind::FileOrKey, 2);
    let exported = export_request(&mut ledger, &out, &request, &Contact::default()).unwrap();
    assert!(exported.package.path().exists() && other.exists());
    assert!(!one.exists());
}

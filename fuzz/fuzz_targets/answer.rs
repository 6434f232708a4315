//! Files given to `reset import`: folders of packages and answers, told apart, and each
//! matched to its request.
//!
//! An input is one file, or several, each below a line `=== path`.

#![no_main]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sadp_model::{Device, Firmware, MacAddr, Serial, text::is_unprintable};
use sadp_proto::Code;
use sadp_reset::{
    Answer, Assignment, Case, CaseEnded, CaseEnding, CaseId, Collected, Contact, DeviceKey, Digest,
    NewCase, NotAnAnswer, Package, PackageRequest, RequestKind, assign, collect,
    package_name,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(scratch) = tempfile::tempdir() else {
        return;
    };
    let root = scratch.path().join("in");
    let files = lay_out(bytes, &root);
    let by_folder = collect(std::slice::from_ref(&root));
    all_is_told(&files, &by_folder);
    for package in &by_folder.packages {
        packages_are_read_back(package, &scratch.path().join("out"));
    }
    for paths in [vec![root], files.into_iter().collect()] {
        for explicit in [None, key(0x13, "")] {
            let found = collect(&paths);
            what_is_found_is_as_it_lies(&paths, &found);
            what_is_matched_fits(found, explicit.as_ref());
        }
    }
});

/// Writes the files of an input, and says which those are.
fn lay_out(bytes: &[u8], root: &Path) -> BTreeSet<PathBuf> {
    let mark = b"=== ";
    let mut starts: Vec<usize> = (0..bytes.len())
        .filter(|&at| bytes[at..].starts_with(mark) && (at == 0 || bytes[at - 1] == b'\n'))
        .collect();
    let mut written = BTreeSet::new();
    if starts.is_empty() {
        write(root, "answer", bytes, &mut written);
    }
    starts.truncate(16);
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(bytes.len());
        let part = &bytes[start + mark.len()..end];
        let (name, content) = match part.iter().position(|&byte| byte == b'\n') {
            Some(end) => (&part[..end], &part[end + 1..]),
            None => (part, &[][..]),
        };
        let name = String::from_utf8_lossy(name);
        write(root, &name, content, &mut written);
    }
    let _ = fs::create_dir_all(root);
    written
}

fn write(root: &Path, name: &str, content: &[u8], written: &mut BTreeSet<PathBuf>) {
    let parts = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    let path = root.join(parts.take(8).collect::<PathBuf>());
    let folder = path.parent().unwrap_or(root);
    if path != root && fs::create_dir_all(folder).is_ok() && fs::write(&path, content).is_ok() {
        written.insert(path);
    }
}

/// Nothing but what is hidden, litter, a package's own or a picture goes by in silence.
fn all_is_told(files: &BTreeSet<PathBuf>, found: &Collected) {
    let own = [
        Package::CODE_FILE,
        Package::QR_FILE,
        Package::RECORD_FILE,
        Package::FORM_FILE,
        "Thumbs.db",
        "desktop.ini",
    ];
    for path in files {
        let is_own = |name: &str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
        let mut names = path.iter().map(|name| name.to_string_lossy());
        let told = found.files.iter().any(|file| file.path.starts_with(path))
            || found
                .problems
                .iter()
                .any(|problem| path.starts_with(&problem.path) || problem.path.starts_with(path))
            || names.any(|name| name.starts_with('.') || is_own(&name))
            || fs::read(path).is_ok_and(|bytes| {
                Answer::parse(&bytes).is_err_and(|kind| kind == NotAnAnswer::Image)
            });
        assert!(told, "{} is not told of", path.display());
    }
}

fn what_is_found_is_as_it_lies(roots: &[PathBuf], found: &Collected) {
    let mut seen = BTreeSet::new();
    for file in &found.files {
        assert!(roots.iter().any(|root| file.path.starts_with(root)));
        assert!(seen.insert(&file.path) || !file.path.exists(), "found twice");
        let text = file.answer.expose();
        let bytes = fs::read(&file.path).ok();
        if let Some(bytes) = &bytes {
            let found = String::from_utf8_lossy(bytes);
            let found = found.strip_prefix('\u{feff}').unwrap_or(&found);
            assert_eq!(found.trim(), text);
        }
        assert!((1..=Answer::MAX_BYTES).contains(&text.len()));
        assert!(!text.contains(|c: char| c.is_control() && !"\r\n\t".contains(c)));
        assert!(
            Code::new(text.as_bytes()).is_ok(),
            "an answer that cannot be sent"
        );
        // Attachments are no files.
        assert!(bytes.is_none_or(|bytes| file.raw == Digest::of(&bytes)));
        let package = file.package.map(|index| found.packages[index].path());
        assert!(package.is_none_or(|package| file.path.starts_with(package)));
    }
}

/// A record of anybody's, exported again: inside the folder, without tricks, and read back.
fn packages_are_read_back(package: &Package, out: &Path) {
    let recorded = &package.request;
    let mut device = Device::unknown();
    device.mac = recorded.device.mac();
    device.serial = recorded.device.serial().cloned();
    device.model = package.model.as_deref().map(Into::into);
    device.firmware = package.firmware.as_deref().and_then(Firmware::new);
    device.boot_time = recorded.boot_time;
    let request = PackageRequest {
        device: &device,
        address: recorded.address,
        kind: recorded.kind,
        code: Some(CODE),
        exported_at: recorded.exported_at,
    };
    let written = Package::write(out, &request, &Contact::default()).expect("a device with a key");
    assert_eq!(written.path().parent(), Some(out));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let name = written.request.package_name();
    assert!(name.bytes().all(plain), "{name}");
    for name in [Package::RECORD_FILE, Package::FORM_FILE] {
        let text = fs::read_to_string(written.path().join(name)).expect("text");
        assert!(
            !text.contains(|c| c != '\n' && is_unprintable(c)),
            "{text:?}"
        );
    }
    let found = collect(&[out.to_owned()]);
    assert!(
        found.files.is_empty() && found.problems.is_empty(),
        "{found:?}"
    );
    assert_eq!(found.packages, [written]);
    fs::remove_dir_all(out).expect("a folder of our own");
}

/// No answer is lost, none goes to two devices, and none is the request itself.
fn what_is_matched_fits(found: Collected, explicit: Option<&DeviceKey>) {
    let mut cases = cases();
    let mut codes: Vec<_> = cases
        .iter()
        .filter_map(|case| case.request.sha256)
        .collect();
    codes.extend(
        found
            .packages
            .iter()
            .filter_map(|package| package.request.sha256),
    );
    let files: Vec<_> = found
        .files
        .iter()
        .map(|file| {
            let package = file
                .package
                .map(|index| found.packages[index].request.device.clone());
            (file.path.clone(), file.answer.digest(), package)
        })
        .collect();
    cases.reverse();
    let Assignment {
        matched, problems, ..
    } = assign(found, &cases, explicit);
    for (place, one) in matched.iter().enumerate() {
        let digest = one.answer.digest();
        assert!(!codes.contains(&digest), "a request goes out as its answer");
        for other in &matched[..place] {
            assert!(!one.target.device.is_same(&other.target.device));
            assert_ne!(digest, other.answer.digest());
        }
        let device = &one.target.device;
        assert!(explicit.is_none_or(|asked| asked.is_same(device)));
        let file = files
            .iter()
            .find(|(path, ..)| *path == one.path)
            .expect("found before");
        let package = file.2.as_ref();
        assert!(package.is_none_or(|package| package.is_same(device)));
    }
    // Of copies with one request, one is kept, and speaks for all.
    let told = |digest: &Digest| {
        let of = |path: &Path| files.iter().any(|file| file.0 == path && file.1 == *digest);
        problems.iter().any(|problem| of(&problem.path))
            || matched.iter().any(|one| one.answer.digest() == *digest)
    };
    for (path, digest, _) in &files {
        assert!(
            told(digest),
            "{} is neither matched nor told of",
            path.display()
        );
    }
}

fn cases() -> Vec<Case> {
    let ended = CaseEnded {
        how: CaseEnding::Recovered,
        at: at(7200),
    };
    let of = [
        (
            key(0x13, "DS-2CD2320D-I20180919AACHC52601815"),
            Some(CODE),
            0,
            None,
        ),
        (
            key(0x13, "DS-2CD2320D-I20180919AACHC52601815"),
            Some("other"),
            3600,
            Some(ended),
        ),
        (key(0, "TWIN-SERIAL"), Some("twin"), 0, None),
        (key(0x14, "TWIN-SERIAL-2"), None, 0, None),
    ];
    let known = of
        .into_iter()
        .zip(1..)
        .filter_map(|((device, code, second, ended), id)| {
            let device = device?;
            let package = Path::new("/requests").join(package_name(&device, at(second)));
            Some(Case {
                id: format!("{id}").parse::<CaseId>().ok()?,
                request: NewCase {
                    device,
                    address: None,
                    kind: code.map_or(RequestKind::LegacyCode, |_| RequestKind::FileOrKey),
                    command: None,
                    sha256: code.map(|code| Digest::of(code.as_bytes())),
                    boot_time: None,
                    exported_at: at(second),
                    package,
                },
                ended,
            })
        });
    known.collect()
}

fn key(last: u8, serial: &str) -> Option<DeviceKey> {
    let mac = (last > 0).then_some(MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, last]));
    DeviceKey::new(mac, Serial::new(serial))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap_or_default()
}

const CODE: &str = "code-of-the-first";

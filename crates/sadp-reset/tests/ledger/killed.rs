//! Packages and GUIDs of runs that are killed, have no room, or may not write.

#[cfg(target_os = "linux")]
use std::env;
#[cfg(unix)]
use std::process::Command;
use std::{
    fs,
    path::{Path, PathBuf},
};

use sadp_proto::Guid;
use sadp_reset::{
    Contact, Digest, Exported, GuidBytes, GuidExport, GuidRecord, Ledger, Package, PackageRequest,
    RequestKind, Vault, export_request,
};

#[cfg(unix)]
use crate::processes::copy_program;
use crate::{
    at, device, key,
    processes::{Run, say},
};

fn export(ledger: &mut Ledger, out: &Path, number: u16) -> Option<Exported> {
    let code = format!("code of {number}");
    let device = device(number);
    let request = PackageRequest {
        device: &device,
        address: None,
        kind: RequestKind::FileOrKey,
        code: Some(&code),
        exported_at: at(0),
    };
    export_request(ledger, out, &request, &Contact::default()).ok()
}

fn store(ledger: &mut Ledger, vault: &Vault, number: u16) -> Option<GuidRecord> {
    let low = number.to_be_bytes()[1];
    let guid = Guid::new(&[low; Guid::BYTES]).unwrap();
    let device = key(Some(number), None);
    let export = GuidExport {
        device: &device,
        guid: &guid,
        at: at(0),
    };
    vault.store(ledger, export, None).ok()
}

/// A child's work: exports requests and GUIDs, and says of each when it is kept.
pub(crate) fn keep(folder: &Path) {
    let mut ledger = Ledger::open(folder).unwrap();
    let vault = Vault::new(folder);
    let first = ledger.cases().unwrap().len() * 2 + 1;
    say("opened");
    for number in u16::try_from(first).unwrap().. {
        if let Some(exported) = export(&mut ledger, &folder.join("out"), number) {
            say(&format!("case {}", exported.package.request.package_name()));
        }
        if let Some(record) = store(&mut ledger, &vault, number) {
            say(&format!("guid {}", record.file_name));
        }
    }
}

/// A child's work: exports one request and one GUID into a folder that may have
/// no room, with the ledger elsewhere, and says what is left there.
pub(crate) fn keep_one(folder: &Path) {
    let state = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(state.path()).unwrap();
    let (out, vault) = (folder.join("out"), Vault::new(folder));
    let exported = export(&mut ledger, &out, 1).is_some();
    let names = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let packages = names(&out);
    let whole = packages.iter().all(|package| is_whole(package));
    let stored = store(&mut ledger, &vault, 1).is_some();
    let guids = names(&folder.join(Vault::FOLDER_NAME));
    let cases = ledger.cases().unwrap().len();
    let records = ledger.guids(None).unwrap();
    let loaded = records
        .iter()
        .all(|record| vault.load(record, None).is_ok());
    // Done is done whole, and what failed left nothing behind.
    let as_told = packages.len() == usize::from(exported)
        && cases == packages.len()
        && guids.len() == usize::from(stored)
        && records.len() == guids.len();
    say(&format!(
        "{exported} {stored} {}",
        whole && loaded && as_told
    ));
}

fn is_whole(package: &Path) -> bool {
    let Ok(read) = Package::read(package) else {
        return false;
    };
    let digest = fs::read(package.join(Package::CODE_FILE)).map(|code| Digest::of(&code));
    let rest = [Package::QR_FILE, Package::FORM_FILE];
    digest.ok() == read.request.sha256
        && rest
            .iter()
            .all(|name| fs::metadata(package.join(name)).is_ok_and(|file| file.len() > 0))
}

#[test]
fn killed_at_any_moment_all_that_was_reported_is_kept_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut said = Vec::new();
    for round in 0..24 {
        let mut victim = Run::start("keep", folder.path());
        for _ in 0..(round * 5) % 13 {
            said.extend(victim.hear());
        }
        victim.child.kill().unwrap();
        said.extend(victim.hear_all());
        drop(victim);
        let ledger = Ledger::open(folder.path()).unwrap();
        let cases = ledger.cases().unwrap();
        let guids = ledger.guids(None).unwrap();
        let vault = Vault::new(folder.path());
        for said in &said {
            let kept = match said.split_once(' ') {
                Some(("case", name)) => cases
                    .iter()
                    .any(|case| case.is_open() && case.request.package_name() == name),
                Some(("guid", name)) => guids.iter().any(|guid| guid.file_name == name),
                _ => said == "opened",
            };
            assert!(kept, "round {round}: {said}");
        }
        // Nothing is in the ledger without being on the disk,
        assert!(cases.iter().all(|case| is_whole(&case.request.package)));
        assert!(guids.iter().all(|guid| vault.load(guid, None).is_ok()));
        // and nothing that can be seen on the disk is half there.
        for entry in fs::read_dir(&out).into_iter().flatten() {
            let entry = entry.unwrap();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            assert!(
                hidden || is_whole(&entry.path()),
                "{}",
                entry.path().display()
            );
        }
        for path in vault.unrecorded(&guids).unwrap() {
            assert!(
                GuidBytes::read(&path)
                    .unwrap()
                    .guid(None)
                    .unwrap()
                    .guid
                    .is_whole()
            );
        }
    }
    assert!(said.iter().any(|said| said.starts_with("guid")), "{said:?}");
}

/// Runs [`keep_one`] on a disk of its own of so many pages and names.
#[cfg(target_os = "linux")]
fn on_a_small_disk(pages: u32, names: u32) -> Option<String> {
    let root = tempfile::tempdir().unwrap();
    let disk = format!(
        "mount -t tmpfs -o size={},nr_inodes={names} none \"$0\" && exec \"$@\"",
        pages * 4096
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", &disk])
        .arg(root.path());
    command.arg(env::current_exe().unwrap());
    Run::start_as(&mut command, "keep one", root.path()).hear()
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn a_full_disk_leaves_nothing_half_written() {
    if on_a_small_disk(100, 100).is_none() {
        eprintln!("skipped: only root can make a disk of its own");
        return;
    }
    let mut results = Vec::new();
    // One more page or name each time: every write is the first to fail once.
    for room in 1..=14 {
        for (pages, names) in [(room, 100), (100, room)] {
            let said = on_a_small_disk(pages, names).unwrap();
            assert!(
                said.ends_with(" true"),
                "{pages} pages, {names} names: {said}"
            );
            results.push(said);
        }
    }
    for expected in ["false false true", "true true true"] {
        assert!(results.iter().any(|said| said == expected), "{results:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_must_not_be_written_is_left_alone() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};
    let root = tempfile::tempdir().unwrap();
    let set_mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let test = root.path().join("test");
    copy_program(&test);
    let folder = root.path().join("protected");
    fs::create_dir(&folder).unwrap();
    let mut command = Command::new(&test);
    for path in [root.path(), &test] {
        set_mode(path, 0o755);
    }
    set_mode(&folder, 0o555);
    // Root may write everywhere, so there nobody tries.
    if fs::write(folder.join("probe"), "").is_ok() {
        fs::remove_file(folder.join("probe")).unwrap();
        command.uid(65534).gid(65534);
    }
    let said = Run::start_as(&mut command, "keep one", &folder).hear();
    assert_eq!(said.as_deref(), Some("false false true"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    set_mode(&folder, 0o755);
}

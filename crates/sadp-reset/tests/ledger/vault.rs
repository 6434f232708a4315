use std::{fs, path::Path};

use sadp_proto::{Guid, GuidError};
use sadp_reset::{
    DeviceKey, Digest, GuidBytes, GuidExport, GuidRecord, GuidStanding, GuidVoid, Ledger, Vault,
    VaultError,
};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{at, files::tamper, key, ledger};

fn guid(first: u8) -> Guid {
    let bytes: [u8; 128] =
        std::array::from_fn(|index| first.wrapping_add(u8::try_from(index).unwrap()));
    Guid::new(&bytes).unwrap()
}

fn phrase(text: &str) -> SecretString {
    SecretString::from(text)
}

/// A ledger, the vault beside it, and the folder of both. A passphrase costs
/// nothing there.
fn vault() -> (Ledger, Vault, TempDir) {
    let (ledger, folder) = ledger();
    let vault = Vault::new(folder.path()).with_work_factor(1);
    (ledger, vault, folder)
}

fn store(
    (ledger, vault): (&mut Ledger, &Vault),
    camera: u16,
    second: i64,
    passphrase: Option<&str>,
) -> Result<GuidRecord, VaultError> {
    let device = key(Some(camera), Some("NVR/1"));
    let guid = guid(u8::try_from(second).unwrap());
    let export = GuidExport {
        device: &device,
        guid: &guid,
        at: at(second),
    };
    vault.store(ledger, export, passphrase.map(phrase).as_ref())
}

#[test]
fn a_guid_is_kept_byte_for_byte() {
    let (mut ledger, vault, _folder) = vault();
    let plain = store((&mut ledger, &vault), 1, 1, None).unwrap();
    let sealed = store((&mut ledger, &vault), 1, 2, Some("open sesame")).unwrap();
    assert_eq!(plain.file_name, "NVR_1_4447cc000001_20260921T141321Z.guid");
    assert_eq!(
        sealed.file_name,
        "NVR_1_4447cc000001_20260921T141322Z.guid.age"
    );
    assert_eq!(
        fs::read_to_string(vault.path_of(&plain)).unwrap(),
        guid(1).as_str()
    );
    let file = fs::read(vault.path_of(&sealed)).unwrap();
    let guid_text = guid(2).as_str().to_owned();
    let mut parts = guid_text.as_bytes().windows(8);
    assert!(!parts.any(|own| file.windows(8).any(|part| part == own)));
    assert_eq!(
        vault.load(&plain, None).unwrap().guid.as_str(),
        guid(1).as_str()
    );
    let right = phrase("open sesame");
    assert_eq!(
        vault.load(&sealed, Some(&right)).unwrap().guid.as_str(),
        guid(2).as_str()
    );
    let read = GuidBytes::read(&vault.path_of(&sealed))
        .unwrap()
        .guid(Some(&right))
        .unwrap();
    assert_eq!(read.guid.as_str(), guid(2).as_str());
    assert_eq!(ledger.guids(None).unwrap(), [sealed, plain]);
    assert_eq!(
        vault.unrecorded(&ledger.guids(None).unwrap()).unwrap(),
        Vec::<std::path::PathBuf>::new()
    );
}

#[test]
fn whatever_a_device_gave_comes_out_as_it_went_in() {
    let (mut ledger, vault, _folder) = vault();
    let device = key(Some(1), None);
    let texts = ["odd", "not base64!", &"A".repeat(128), &"A".repeat(512)];
    for (second, text) in (1..).zip(texts) {
        for (more, phrase) in [(0, None), (100, Some(phrase("p")))] {
            let guid = Guid::from_text(text).unwrap();
            let export = GuidExport {
                device: &device,
                guid: &guid,
                at: at(second + more),
            };
            let record = vault.store(&mut ledger, export, phrase.as_ref()).unwrap();
            let loaded = vault.load(&record, phrase.as_ref()).unwrap();
            assert_eq!(loaded.guid.as_str(), text);
        }
    }
}

#[test]
fn a_raw_guid_of_an_earlier_version_is_still_read_and_known() {
    let (ledger, vault, folder) = vault();
    drop(ledger);
    let raw: [u8; 128] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    fs::create_dir(vault.folder()).unwrap();
    fs::write(vault.folder().join("old.guid"), raw).unwrap();
    let sha256 = Digest::of(&raw);
    let mac = key(Some(1), None).mac().unwrap();
    let insert = format!(
        "INSERT INTO guids (mac, file_name, sha256, encrypted, exported_at)
         VALUES ('{mac}', 'old.guid', '{sha256}', 0, 1)"
    );
    tamper(folder.path(), &insert);
    let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let record = ledger.guids(None).unwrap().remove(0);
    let kept = vault.load(&record, None).unwrap();
    assert_eq!(kept.guid, Guid::new(&raw).unwrap());
    let copy = folder.path().join("copy.txt");
    fs::write(&copy, kept.guid.as_str()).unwrap();
    let copy = GuidBytes::read(&copy).unwrap().guid(None).unwrap();
    let standing = ledger.guid_standing(&record.device, &copy).unwrap();
    assert_eq!(standing, GuidStanding::Valid(record.id));
}

#[test]
fn without_the_passphrase_it_stays_shut() {
    let (mut ledger, vault, _folder) = vault();
    let sealed = store((&mut ledger, &vault), 1, 1, Some("open sesame")).unwrap();
    let none = vault.load(&sealed, None).unwrap_err();
    assert!(
        matches!(none, VaultError::PassphraseNeeded { .. }),
        "{none}"
    );
    let wrong = vault.load(&sealed, Some(&phrase("sesame"))).unwrap_err();
    assert!(
        matches!(wrong, VaultError::WrongPassphrase { .. }),
        "{wrong}"
    );
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let (mut ledger, vault, _folder) = vault();
    let right = phrase("p");
    for (second, passphrase) in [(1, None), (2, Some("p"))] {
        let record = store((&mut ledger, &vault), 1, second, passphrase).unwrap();
        let path = vault.path_of(&record);
        let whole = fs::read(&path).unwrap();
        let mut altered = whole.clone();
        altered[100] ^= 1;
        for damaged in [
            &whole[..60],
            &altered,
            &[],
            &[&whole[..], b"\n"].concat(),
            &[0; 5000],
        ] {
            fs::write(&path, damaged).unwrap();
            let error = vault.load(&record, Some(&right)).unwrap_err();
            assert!(matches!(error, VaultError::Changed { .. }), "{error}");
        }
        // From anywhere, it is known by its form.
        fs::write(&path, &whole[..60]).unwrap();
        let error = GuidBytes::read(&path)
            .unwrap()
            .guid(Some(&right))
            .unwrap_err();
        let expected = matches!(
            error,
            VaultError::Open { .. }
                | VaultError::NotAGuid {
                    source: GuidError::Length(60),
                    ..
                }
        );
        assert!(expected, "{error}");
        fs::remove_file(&path).unwrap();
        let error = vault.load(&record, Some(&right)).unwrap_err();
        assert!(matches!(error, VaultError::Missing { .. }), "{error}");
    }
}

/// The latest GUID of a device that is not void.
fn newest(ledger: &Ledger, device: &DeviceKey) -> Option<GuidRecord> {
    let mut all = ledger.guids(Some(device)).unwrap().into_iter();
    all.find(|record| record.void.is_none())
}

#[test]
fn the_newest_one_that_is_not_void_is_picked() {
    let (mut ledger, vault, _folder) = vault();
    for (camera, second) in [(1, 1), (1, 2), (2, 3)] {
        store((&mut ledger, &vault), camera, second, None).unwrap();
    }
    let recorder = key(Some(1), None);
    let newest = |ledger: &Ledger| newest(ledger, &recorder).map(|record| record.exported_at);
    assert_eq!(newest(&ledger), Some(at(2)));
    assert_eq!(
        ledger.void_guids(&recorder, GuidVoid::Used, at(2)).unwrap(),
        2
    );
    assert_eq!(newest(&ledger), None);
    let again = ledger.void_guids(&recorder, GuidVoid::PasswordChanged, at(9));
    assert_eq!(again.unwrap(), 0);
    store((&mut ledger, &vault), 1, 4, None).unwrap();
    assert_eq!(newest(&ledger), Some(at(4)));
    let all = ledger.guids(Some(&recorder)).unwrap();
    let void: Vec<_> = all.iter().map(|record| record.void).collect();
    let used = Some((GuidVoid::Used, at(2)));
    assert_eq!(void, [None, used, used]);
    assert_eq!(ledger.guids(None).unwrap().len(), 4);
    let others = ledger.guids(Some(&key(Some(2), None))).unwrap();
    assert_eq!(others[0].void, None);
}

#[test]
fn one_guid_becomes_void_alone() {
    let (mut ledger, vault, _folder) = vault();
    let first = store((&mut ledger, &vault), 1, 1, None).unwrap();
    let second = store((&mut ledger, &vault), 1, 2, None).unwrap();
    ledger
        .void_guid(second.id, GuidVoid::Invalid, at(3))
        .unwrap();
    let newest = newest(&ledger, &key(Some(1), None));
    assert_eq!(newest.map(|record| record.id), Some(first.id));
    // What is void already stays as it is.
    ledger.void_guid(second.id, GuidVoid::Used, at(4)).unwrap();
    let all = ledger.guids(None).unwrap();
    let void = all.iter().find(|record| record.id == second.id);
    let void = void.and_then(|record| record.void);
    assert_eq!(void, Some((GuidVoid::Invalid, at(3))));
}

#[test]
fn a_file_is_never_replaced_and_stays_where_the_ledger_fails() {
    let (mut ledger, vault, folder) = vault();
    let record = store((&mut ledger, &vault), 1, 1, None).unwrap();
    let again = store((&mut ledger, &vault), 1, 1, None).unwrap_err();
    assert!(matches!(again, VaultError::File { .. }), "{again}");
    assert_eq!(
        vault.load(&record, None).unwrap().guid.as_str(),
        guid(1).as_str()
    );
    let mut reader = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let error = store((&mut reader, &vault), 1, 2, None).unwrap_err();
    let VaultError::Ledger { path, .. } = &error else {
        panic!("{error}")
    };
    let unrecorded = vault.unrecorded(&ledger.guids(None).unwrap()).unwrap();
    assert_eq!(unrecorded, std::slice::from_ref(path));
    assert_eq!(
        GuidBytes::read(path)
            .unwrap()
            .guid(None)
            .unwrap()
            .guid
            .as_str(),
        guid(2).as_str()
    );
}

/// Files that lie in vaults have to open for as long as there are recorders.
#[test]
fn files_of_earlier_versions_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vault");
    let expected: [u8; 128] = std::array::from_fn(|index| u8::try_from(index * 2 + 1).unwrap());
    for (name, passphrase) in [
        ("raw.guid", None),
        ("base64.guid", None),
        ("sealed.guid.age", Some("passphrase")),
    ] {
        let read = GuidBytes::read(&folder.join(name))
            .unwrap()
            .guid(passphrase.map(phrase).as_ref());
        let guid = read.unwrap().guid;
        assert_eq!(guid, Guid::new(&expected).unwrap(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let (mut ledger, vault, folder) = vault();
    let record = store((&mut ledger, &vault), 1, 1, None).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&vault.path_of(&record)), 0o600);
    assert_eq!(mode(&folder.path().join(Vault::FOLDER_NAME)), 0o700);
}

#[test]
fn an_empty_vault_lists_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path());
    assert!(vault.unrecorded(&[]).unwrap().is_empty());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_a_killed_run_left_is_cleared_away_by_the_next_of_that_device() {
    let (mut ledger, vault, _folder) = vault();
    let mut leave = |camera| {
        let record = store((&mut ledger, &vault), camera, 1, None).unwrap();
        let part = vault
            .folder()
            .join(format!(".{}.77.part", record.file_name));
        fs::rename(vault.path_of(&record), &part).unwrap();
        let long_ago = std::time::SystemTime::from(at(0));
        let file = fs::File::options().write(true).open(&part).unwrap();
        file.set_modified(long_ago).unwrap();
        part
    };
    let (one, other) = (leave(1), leave(2));
    let record = store((&mut ledger, &vault), 1, 2, None).unwrap();
    assert!(vault.path_of(&record).exists() && other.exists());
    assert!(!one.exists());
}

//! GUID files: as they come, in base64, and encrypted; then kept, changed, and taken out.

#![no_main]

use std::{fs, path::Path};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use sadp_model::Serial;
use sadp_proto::Guid;
use sadp_reset::{
    DeviceKey, GuidBytes, GuidExport, GuidFile, GuidStanding, Ledger, Vault, VaultError,
};
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    let Ok(state) = tempfile::tempdir() else {
        return;
    };
    let file = state.path().join("given");
    if fs::write(&file, bytes).is_err() {
        return;
    }
    let is_sealed = bytes.starts_with(b"age-encryption.org/");
    let phrase = SecretString::from("passphrase");
    let phrase = (!is_sealed || is_cheap(bytes)).then_some(&phrase);
    let read = GuidBytes::read(&file).map_err(VaultError::from).and_then(|it| it.guid(phrase));
    if is_sealed && bytes.len() <= MAX_BYTES && phrase.is_none() {
        assert!(matches!(read, Err(VaultError::PassphraseNeeded { .. })));
    }
    let Ok(GuidFile { guid, .. }) = read else {
        return;
    };
    assert!(bytes.len() <= MAX_BYTES);
    if !is_sealed {
        let raw = guid.to_bytes().expect("base64");
        assert!(raw.len() >= Guid::BYTES, "too short to be whole");
        assert!(bytes.starts_with(&raw) || bytes.trim_ascii() == guid.as_str().as_bytes());
    }
    is_kept_whole(state.path(), &guid, bytes);
});

/// What was put into the vault comes out again; what was changed since does not. Whatever the
/// device is called, its file lies in the vault.
fn is_kept_whole(state: &Path, guid: &Guid, bytes: &[u8]) {
    let mut ledger = Ledger::open(state).expect("a new ledger");
    let vault = Vault::new(state).with_work_factor(1);
    let serial = String::from_utf8_lossy(bytes);
    let Some(device) = DeviceKey::new(None, Serial::new(&serial)) else {
        return;
    };
    let phrase = SecretString::from("another");
    for (second, phrase) in [(0, None), (1, Some(&phrase))] {
        let export = GuidExport {
            device: &device,
            guid,
            at: Timestamp::from_second(second).unwrap_or_default(),
        };
        let record = vault
            .store(&mut ledger, export, phrase)
            .expect("a new file");
        let path = vault.path_of(&record);
        assert_eq!(path.parent(), Some(vault.folder()));
        assert_eq!(
            ledger.guids(Some(&device)).map(|all| all[0].clone()).ok(),
            Some(record.clone())
        );
        let out = vault.load(&record, phrase).expect("what was put in");
        assert_eq!(&out.guid, guid);
        let again = GuidBytes::read(&path).expect("a short file");
        let again = again.guid(phrase).expect("what was put in");
        assert_eq!(&again.guid, guid);
        assert_eq!(
            ledger.guid_standing(&device, &again).ok(),
            Some(GuidStanding::Valid(record.id))
        );
        let stored = fs::read(&path).expect("what was put in");
        assert!(phrase.is_some() || stored == guid.as_str().as_bytes());
        let spoilt = [&bytes[..bytes.len() / 2], &stored[1..]].concat();
        for other in [bytes, &spoilt, &stored[1..]] {
            fs::write(&path, other).expect("a file of our own");
            let changed = matches!(vault.load(&record, phrase), Err(VaultError::Changed { .. }));
            assert!(changed || other == stored);
        }
    }
    assert_eq!(
        vault
            .unrecorded(&ledger.guids(None).expect("a ledger"))
            .expect("a folder"),
        [""; 0].map(Into::into) as [std::path::PathBuf; 0]
    );
}

/// Whether a passphrase costs next to nothing to try: what scrypt costs is the file's to say,
/// up to 4 GiB.
fn is_cheap(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut costs = text.match_indices("scrypt").map(|(at, _)| {
        let line = text[at..].lines().next().unwrap_or_default();
        line.split(' ')
            .nth(2)
            .and_then(|cost| cost.parse::<u8>().ok())
    });
    costs.all(|cost| cost.is_some_and(|cost| cost <= 4))
}

/// The longest GUID file that is read.
const MAX_BYTES: usize = 4096;

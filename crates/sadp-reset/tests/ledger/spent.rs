use std::fs;

use sadp_proto::Guid;
use sadp_reset::{
    Digest, GuidBytes, GuidExport, GuidFile, GuidRecord, GuidStanding, GuidVoid, Ledger, Vault,
};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{at, key, ledger};

fn guid(filling: u8) -> Guid {
    Guid::new(&[filling; Guid::BYTES]).unwrap()
}

/// A file with this GUID that nothing but its content tells of.
fn file(filling: u8) -> GuidFile {
    let guid = guid(filling);
    let sha256 = Digest::of_guid(&guid);
    GuidFile { guid, sha256 }
}

/// What is done to the ledger, second by second.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A camera exports a GUID.
    Export { camera: u16, filling: u8 },
    /// A camera is given a GUID of any origin.
    Spend {
        camera: u16,
        filling: u8,
        why: GuidVoid,
    },
    /// A camera has another password.
    Change { camera: u16 },
}

fn play(steps: &[Step]) -> (Ledger, Vec<GuidRecord>, TempDir) {
    let (mut ledger, folder) = ledger();
    let vault = Vault::new(folder.path());
    let mut records = Vec::new();
    for (second, &step) in (1..).zip(steps) {
        let device = |camera| key(Some(camera), None);
        match step {
            Step::Export { camera, filling } => {
                let export = GuidExport {
                    device: &device(camera),
                    guid: &guid(filling),
                    at: at(second),
                };
                records.push(vault.store(&mut ledger, export, None).unwrap());
            }
            Step::Spend {
                camera,
                filling,
                why,
            } => {
                let digest = Digest::of_guid(&guid(filling));
                let spent = ledger.spend_guid(&device(camera), digest, why, at(second));
                spent.unwrap();
            }
            Step::Change { camera } => {
                let why = GuidVoid::PasswordChanged;
                ledger.void_guids(&device(camera), why, at(second)).unwrap();
            }
        }
    }
    (ledger, records, folder)
}

#[test]
fn the_latest_word_on_a_guid_counts() {
    use GuidVoid::{Invalid, PasswordChanged, Used};
    let own = Step::Export {
        camera: 1,
        filling: 7,
    };
    let other = Step::Export {
        camera: 2,
        filling: 7,
    };
    let another = Step::Export {
        camera: 1,
        filling: 8,
    };
    let change = Step::Change { camera: 1 };
    let spend = |camera, why| Step::Spend {
        camera,
        filling: 7,
        why,
    };
    let void = |why, second| GuidStanding::Void(why, at(second));
    // Valid: by the place of its record among those exported.
    let cases: [(&[Step], Result<usize, GuidStanding>); 12] = [
        (&[], Err(GuidStanding::Unknown)),
        (&[another], Err(GuidStanding::Unknown)),
        (&[own], Ok(0)),
        (&[other, own], Ok(1)),
        (&[other], Err(GuidStanding::OfAnother(key(Some(2), None)))),
        (&[own, change], Err(void(PasswordChanged, 2))),
        (&[own, change, own], Ok(1)),
        (&[spend(1, Invalid)], Err(void(Invalid, 1))),
        (&[spend(2, Invalid)], Err(GuidStanding::Unknown)),
        (&[own, spend(1, Used), change], Err(void(Used, 2))),
        (&[own, own, spend(1, Used)], Err(void(Used, 3))),
        (&[own, spend(1, Invalid), own], Ok(1)),
    ];
    for (steps, expected) in cases {
        let (ledger, records, _folder) = play(steps);
        let standing = ledger.guid_standing(&key(Some(1), Some("NVR/1")), &file(7));
        let expected = match expected {
            Ok(place) => GuidStanding::Valid(records[place].id),
            Err(standing) => standing,
        };
        assert_eq!(standing.unwrap(), expected, "{steps:?}");
    }
}

#[test]
fn copies_are_known_by_what_is_in_them() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let (mut ledger, folder) = ledger();
    let vault = Vault::new(folder.path()).with_work_factor(1);
    let device = key(Some(1), None);
    let phrase = SecretString::from("open sesame");
    let mut store = |second, filling, phrase| {
        let export = GuidExport {
            device: &device,
            guid: &guid(filling),
            at: at(second),
        };
        vault.store(&mut ledger, export, phrase).unwrap()
    };
    let plain = store(1, 7, None);
    let sealed = store(2, 8, Some(&phrase));
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        GuidBytes::read(&path).unwrap().guid(Some(&phrase)).unwrap()
    };
    let raw = put("raw", &[7; Guid::BYTES]);
    let text = put("text", BASE64_STANDARD.encode([7; Guid::BYTES]).as_bytes());
    let copy = put("copy", &fs::read(vault.path_of(&sealed)).unwrap());
    let opened = put("opened", &[8; Guid::BYTES]);
    let standing = |ledger: &Ledger, file| ledger.guid_standing(&device, file).unwrap();
    for (file, expected) in [
        (&raw, GuidStanding::Valid(plain.id)),
        (&text, GuidStanding::Valid(plain.id)),
        (&copy, GuidStanding::Valid(sealed.id)),
        (&opened, GuidStanding::Unknown),
    ] {
        assert_eq!(standing(&ledger, file), expected);
    }
    let digest = Digest::of_guid(&copy.guid);
    ledger
        .spend_guid(&device, digest, GuidVoid::Used, at(3))
        .unwrap();
    for file in [&copy, &opened] {
        let used = GuidStanding::Void(GuidVoid::Used, at(3));
        assert_eq!(standing(&ledger, file), used, "in whatever file");
    }
}

//! A ledger of a stranger's: any SQLite file, or ours with any rows in it, bytes overwritten,
//! and a log beside it. Read, written, and never taken for more than it is.

#![no_main]

use std::{
    fs,
    path::{Component, Path},
    sync::LazyLock,
};

use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary, Unstructured},
    fuzz_target,
};
use rusqlite::{Connection, config::DbConfig, params_from_iter, types};
use sadp_model::{Device, DeviceRecord, MacAddr, Serial, State};
use sadp_proto::Guid;
use sadp_reset::{
    Action, Attempt, AttemptFilter, AttemptResult, AttemptVerdict, DeviceKey, Digest, GuidFile,
    GuidStanding, GuidVoid, Ledger, LedgerError, NewCase, RefusalWord, RequestFacts, RequestKind,
    Vault,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(state) = tempfile::tempdir() else {
        return;
    };
    let state = state.path();
    let tampered = if bytes.starts_with(b"SQLite format 3\0") {
        fs::write(state.join(Ledger::FILE_NAME), bytes)
            .is_ok()
            .then(Tampered::default)
    } else {
        let tampered = Tampered::arbitrary(&mut Unstructured::new(bytes)).ok();
        tampered.filter(|tampered| tampered.lay_out(state).is_ok())
    };
    let Some(tampered) = tampered else {
        return;
    };
    let vault = Vault::new(state);
    let _ = fs::create_dir(vault.folder());
    for path in [vault.folder().join("inside"), state.join("outside")] {
        fs::write(path, GUID).expect("a folder of our own");
    }
    is_read(state, &vault, &tampered);
    is_written(state, &tampered);
    assert!(state.join(Ledger::FILE_NAME).exists());
});

/// What a stranger did to a ledger of ours.
#[derive(Arbitrary, Debug, Default)]
struct Tampered {
    rows: Vec<Row>,
    hits: Vec<(u16, [u8; 4])>,
    cut: Option<u16>,
    log: Option<(bool, Vec<u8>)>,
}

#[derive(Arbitrary, Debug)]
enum Row {
    Lock([Value; 4]),
    Tries([Value; 4]),
    Attempt(Box<[Value; 12]>),
    Case(Box<[Value; 13]>),
    Guid(Box<[Value; 9]>),
    Spent([Value; 5]),
}

#[derive(Arbitrary, Debug)]
enum Value {
    Null,
    Integer(i64),
    /// A number of seconds near the tests' own time.
    Near(i16),
    Real(f64),
    Text(String),
    /// Text that may be no UTF-8.
    Bytes(Vec<u8>),
    /// A word of ours, so that a row is read to its end.
    Known(u8),
}

impl Tampered {
    /// Whether only what stands in the rows is not ours.
    fn is_sound(&self) -> bool {
        self.hits.is_empty() && self.cut.is_none() && self.log.is_none()
    }

    fn lay_out(&self, state: &Path) -> rusqlite::Result<()> {
        let file = state.join(Ledger::FILE_NAME);
        fs::write(&file, &*LEDGER).expect("a folder of our own");
        self.insert(&Connection::open(&file)?)?;
        let mut bytes = fs::read(&file).expect("a file of our own");
        for (at, noise) in &self.hits {
            if let Some(hit) = bytes.get_mut(usize::from(*at)..usize::from(*at) + noise.len()) {
                hit.copy_from_slice(noise);
            }
        }
        bytes.truncate(self.cut.map_or(usize::MAX, usize::from));
        fs::write(&file, bytes).expect("a file of our own");
        if let Some((ahead, bytes)) = &self.log {
            let ending = if *ahead { "-wal" } else { "-journal" };
            let beside = state.join(format!("{}{ending}", Ledger::FILE_NAME));
            fs::write(beside, bytes).expect("a folder of our own");
        }
        Ok(())
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.pragma_update(None, "ignore_check_constraints", true)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        for row in &self.rows {
            let (table, values): (_, &[Value]) = match row {
                Row::Lock(values) => ("locks", values),
                Row::Tries(values) => ("tries", values),
                Row::Attempt(values) => ("attempts", &**values),
                Row::Case(values) => ("cases", &**values),
                Row::Guid(values) => ("guids", &**values),
                Row::Spent(values) => ("spent_guids", values),
            };
            let places: Vec<_> = values.iter().map(Value::place).collect();
            let sql = format!(
                "INSERT OR IGNORE INTO {table} VALUES ({})",
                places.join(", ")
            );
            // A column refuses what is not of its type: nobody can put it there.
            let _ = connection.execute(&sql, params_from_iter(values.iter().map(Value::bound)));
        }
        Ok(())
    }
}

impl Value {
    const fn place(&self) -> &'static str {
        match self {
            Self::Bytes(_) => "CAST(? AS TEXT)",
            _ => "?",
        }
    }

    fn bound(&self) -> types::Value {
        match self {
            Self::Null => types::Value::Null,
            Self::Integer(number) => (*number).into(),
            Self::Near(seconds) => (at(0).as_second() + i64::from(*seconds)).into(),
            Self::Real(number) => (*number).into(),
            Self::Text(text) => text.clone().into(),
            Self::Bytes(bytes) => bytes.clone().into(),
            Self::Known(place) => KNOWN[usize::from(*place) % KNOWN.len()].clone().into(),
        }
    }
}

fn is_read(state: &Path, vault: &Vault, tampered: &Tampered) {
    let file = state.join(Ledger::FILE_NAME);
    let before = fs::read(&file).unwrap_or_default();
    let ledger = match Ledger::open_existing(state) {
        Ok(Some(ledger)) => ledger,
        Ok(None) => return,
        Err(error) => {
            let after = fs::read(&file).unwrap_or_default();
            assert!(
                tampered.log.is_some() || before == after,
                "not left as it is"
            );
            assert!(
                !tampered.is_sound() || tampered.rows.is_empty() || is_damage(&error),
                "{error:?}"
            );
            return;
        }
    };
    attempts_are_bounded(&ledger);
    cases_are_judged(&ledger);
    locks_are_ahead(&ledger);
    for record in ledger.guids(None).unwrap_or_default() {
        if let Ok(file) = vault.load(&record, None) {
            assert_eq!(file.guid, guid().guid);
            let mut parts = Path::new(&record.file_name).components();
            assert!(matches!(parts.next(), Some(Component::Normal(_))) && parts.next().is_none());
        }
    }
}

fn attempts_are_bounded(ledger: &Ledger) {
    let all = ledger
        .attempts(&AttemptFilter::default())
        .unwrap_or_default();
    assert!(all.is_sorted_by(|later, earlier| later.id > earlier.id));
    for one in &all {
        let word = one
            .verdict
            .as_ref()
            .and_then(|verdict| verdict.refusal.as_ref());
        let word = word.map_or(RefusalWord::UNUSUAL, RefusalWord::as_str);
        let is_plain = word.bytes().all(|byte| byte.is_ascii_alphabetic());
        assert!(word == RefusalWord::UNUSUAL || (is_plain && word.len() <= RefusalWord::MAX_BYTES));
    }
    let filter = AttemptFilter {
        device: Some(camera()),
        since: Some(at(-100)),
        limit: Some(3),
        ..AttemptFilter::default()
    };
    let some = ledger.attempts(&filter).unwrap_or_default();
    assert!(some.len() <= 3);
    for one in some {
        assert!(one.attempt.at >= at(-100));
        assert!(
            one.attempt
                .device
                .is_some_and(|device| device.is_same(&camera()))
        );
    }
}

fn cases_are_judged(ledger: &Ledger) {
    let all = ledger.cases().unwrap_or_default();
    assert!(all.is_sorted_by(|later, earlier| later.id > earlier.id));
    for case in &all {
        let judged = RequestFacts::of(case, &all).judge(at(0), None);
        assert!(case.is_open() || judged.stops_import());
        assert_eq!(
            Path::new(&case.request.package_name())
                .components()
                .count()
                .max(1),
            1
        );
    }
    for case in all {
        if let Ok(Some(alone)) = ledger.case(case.id) {
            assert_eq!(alone.id, case.id);
        }
    }
}

fn locks_are_ahead(ledger: &Ledger) {
    let all = ledger.locks(at(0)).unwrap_or_default();
    assert!(all.is_sorted_by_key(|lock| lock.until));
    assert!(all.iter().all(|lock| lock.until > at(0)));
    assert!(lock_of(ledger, &camera()).is_none_or(|until| until > at(0)));
    let _ = ledger.tries_left(&camera(), at(0));
    let _ = ledger.is_ahead_of(at(0));
}

/// When the lock of a device ends, as a scan shows it.
fn lock_of(ledger: &Ledger, key: &DeviceKey) -> Option<Timestamp> {
    let mut device = Device::unknown();
    device.mac = key.mac();
    device.serial = key.serial().cloned();
    let mut entries = [DeviceRecord::unseen(device)];
    let _ = ledger.apply_locks(&mut entries, at(0));
    match entries[0].device.state {
        Some(State::Locked { until }) => Some(until),
        _ => None,
    }
}

/// What is written into it is there afterwards, or the call says that it is not.
fn is_written(state: &Path, tampered: &Tampered) {
    let Ok(mut ledger) = Ledger::open(state) else {
        return;
    };
    attempt_is_kept(&mut ledger, tampered);
    case_is_kept(&mut ledger, tampered);
    let until = at(0) + SignedDuration::from_mins(30);
    let _ = ledger.follow_clock(at(0));
    let _ = ledger.remember_tries(&camera(), 3, at(0));
    if ledger.remember_lock(&stranger(), until, at(0)).is_ok()
        && tampered.is_sound()
        && ledger.locks(at(0)).is_ok()
    {
        assert_eq!(lock_of(&ledger, &stranger()), Some(until));
        assert!(!ledger.is_ahead_of(at(0)).unwrap_or_default());
    }
    if ledger.forget_lock(&camera()).is_ok() && tampered.is_sound() {
        assert_eq!(lock_of(&ledger, &camera()), None);
        assert_eq!(ledger.tries_left(&camera(), at(0)).ok(), Some(None));
    }
    if ledger
        .void_guids(&camera(), GuidVoid::Used, at(i64::from(i32::MAX)))
        .is_ok()
        && let Ok(all) = ledger.guids(Some(&camera()))
        && tampered.is_sound()
    {
        assert!(all.iter().all(|guid| guid.void.is_some()));
    }
    let digest = Digest::of_guid(&guid().guid);
    if ledger
        .spend_guid(&camera(), digest, GuidVoid::Used, at(0))
        .is_ok()
        && let Ok(standing) = ledger.guid_standing(&camera(), &guid())
        && tampered.is_sound()
    {
        // Rows of another's may tell of a later export.
        let known = matches!(standing, GuidStanding::Void(..) | GuidStanding::Valid(_));
        assert!(known, "{standing:?}");
    }
}

fn attempt_is_kept(ledger: &mut Ledger, tampered: &Tampered) {
    let attempt = Attempt {
        device: Some(stranger()),
        address: None,
        action: Action::Activate,
        at: at(0),
    };
    let verdict = AttemptVerdict {
        result: AttemptResult::Refused,
        refusal: Some(RefusalWord::new("PasswordError")),
        number: Some(2024),
        tries_left: Some(3),
        lock_minutes: None,
        at: at(1),
    };
    let Ok(id) = ledger.begin(&attempt) else {
        return;
    };
    let finished = ledger.finish(id, &verdict);
    if !tampered.is_sound() {
        return;
    }
    finished.expect("an attempt that was just begun");
    let again = ledger.finish(id, &verdict);
    assert!(
        matches!(again, Err(LedgerError::NotWaiting { .. })),
        "finished twice"
    );
    let filter = AttemptFilter {
        limit: Some(1),
        ..AttemptFilter::default()
    };
    let last = ledger.attempts(&filter).expect("our own row").remove(0);
    assert_eq!(
        (last.id, last.attempt, last.verdict),
        (id, attempt, Some(verdict))
    );
}

fn case_is_kept(ledger: &mut Ledger, tampered: &Tampered) {
    let case = NewCase {
        device: camera(),
        address: None,
        kind: RequestKind::File,
        command: None,
        sha256: Some(Digest::of(b"code")),
        boot_time: None,
        exported_at: at(0),
        package: "/requests/one".into(),
    };
    let Ok(opened) = ledger.open_case(&case) else {
        return;
    };
    if let Ok(all) = ledger.cases()
        && tampered.is_sound()
    {
        let open: Vec<_> = all
            .into_iter()
            .filter(|case| case.is_open() && case.request.device.is_same(&camera()))
            .map(|case| (case.id, case.request))
            .collect();
        assert_eq!(open, [(opened.id, case)], "one open case a device");
    }
}

fn is_damage(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Damaged { .. })
}

/// A device that the rows know.
fn camera() -> DeviceKey {
    let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]);
    DeviceKey::new(Some(mac), Serial::new("S1")).expect("a serial")
}

/// One that they do not.
fn stranger() -> DeviceKey {
    let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 0x99]);
    DeviceKey::new(Some(mac), None).expect("a MAC")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap_or_default()
}

const GUID: &[u8] = &[7; 128];

/// The GUID in a file of our own.
fn guid() -> GuidFile {
    let guid = Guid::new(GUID).expect("as long as it has to be");
    let sha256 = Digest::of(GUID);
    GuidFile { guid, sha256 }
}

/// A ledger as we leave it.
static LEDGER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let state = tempfile::tempdir().expect("a temporary folder");
    drop(Ledger::open(state.path()).expect("a new ledger"));
    fs::read(state.path().join(Ledger::FILE_NAME)).expect("a new ledger")
});

static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = [
        "44:47:cc:00:00:01",
        "44:47:cc:00:00:02",
        "00:00:00:00:00:00",
        "S1",
        "S2",
        "10.0.0.5",
        "inside",
        "../outside",
        "guid/../inside",
        "2026-09-18T09:21:28",
        "/requests/one",
        "one",
        "PasswordError",
        "getcode",
        "getencryptstring",
    ];
    let digests = [Digest::of(GUID), Digest::of(b"code")].map(|digest| digest.to_string());
    let words = words.map(str::to_owned).into_iter().chain(digests);
    let names = Action::ALL.iter().map(|action| action.name());
    let names = names.chain(AttemptResult::ALL.iter().map(|outcome| outcome.name()));
    let names = names.chain(RequestKind::ALL.iter().map(|kind| kind.name()));
    let names = names.chain(GuidVoid::ALL.iter().map(|why| why.name()));
    let names = names.chain(["recovered", "spent", "superseded", "forgotten"]);
    words.chain(names.map(str::to_owned)).collect()
});

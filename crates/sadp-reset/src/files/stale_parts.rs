//! Removes temporary files of runs that were killed while they wrote.

use std::{
    ffi::OsStr,
    fs::{self, Metadata},
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use super::name::device_name;
use crate::{DeviceKey, disk::parent};

/// Deletes older temporary files and folders of this device beside one that was just
/// written: only a device's latest request or GUID counts. Deletes only names that
/// this library makes (a dot, the name, an ending), that are older than an hour by
/// the clock of that disk, so that no running process owns them. A folder is deleted
/// only where all its files are among `own`. What cannot be deleted stays.
pub(crate) fn clear(written: &Path, device: &DeviceKey, own: &[&str]) {
    let whole = fs::symlink_metadata(written).and_then(|meta| meta.modified());
    let (Ok(now), Ok(entries)) = (whole, fs::read_dir(parent(written))) else {
        return;
    };
    let device = device_name(device);
    for entry in entries.flatten() {
        if !is_part(&entry.file_name(), &device) {
            continue;
        }
        let path = entry.path();
        let Some(meta) = fs::symlink_metadata(&path)
            .ok()
            .filter(|it| is_old(it, now))
        else {
            continue;
        };
        // An error is ignored: the next export tries again.
        let _ = if meta.is_dir() {
            remove_package(&path, own)
        } else if meta.is_file() {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
    }
}

/// Whether this is the name of an unfinished file or package of this device:
/// `.DEVICE_TIME.PID.part`, with `.guid` or `.guid.age` after the time.
fn is_part(name: &OsStr, device: &str) -> bool {
    parts(name, device).is_some_and(|(time, ending, process)| {
        let mut pairs = time.bytes().zip(TIME.bytes());
        ["", ".guid", ".guid.age"].contains(&ending)
            && !process.is_empty()
            && process.bytes().all(|byte| byte.is_ascii_digit())
            && pairs.all(|(byte, like)| byte == like || like == b'0' && byte.is_ascii_digit())
    })
}

/// Splits a name into time, ending and process number.
fn parts<'a>(name: &'a OsStr, device: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let name = name.to_str()?.strip_prefix('.')?;
    let rest = name.strip_prefix(device)?.strip_prefix('_')?;
    let (rest, process) = rest.strip_suffix(".part")?.rsplit_once('.')?;
    let (time, ending) = rest.split_at_checked(TIME.len())?;
    Some((time, ending, process))
}

const TIME: &str = "00000000T000000Z";

fn is_old(meta: &Metadata, now: SystemTime) -> bool {
    let modified = meta.modified().ok();
    let age = modified.and_then(|modified| now.duration_since(modified).ok());
    age.is_some_and(|age| age > AGE)
}

const AGE: Duration = Duration::from_hours(1);

/// Removes an unfinished package, unless it holds any other file than `own`.
fn remove_package(folder: &Path, own: &[&str]) -> io::Result<()> {
    let names: io::Result<Vec<_>> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect();
    let names = names?;
    if !names.iter().all(|name| own.iter().any(|own| name == own)) {
        return Ok(());
    }
    for name in names {
        fs::remove_file(folder.join(name))?;
    }
    fs::remove_dir(folder)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::{Package, device_key::testing::key};

    const DEVICE: &str = "S-1_4447cc1d6d01";
    const WHOLE: &str = "S-1_4447cc1d6d01_20261122T204107Z";

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }

    fn make(path: &Path, files: &[&str], age: Duration) {
        if files.is_empty() {
            fs::write(path, "a part").unwrap();
        } else {
            fs::create_dir(path).unwrap();
            for name in files {
                fs::write(path.join(name), "a part").unwrap();
            }
        }
        let modified = now().checked_sub(age).unwrap();
        File::open(path).unwrap().set_modified(modified).unwrap();
    }

    fn part(time: &str) -> String {
        format!(".{DEVICE}_{time}.77.part")
    }

    #[test]
    fn only_old_parts_of_the_same_device_are_cleared_away() {
        const DAY: Duration = Duration::from_hours(24);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let gone = [
            (part("20261120T010203Z"), &Package::FILES[..]),
            (part("20261120T010204Z"), &Package::FILES[..1]),
            (part("20261120T010205Z.guid"), &[]),
            (part("20261120T010206Z.guid.age"), &[]),
        ];
        let kept = [
            (WHOLE.to_owned(), &Package::FILES[..]),
            (format!("{DEVICE}_20261120T010203Z"), &Package::FILES[..]),
            (part("20261120T010207Z").replace("S-1", "S-2"), &[]),
            (part("20261120T010208Z").replace(".77", ".7a"), &[]),
            (part("20261120T010209Z").replace(".77", ""), &[]),
            (part("2026-11-20T010203Z"), &[]),
            (part("20261120T010210Z.png"), &[]),
            (part("20261120T010211Z").replace(".part", ".parts"), &[]),
            (part("20261120T010212Z"), &["photo.jpg", Package::FORM_FILE]),
        ];
        for (name, files) in &gone {
            make(&folder.join(name), files, DAY);
        }
        for (name, files) in &kept {
            make(&folder.join(name), files, DAY);
        }
        let young = part("20261122T204106Z");
        make(
            &folder.join(&young),
            &Package::FILES,
            Duration::from_mins(59),
        );
        let newer = part("20261122T204108Z");
        make(&folder.join(&newer), &Package::FILES, Duration::ZERO);
        File::open(folder.join(WHOLE))
            .unwrap()
            .set_modified(now())
            .unwrap();
        clear(&folder.join(WHOLE), &key(1, "S-1"), &Package::FILES);
        let mut left: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut expected: Vec<_> = kept.into_iter().map(|(name, _)| name).collect();
        expected.extend([young, newer]);
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
        assert_eq!(
            fs::read_dir(folder.join(WHOLE)).unwrap().count(),
            Package::FILES.len()
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_left_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let kept = elsewhere.path().join(Package::CODE_FILE);
        fs::write(&kept, "a code").unwrap();
        let link = folder
            .path()
            .join(format!(".{DEVICE}_20261120T010203Z.77.part"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let whole = folder.path().join(WHOLE);
        make(&whole, &Package::FILES, Duration::ZERO);
        let later = fs::symlink_metadata(&link).unwrap().modified().unwrap() + 2 * AGE;
        File::open(&whole).unwrap().set_modified(later).unwrap();
        clear(&whole, &key(1, "S-1"), &Package::FILES);
        assert!(kept.exists() && link.exists());
    }
}

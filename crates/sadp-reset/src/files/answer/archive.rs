//! ZIP archives with answers. Nothing is unpacked to the disk: a path in an archive is only
//! a name that may tell a device.

use std::io::{Cursor, Read};

use sadp_model::text::clean;
use zeroize::Zeroizing;
use zip::ZipArchive;

use super::{NotAnAnswer, kind, mail::Attachment};

/// The most bytes of an archive, and of all its files when unpacked.
pub(super) const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The most files and folders in it.
const MAX_ENTRIES: usize = 1_000;

/// The most characters of a path that are kept, counted from its end.
const MAX_PATH: usize = 300;

/// Whether a file is a ZIP archive, by its name. Workbooks are such archives, too.
pub(super) fn is_archive(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".zip")
}

/// Returns the files in an archive, apart from hidden ones.
pub(super) fn files(archive: &[u8]) -> Result<Vec<Attachment>, NotAnAnswer> {
    let unreadable = |_| NotAnAnswer::ArchiveUnreadable;
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(unreadable)?;
    if archive.len() > MAX_ENTRIES {
        return Err(NotAnAnswer::ArchiveTooLarge);
    }
    let mut paths = Vec::new();
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(unreadable)?;
        unpacked = unpacked.saturating_add(entry.size());
        if entry.encrypted() {
            return Err(NotAnAnswer::ArchiveEncrypted);
        }
        let path = entry.enclosed_name().ok_or(NotAnAnswer::ArchivePath)?;
        if entry.is_file() {
            paths.push((index, path.to_string_lossy().replace('\\', "/")));
        }
    }
    if unpacked > MAX_BYTES {
        return Err(NotAnAnswer::ArchiveTooLarge);
    }
    paths.retain(|(_, path)| !path.split('/').any(is_hidden));
    let read = paths.into_iter().map(|(index, path)| {
        let mut bytes = Zeroizing::new(Vec::new());
        let file = archive.by_index(index).map_err(unreadable)?;
        let read = file.take(kind::ENOUGH).read_to_end(&mut bytes);
        read.map_err(|_| NotAnAnswer::ArchiveUnreadable)?;
        let name = clean(&path);
        let start = name.char_indices().rev().nth(MAX_PATH);
        let name = name
            .get(start.map_or(0, |(at, _)| at)..)
            .unwrap_or_default();
        Ok(Attachment {
            name: name.to_owned(),
            bytes,
        })
    });
    read.collect()
}

/// Files that archive programs and file managers add.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::{ZipWriter, unstable::write::FileOptionsExt, write::SimpleFileOptions};

    use super::*;

    fn archive(files: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn plain(files: &[(&str, &[u8])]) -> Vec<u8> {
        archive(files, SimpleFileOptions::default())
    }

    fn refused(archive: &[u8]) -> NotAnAnswer {
        files(archive).err().unwrap()
    }

    #[test]
    fn files_are_read_with_their_folders_as_names() {
        let archive = plain(&[
            ("S1/Encrypt.xml", b"AbC12345"),
            ("b\\\u{1b}[2J\u{202e}.txt", b"x"),
            ("__MACOSX/S1/._Encrypt.xml", b"y"),
            ("S1/.DS_Store", b"z"),
        ]);
        let found = files(&archive).unwrap();
        let found: Vec<_> = found.iter().map(|it| (&*it.name, &**it.bytes)).collect();
        let expected: [(&str, &[u8]); 2] = [
            ("S1/Encrypt.xml", b"AbC12345"),
            ("b/\\u{1b}[2J\\u{202e}.txt", b"x"),
        ];
        assert_eq!(found, expected);
        assert!(files(&plain(&[])).unwrap().is_empty());
    }

    #[test]
    fn what_is_above_the_limits_or_leads_out_is_refused() {
        let names: Vec<_> = (0..=MAX_ENTRIES).map(|it| it.to_string()).collect();
        let many: Vec<_> = names.iter().map(|it| (&**it, &b"a"[..])).collect();
        assert_eq!(refused(&plain(&many)), NotAnAnswer::ArchiveTooLarge);
        assert_eq!(files(&plain(&many[1..])).unwrap().len(), MAX_ENTRIES);
        let half = vec![0; usize::try_from(MAX_BYTES / 2).unwrap()];
        let bomb = plain(&[("a", &half), ("b", &half), ("c", b"1")]);
        assert!(bomb.len() < 200_000);
        assert_eq!(refused(&bomb), NotAnAnswer::ArchiveTooLarge);
        for path in ["../a.xml", "a/../../b.xml", "..\\a.xml"] {
            let refused = refused(&plain(&[(path, b"1")]));
            assert_eq!(refused, NotAnAnswer::ArchivePath, "{path}");
        }
        let locked = SimpleFileOptions::default()
            .with_deprecated_encryption(b"1")
            .unwrap();
        let locked = archive(&[("a.xml", b"1")], locked);
        assert_eq!(refused(&locked), NotAnAnswer::ArchiveEncrypted);
        let mut cut = plain(&[("a.xml", b"AbC12345")]);
        cut.truncate(30);
        assert_eq!(refused(&cut), NotAnAnswer::ArchiveUnreadable);
    }

    #[test]
    fn a_file_is_read_as_far_as_tells_what_it_is() {
        let long = vec![b'x'; 1 << 20];
        let found = files(&plain(&[("a.xml", &long)])).unwrap();
        assert_eq!(found[0].bytes.len() as u64, kind::ENOUGH);
    }

    proptest! {
        #[test]
        fn any_archive_is_survived(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
        ) {
            let _ = files(&bytes);
            let mut archive = plain(&[("a.xml", &bytes), ("b/c.xml", b"AbC12345")]);
            let at = at.index(archive.len());
            archive[at] = value;
            let _ = files(&archive);
        }
    }
}

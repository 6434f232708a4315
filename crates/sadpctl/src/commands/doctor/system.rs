//! Reading what the system tells in files, within bounds.

use std::{fs::File, io::Read, path::Path};

/// The most bytes of a file that are read.
const MAX: u64 = 1 << 20;

/// A file's text, as far as it may be read. Windows tells nothing in files: there,
/// such a path is a file of some drive, which anybody may have made.
pub(super) fn read(path: impl AsRef<Path>) -> Option<String> {
    if cfg!(windows) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The number a file holds.
pub(super) fn number<N: std::str::FromStr>(path: impl AsRef<Path>) -> Option<N> {
    read(path)?.trim().parse().ok()
}

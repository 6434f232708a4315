//! Files that commands read, up to a limit, and new ones that they write.

use std::{ffi::OsStr, io, path::Path};

use sadp_reset::{NewFile, read_bounded};

use crate::{
    args::{Cli, GlobalArgs, OutOption},
    failure::Failure,
    output::Format,
};

/// Begins a new file, before anything is done. It gets its name once it is complete.
pub(crate) fn begin(path: &Path) -> Result<NewFile, Failure> {
    let begun = match path.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => NewFile::begin(path),
    };
    begun.map_err(|error| Failure::unwritable(path, error))
}

/// The same, where its ending is one of these.
pub(crate) fn begin_with_ending(path: &Path, endings: &[&str]) -> Result<NewFile, Failure> {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if endings.iter().any(|it| it.eq_ignore_ascii_case(ending)) {
        return begin(path);
    }
    let endings = endings.join(" or .");
    let message = format!("the name of {} does not end in .{endings}", path.display());
    Err(Failure::usage(message).hint("give the file such a name"))
}

/// Reads a file of at most `limit` bytes, which is to be `what`, e.g. `a plan`.
pub(crate) fn read(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, Failure> {
    read_bounded(path, limit).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => {
            let message = format!("{} is too large for {what}", path.display());
            Failure::usage(message).hint("check whether it is the right file")
        }
        _ => Failure::unreadable(path.display(), error),
    })
}

/// The file that a list goes into. Its ending chooses the format where none was given.
pub(crate) fn list_file(cli: &mut Cli) -> Result<Option<NewFile>, Failure> {
    let GlobalArgs { format, out, .. } = &mut cli.global;
    match (cli.command.out_option(), out) {
        (OutOption::List, Some(path)) => {
            let other = Format::of_file(path);
            if *format == Format::Table {
                *format = other.unwrap_or_default();
            }
            let fitting = match *format {
                Format::Table => "txt".into(),
                // Lines of JSON are JSON to many programs.
                Format::Ndjson if other == Some(Format::Json) => "json".into(),
                format => format.name(),
            };
            begin_with_ending(path, &[&fitting]).map(Some)
        }
        (OutOption::Nothing, Some(_)) => Err(Failure::usage(
            "this command prints no list to write into a file",
        )
        .hint("leave --out away")),
        (OutOption::List, None) if *format == Format::Xlsx => Err(Failure::usage(
            "a workbook is written into a file, not to stdout",
        )
        .hint("add --out FILE.xlsx")),
        (_, _) if *format == Format::Xlsx => Err(Failure::usage("this command has no XLSX form")
            .hint("use --format csv, or leave --format out")),
        _ => Ok(None),
    }
}

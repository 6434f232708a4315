//! Files that pages make in folders of the state folder, and their downloads.

use std::{path::PathBuf, time::SystemTime};

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use tokio_util::io::ReaderStream;

use crate::{error::WebError, site::Site};

/// A folder of files of one kind. Their names are ours: `STEM-DATE-TIME.ENDING`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptFiles {
    folder: &'static str,
    stem: &'static str,
    ending: &'static str,
    /// The media type.
    kind: &'static str,
}

/// A file of such a folder.
#[derive(Clone, Debug)]
pub(crate) struct KeptFile {
    pub(crate) name: String,
    pub(crate) made: Zoned,
    /// In bytes.
    pub(crate) size: u64,
}

impl KeptFiles {
    /// What became of plans.
    pub(crate) const RESULTS: Self = Self {
        folder: "plans",
        stem: "plan",
        ending: "result.csv",
        kind: CSV,
    };

    /// Recordings of scans.
    pub(crate) const CAPTURES: Self = Self {
        folder: "captures",
        stem: "scan",
        ending: "pcapng",
        kind: "application/octet-stream",
    };

    /// Answers to security questions that were made.
    pub(crate) const ANSWERS: Self = Self {
        folder: "answers",
        stem: "answers",
        ending: "txt",
        kind: "text/plain; charset=utf-8",
    };

    /// The path of a new file. Its folder is made.
    pub(crate) fn new_path(self, site: &Site) -> Result<PathBuf, WebError> {
        let folder = site.state.join(self.folder);
        sadp_reset::make_folder(&folder).map_err(|error| {
            let cause = sadp_text::with_cause(&error);
            let message = format!("cannot make the folder {}: {cause}", folder.display());
            WebError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
                .next("make the state folder writable; nothing was sent")
        })?;
        let now = Timestamp::now().to_zoned(TimeZone::system());
        let time = now.strftime("%Y%m%d-%H%M%S");
        Ok(folder.join(format!("{}-{time}.{}", self.stem, self.ending)))
    }

    /// All of them, the newest first. None where the folder cannot be read.
    pub(crate) fn list(self, site: &Site) -> Vec<KeptFile> {
        let entries = std::fs::read_dir(site.state.join(self.folder));
        let entries = entries.into_iter().flatten().flatten();
        let mut files: Vec<_> = entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let facts = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                let made = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let made = Timestamp::try_from(made).unwrap_or_default();
                self.is_ours(&name).then(|| KeptFile {
                    name,
                    made: made.to_zoned(TimeZone::system()),
                    size: facts.len(),
                })
            })
            .collect();
        files.sort_by(|a, b| b.name.cmp(&a.name));
        files
    }

    /// The path of the file of this name, which must be one of [`KeptFiles::list`].
    pub(crate) fn find(self, site: &Site, name: &str) -> Result<PathBuf, WebError> {
        let mut files = self.list(site).into_iter();
        match files.find(|it| it.name == name) {
            Some(file) => Ok(site.state.join(self.folder).join(file.name)),
            None => Err(WebError::gone("there is no such file").next("go back and choose another")),
        }
    }

    /// The file of this name, as a download.
    pub(crate) async fn download(self, site: &Site, name: &str) -> Result<Response, WebError> {
        let path = self.find(site, name)?;
        let file = tokio::fs::File::open(&path).await.map_err(|error| {
            let cause = sadp_text::with_cause(&error);
            let message = format!("cannot read {}: {cause}", path.display());
            WebError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
                .next("look whether this user may read it")
        })?;
        let body = Body::from_stream(ReaderStream::new(file));
        Ok(download(name, self.kind, body))
    }

    fn is_ours(self, name: &str) -> bool {
        let rest = name.strip_prefix(self.stem);
        rest.is_some_and(|it| {
            it.strip_suffix(self.ending)
                .is_some_and(|it| it.ends_with('.'))
        })
    }
}

/// The media type of CSV.
pub(crate) const CSV: &str = "text/csv; charset=utf-8";

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// The media type of an Excel workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file that the browser keeps. Its name is ours, of letters, digits, hyphens and dots.
pub(crate) fn download(name: &str, kind: &'static str, content: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, content.into()).into_response()
}

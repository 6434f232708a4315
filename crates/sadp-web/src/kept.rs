//! Files that the browser keeps.

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};

/// The media type of CSV.
pub(crate) const CSV: &str = "text/csv; charset=utf-8";

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

//! `--format`, and what is left of it where there is no form for some.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::json;
use crate::failure::{Exit, Failure};

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// The vendor tool's columns, then our own
    Csv,
    /// The same as XML
    Xml,
}

/// The forms of a list of anything but devices: XML is for those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListFormat {
    Table,
    Json(Json),
    Csv,
}

/// The forms of what fits no columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainFormat {
    Table,
    Json(Json),
}

/// How elements stand in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// In one array.
    Array,
    /// One a line.
    Lines,
}

impl Format {
    /// For a list that `what` names, with its verb: `outcomes have`. To be asked
    /// before anything is done.
    pub(crate) fn of_list(self, what: &str) -> Result<ListFormat, Failure> {
        match self {
            Self::Table => Ok(ListFormat::Table),
            Self::Json => Ok(ListFormat::Json(Json::Array)),
            Self::Ndjson => Ok(ListFormat::Json(Json::Lines)),
            Self::Csv => Ok(ListFormat::Csv),
            Self::Xml => Err(Failure::words(Exit::Usage, format!("{what} no XML form"))
                .hint("use --format json, ndjson, csv or table")),
        }
    }

    /// The same for what fits no columns.
    pub(crate) fn of_plain(self, what: &str) -> Result<PlainFormat, Failure> {
        match self {
            Self::Table => Ok(PlainFormat::Table),
            Self::Json => Ok(PlainFormat::Json(Json::Array)),
            Self::Ndjson => Ok(PlainFormat::Json(Json::Lines)),
            Self::Csv | Self::Xml => Err(Failure::words(
                Exit::Usage,
                format!("{what} no CSV or XML form"),
            )
            .hint("use --format json, ndjson or table")),
        }
    }
}

impl Json {
    pub(crate) fn write<T: Serialize>(
        self,
        out: &mut impl Write,
        elements: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        match self {
            Self::Array => json::write_array(out, elements.into_iter()),
            Self::Lines => json::write_lines(out, elements.into_iter()),
        }
    }
}

//! Columns to values and back.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Error, Row, types::Type};
use sadp_model::Serial;

use super::UnknownWord;
use crate::DeviceKey;

/// A text column, parsed. A text that does not parse is an error of the file.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> Result<Option<T>, Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse())
        .transpose()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// The key of a device from the columns `mac` and `serial`, given by the first.
pub(super) fn device(row: &Row<'_>, mac: usize, serial: usize) -> Result<Option<DeviceKey>, Error> {
    let text: Option<String> = row.get(serial)?;
    let serial = text.as_deref().and_then(Serial::new);
    Ok(DeviceKey::new(parsed(row, mac)?, serial))
}

/// A time from a column of seconds since 1970.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Error> {
    let seconds: Option<i64> = row.get(column)?;
    seconds
        .map(Timestamp::from_second)
        .transpose()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

/// A value that a column cannot lack.
pub(super) fn required<T>(value: Option<T>, column: usize) -> Result<T, Error> {
    value.ok_or_else(|| Error::FromSqlConversionFailure(column, Type::Null, Box::new(UnknownWord)))
}

/// When something happened, as kept: rounded down.
pub(super) fn since_1970(at: Timestamp) -> i64 {
    at.as_second()
}

/// When something ends, as kept: rounded up, so that it is not over too early.
pub(super) fn end_since_1970(until: Timestamp) -> i64 {
    let begun = i64::from(until.subsec_nanosecond() > 0);
    until
        .as_second()
        .saturating_add(begun)
        .min(Timestamp::MAX.as_second())
}

/// [`DeviceKey::is_same`] in SQL: whether the row named `$row` can be of the
/// device whose MAC and serial are `$mac` and `$serial`, each null where not
/// known. Comparing with null is never true there.
macro_rules! same_device {
    ($row:literal, $mac:literal, $serial:literal) => {
        concat!(
            "((",
            $row,
            ".mac = ",
            $mac,
            " AND ifnull(",
            $row,
            ".serial = ",
            $serial,
            ", 1))",
            " OR (",
            $row,
            ".serial = ",
            $serial,
            " AND (",
            $row,
            ".mac IS NULL OR ",
            $mac,
            " IS NULL)))"
        )
    };
}
pub(super) use same_device;

//! Columns to values and back.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Error, Result, Row, types::Type};
use sadp_model::Serial;

use super::Action;
use crate::{DeviceKey, UnknownWord};

/// A value read from one row of a query.
pub(super) trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

/// Reads an optional text column. A text that does not parse means a damaged file.
pub(super) fn optional<T>(row: &Row<'_>, column: usize) -> Result<Option<T>>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse())
        .transpose()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a text column that must have a value.
pub(super) fn parsed<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    required(optional(row, column)?, column)
}

/// Reads the key of a device from the columns `mac`, at `column`, and `serial`,
/// which follows it.
pub(super) fn device(row: &Row<'_>, column: usize) -> Result<Option<DeviceKey>> {
    let serial: Option<String> = row.get(column.saturating_add(1))?;
    let serial = serial.as_deref().and_then(Serial::new);
    Ok(DeviceKey::new(optional(row, column)?, serial))
}

/// Reads the key of a device where there must be one.
pub(super) fn known_device(row: &Row<'_>, column: usize) -> Result<DeviceKey> {
    required(device(row, column)?, column)
}

/// Reads a time, stored in seconds since 1970, that must be there.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    let seconds = row.get(column)?;
    Timestamp::from_second(seconds)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

fn required<T>(value: Option<T>, column: usize) -> Result<T> {
    value.ok_or_else(|| Error::FromSqlConversionFailure(column, Type::Null, Box::new(UnknownWord)))
}

/// The time of an event as it is stored: rounded down.
pub(super) fn since_1970(at: Timestamp) -> i64 {
    at.as_second()
}

/// [`DeviceKey::is_same`] in SQL: whether a row of `table` can belong to the device
/// whose MAC and serial are the parameters `?1` and `?2`, each null where unknown. A
/// comparison with null is never true here.
pub(super) fn same_device(table: &str) -> String {
    format!(
        "(({table}.mac = ?1 AND ifnull({table}.serial = ?2, 1))
        OR ({table}.serial = ?2 AND ({table}.mac IS NULL OR ?1 IS NULL)))"
    )
}

/// Whether a row of `table` counts for the device whose MAC and serial are the
/// parameters `?1` and `?2`, in SQL: the MAC decides, and the serial only where one of
/// the MACs is unknown. Devices write their serials in more than one way.
pub(super) fn same_memory(table: &str) -> String {
    same_memory_as(table, "?1", "?2")
}

/// As [`same_memory`], with SQL expressions for MAC and serial.
pub(super) fn same_memory_as(table: &str, mac: &str, serial: &str) -> String {
    format!(
        "({table}.mac = {mac}
        OR ({table}.serial = {serial} AND ({table}.mac IS NULL OR {mac} IS NULL)))"
    )
}

/// [`same_device`], or every row where no device is given and both parameters are null. One
/// condition for both would keep SQLite from its indexes.
pub(super) fn same_device_or_all(table: &str, device: Option<&DeviceKey>) -> String {
    match device {
        Some(_) => same_device(table),
        None => "(?1 IS NULL AND ?2 IS NULL)".into(),
    }
}

/// These actions in SQL, as a list for `IN`.
pub(super) fn action_list<'a>(actions: impl IntoIterator<Item = &'a Action>) -> String {
    let actions = actions.into_iter().map(|it| format!("'{}'", it.name()));
    format!("({})", actions.collect::<Vec<_>>().join(", "))
}

/// Defines the number of a row in its table.
macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) i64);

        impl $name {
            /// The number, from 1 upwards.
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}
pub(super) use row_id;

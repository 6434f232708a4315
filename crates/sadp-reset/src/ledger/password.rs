//! Which devices have the same password. What it is, or anything made of it, is
//! never stored.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    Ledger, LedgerError,
    error::Result,
    row::{FromRow, same_device, since_1970},
};
use crate::DeviceKey;

/// A number that devices with the same password share. It is random, not derived
/// from the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordNumber(i64);

impl FromRow for PasswordNumber {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        row.get(0).map(Self)
    }
}

impl Ledger {
    /// Draws a number for a password of which nothing is known yet.
    pub fn draw_password_number(&self) -> Result<PasswordNumber> {
        let draw = self
            .connection
            .query_row("SELECT random()", [], FromRow::from_row);
        draw.map_err(LedgerError::when("draw a number", &self.path))
    }

    /// Returns the number of the password that a device last accepted or was given.
    pub fn password_of(&self, device: &DeviceKey) -> Result<Option<PasswordNumber>> {
        let number = number(&self.connection, device);
        number.map_err(LedgerError::when("read the password number", &self.path))
    }

    /// Records that a device got a new password at `at`.
    pub fn record_new_password(
        &mut self,
        device: &DeviceKey,
        number: PasswordNumber,
        at: Timestamp,
    ) -> Result<()> {
        self.write("record a new password", |transaction| {
            replace(transaction, device, number, at)
        })
    }

    /// Records that a device accepted a password at `at`. Returns the number of this
    /// password from now on: where another number was recorded for the device, both
    /// numbers become one.
    pub fn record_accepted_password(
        &mut self,
        device: &DeviceKey,
        accepted: PasswordNumber,
        at: Timestamp,
    ) -> Result<PasswordNumber> {
        self.write("record an accepted password", |transaction| {
            let known = number(transaction, device)?.unwrap_or(accepted);
            let sql = "UPDATE passwords SET number = ?1 WHERE number = ?2";
            transaction.execute(sql, [known.0, accepted.0])?;
            replace(transaction, device, known, at)?;
            Ok(known)
        })
    }

    /// Forgets the password of a device: it refused one, or has none now.
    pub fn forget_password(&mut self, device: &DeviceKey) -> Result<()> {
        self.write("forget a password", |transaction| {
            delete(transaction, device)
        })
    }
}

fn number(connection: &Connection, device: &DeviceKey) -> rusqlite::Result<Option<PasswordNumber>> {
    let sql = format!(
        "SELECT number FROM passwords WHERE {} ORDER BY at DESC LIMIT 1",
        same_device("passwords")
    );
    let values = params![device.mac_text(), device.serial_text()];
    let mut query = connection.prepare_cached(&sql)?;
    query.query_row(values, FromRow::from_row).optional()
}

fn replace(
    transaction: &Transaction<'_>,
    device: &DeviceKey,
    number: PasswordNumber,
    at: Timestamp,
) -> rusqlite::Result<()> {
    delete(transaction, device)?;
    let sql = "INSERT INTO passwords (mac, serial, number, at) VALUES (?1, ?2, ?3, ?4)";
    let (mac, serial) = (device.mac_text(), device.serial_text());
    let values = params![mac, serial, number.0, since_1970(at)];
    transaction.execute(sql, values).map(drop)
}

fn delete(transaction: &Transaction<'_>, device: &DeviceKey) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM passwords WHERE {}", same_device("passwords"));
    let values = params![device.mac_text(), device.serial_text()];
    transaction.execute(&sql, values).map(drop)
}

//! Which devices are known, and what each is known by where a secret is sent to it: the account that it reported
//! when it last accepted one, the address that it left since, and its certificate.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Row, params};
use sadp_model::Device;

use super::{
    Action, Ledger,
    error::Result,
    row::{self, FromRow, action_list, same_memory, since_1970},
};
use crate::{DeviceKey, Digest};

/// The account that a device's password belongs to, as far as a look shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name: `admin` where the device reports none. The first
    /// [`Account::MAX_NAME`] characters.
    pub user_name: String,
    /// Whether its password has a salt.
    pub salted: bool,
}

impl Account {
    /// The most characters of a name that are kept.
    pub const MAX_NAME: usize = 64;

    /// The account that a device reports.
    pub fn of(device: &Device) -> Self {
        let name = device.raw.told("UserName").unwrap_or("admin");
        Self {
            user_name: name.chars().take(Self::MAX_NAME).collect(),
            salted: device.raw.told("Salt").is_some(),
        }
    }

    /// Whether a device that reported this account reports `now` for a bad reason: it
    /// has another name, or no salt any more. It may have got one.
    pub fn is_changed_to(&self, now: &Self) -> bool {
        self.user_name != now.user_name || (self.salted && !now.salted)
    }
}

impl FromRow for Account {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            user_name: row.get(0)?,
            salted: row.get(1)?,
        })
    }
}

/// A device that answered from a new address while it still answered from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberedMove {
    /// The address it was known by.
    pub former: IpAddr,
    /// When it was first seen elsewhere.
    pub at: Timestamp,
}

impl FromRow for RememberedMove {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            former: row::parsed(row, 0)?,
            at: row::time(row, 1)?,
        })
    }
}

/// The certificate by which a device is known over HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberedCertificate {
    /// The SHA-256 of it in DER.
    pub fingerprint: Digest,
    /// When it was seen first.
    pub at: Timestamp,
}

impl FromRow for RememberedCertificate {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            fingerprint: row::parsed(row, 0)?,
            at: row::time(row, 1)?,
        })
    }
}

/// A device that a command was sent to, or a request exported for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// The device.
    pub device: DeviceKey,
    /// The address that it had then.
    pub address: Option<IpAddr>,
    /// When that was, the last time.
    pub at: Timestamp,
}

impl FromRow for KnownDevice {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            device: row::known_device(row, 0)?,
            address: row::optional(row, 2)?,
            at: row::time(row, 3)?,
        })
    }
}

impl Ledger {
    /// Returns every device once, the latest first.
    pub fn known_devices(&self) -> Result<Vec<KnownDevice>> {
        let sql = "SELECT mac, serial, address, max(at) FROM (
                SELECT mac, serial, address, begun_at AS at FROM attempts
                UNION ALL SELECT mac, serial, address, exported_at FROM cases)
            WHERE mac IS NOT NULL OR serial IS NOT NULL
            GROUP BY mac, serial ORDER BY max(at) DESC";
        let mut known: Vec<KnownDevice> = Vec::new();
        for row in self.rows::<KnownDevice>("read the known devices", sql, [])? {
            match known
                .iter_mut()
                .find(|it| it.device.shares_memory(&row.device))
            {
                Some(same) if same.device.serial().is_none() => same.device = row.device,
                Some(_) => {}
                None => known.push(row),
            }
        }
        Ok(known)
    }

    /// Returns the account that a device reported when it last accepted a secret.
    pub fn account_of(&self, device: &DeviceKey) -> Result<Option<Account>> {
        self.latest("user_name, salted", "accounts", device)
    }

    /// Returns the move of a device that accepted no secret since.
    pub fn move_of(&self, device: &DeviceKey) -> Result<Option<RememberedMove>> {
        self.latest("former, at", "moves", device)
    }

    /// Whether a device accepted a secret before, as far as this ledger knows.
    pub fn has_accepted(&self, device: &DeviceKey) -> Result<bool> {
        let secret = Action::ALL.iter().filter(|it| it.spec().carries_secret);
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM passwords WHERE {})
                OR EXISTS (SELECT 1 FROM attempts
                    WHERE result = 'done' AND action IN {} AND {})",
            same_memory("passwords"),
            action_list(secret),
            same_memory("attempts")
        );
        let values = params![device.mac_text(), device.serial_text()];
        let accepted = self.row("read what is known of a device", &sql, values)?;
        Ok(accepted.unwrap_or(false))
    }

    /// Records the account that a device reported when it accepted a secret at `at`:
    /// that settles where it is, too. `None` forgets the account, where the device has
    /// none now or a new one.
    pub fn remember_account(
        &mut self,
        device: &DeviceKey,
        account: Option<&Account>,
        at: Timestamp,
    ) -> Result<()> {
        if self.account_of(device)?.as_ref() == account && self.move_of(device)?.is_none() {
            return Ok(());
        }
        let (mac, serial) = (device.mac_text(), device.serial_text());
        self.write("remember an account", |transaction| {
            for table in ["moves", "accounts"] {
                let sql = format!("DELETE FROM {table} WHERE {}", same_memory(table));
                transaction.execute(&sql, params![mac, serial])?;
            }
            let Some(account) = account else {
                return Ok(());
            };
            let sql = "INSERT INTO accounts (mac, serial, user_name, salted, at)
                VALUES (?1, ?2, ?3, ?4, ?5)";
            let Account { user_name, salted } = account;
            let values = params![mac, serial, user_name, salted, since_1970(at)];
            transaction.execute(sql, values).map(drop)
        })
    }

    /// Records that a device left this address. A move that is known already stays as
    /// it is: nothing confirmed where the device went.
    pub fn remember_move(&mut self, device: &DeviceKey, it: RememberedMove) -> Result<()> {
        if self.move_of(device)?.is_some() {
            return Ok(());
        }
        let sql = "INSERT INTO moves (mac, serial, former, at) VALUES (?1, ?2, ?3, ?4)";
        let (mac, serial) = (device.mac_text(), device.serial_text());
        let values = params![mac, serial, it.former.to_string(), since_1970(it.at)];
        self.execute("remember a move", sql, values).map(drop)
    }

    /// Forgets the move of a device: it is back.
    pub fn forget_move(&mut self, device: &DeviceKey) -> Result<()> {
        let sql = format!("DELETE FROM moves WHERE {}", same_memory("moves"));
        let values = params![device.mac_text(), device.serial_text()];
        self.execute("forget a move", &sql, values).map(drop)
    }

    /// Returns the certificate that is expected of a device.
    pub fn certificate_of(&self, device: &DeviceKey) -> Result<Option<RememberedCertificate>> {
        self.latest("sha256, at", "certificates", device)
    }

    /// Records the certificate that is expected of a device from now on, in place of
    /// another. One that is expected already stays as it is.
    pub fn remember_certificate(
        &mut self,
        device: &DeviceKey,
        it: RememberedCertificate,
    ) -> Result<()> {
        let known = self.certificate_of(device)?;
        if known.is_some_and(|known| known.fingerprint == it.fingerprint) {
            return Ok(());
        }
        let (mac, serial) = (device.mac_text(), device.serial_text());
        self.write("remember a certificate", |transaction| {
            let sql = format!(
                "DELETE FROM certificates WHERE {}",
                same_memory("certificates")
            );
            transaction.execute(&sql, params![mac, serial])?;
            let sql = "INSERT INTO certificates (mac, serial, sha256, at) VALUES (?1, ?2, ?3, ?4)";
            let values = params![mac, serial, it.fingerprint.to_string(), since_1970(it.at)];
            transaction.execute(sql, values).map(drop)
        })
    }

    /// Returns the certificate that is expected at an address, of a device of which no more
    /// is known.
    pub fn certificate_at(&self, address: IpAddr) -> Result<Option<RememberedCertificate>> {
        let sql = "SELECT sha256, at FROM certificates_at WHERE address = ?1";
        let values = params![address.to_string()];
        self.row("read what is known of an address", sql, values)
    }

    /// The same as [`Ledger::remember_certificate`] for an address.
    pub fn remember_certificate_at(
        &mut self,
        address: IpAddr,
        it: RememberedCertificate,
    ) -> Result<()> {
        let sql = "INSERT INTO certificates_at (address, sha256, at) VALUES (?1, ?2, ?3)
            ON CONFLICT (address) DO UPDATE SET sha256 = excluded.sha256, at = excluded.at
            WHERE sha256 != excluded.sha256";
        let fingerprint = it.fingerprint.to_string();
        let values = params![address.to_string(), fingerprint, since_1970(it.at)];
        self.execute("remember a certificate", sql, values)
            .map(drop)
    }

    fn latest<T: FromRow>(
        &self,
        columns: &str,
        table: &str,
        device: &DeviceKey,
    ) -> Result<Option<T>> {
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE {} ORDER BY at DESC LIMIT 1",
            same_memory(table)
        );
        let values = params![device.mac_text(), device.serial_text()];
        self.row("read what is known of a device", &sql, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Attempt,
        device_key::testing::{at, key},
    };

    fn account(elements: &[(&str, &str)]) -> Account {
        let mut device = Device::unknown();
        device.raw = elements.iter().copied().collect();
        Account::of(&device)
    }

    #[test]
    fn a_lost_salt_and_another_name_change_an_account() {
        let salted = account(&[("Salt", "00")]);
        assert_eq!(salted, account(&[("Salt", "00"), ("UserName", "admin")]));
        assert_eq!(account(&[("Salt", ""), ("UserName", "")]), account(&[]));
        let long = account(&[("UserName", &"ä".repeat(65_000 / 2))]);
        assert_eq!(long.user_name.chars().count(), Account::MAX_NAME);
        assert!(salted.is_changed_to(&account(&[])));
        assert!(!account(&[]).is_changed_to(&salted), "a new firmware");
        assert!(!salted.is_changed_to(&account(&[("Salt", "01")])));
        let other = account(&[("Salt", "00"), ("UserName", "installer")]);
        assert!(salted.is_changed_to(&other) && other.is_changed_to(&salted));
    }

    #[test]
    fn the_mac_shows_whose_account_and_move_are_remembered() {
        let (_folder, mut ledger) = Ledger::sample();
        let (one, renamed, other) = (key(1, "S1"), key(1, "S2"), key(2, "S1"));
        let moved = |last, second| RememberedMove {
            former: [10, 0, 0, last].into(),
            at: at(second),
        };
        ledger.remember_move(&one, moved(1, 1)).unwrap();
        ledger.remember_move(&renamed, moved(2, 2)).unwrap();
        assert_eq!(ledger.move_of(&renamed).unwrap(), Some(moved(1, 1)));
        assert_eq!(ledger.move_of(&other).unwrap(), None);
        for elements in [&[("Salt", "00")][..], &[]] {
            let account = account(elements);
            ledger
                .remember_account(&one, Some(&account), at(3))
                .unwrap();
            assert_eq!(ledger.account_of(&renamed).unwrap(), Some(account));
            assert_eq!(ledger.account_of(&other).unwrap(), None);
            assert_eq!(ledger.move_of(&one).unwrap(), None);
        }
        ledger.remember_account(&renamed, None, at(4)).unwrap();
        assert_eq!(ledger.account_of(&one).unwrap(), None);
        ledger.remember_move(&one, moved(1, 5)).unwrap();
        ledger.forget_move(&renamed).unwrap();
        assert_eq!(ledger.move_of(&one).unwrap(), None);
    }

    #[test]
    fn a_certificate_is_expected_from_first_sight_until_another_takes_its_place() {
        let (folder, mut ledger) = Ledger::sample();
        let (one, renamed, other) = (key(1, "S1"), key(1, "S2"), key(2, "S1"));
        // Where no device is known, an address has one.
        let [here, there] = [64, 65].map(|last| IpAddr::from([192, 168, 1, last]));
        let seen = |byte, second| RememberedCertificate {
            fingerprint: [byte; 32].into(),
            at: at(second),
        };
        assert_eq!(ledger.certificate_of(&one).unwrap(), None);
        assert_eq!(ledger.certificate_at(here).unwrap(), None);
        for (byte, second, expected) in [(1, 1, 1), (1, 2, 1), (2, 3, 3)] {
            let it = seen(byte, second);
            ledger.remember_certificate(&one, it).unwrap();
            ledger.remember_certificate_at(here, it).unwrap();
            let expected = Some(seen(byte, expected));
            assert_eq!(ledger.certificate_of(&renamed).unwrap(), expected);
            assert_eq!(ledger.certificate_at(here).unwrap(), expected);
        }
        assert_eq!(ledger.certificate_of(&other).unwrap(), None);
        assert_eq!(ledger.certificate_at(there).unwrap(), None);
        drop(ledger);
        let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
        assert_eq!(ledger.certificate_of(&one).unwrap(), Some(seen(2, 3)));
    }

    #[test]
    fn a_device_is_known_once_with_its_latest_address() {
        let (_folder, mut ledger) = Ledger::sample();
        let (both, other, by_mac) = (key(1, "S1"), key(None, "S2"), key(1, ""));
        for (second, device) in [
            (1, Some(&both)),
            (3, Some(&by_mac)),
            (2, Some(&other)),
            (4, None),
        ] {
            let attempt = Attempt {
                device: device.cloned(),
                address: Some([10, 0, 0, second].into()),
                action: Action::Locate,
                at: at(second.into()),
            };
            ledger.begin(&attempt).unwrap();
        }
        let known = ledger.known_devices().unwrap();
        let known = known.into_iter().map(|it| (it.device, it.address.unwrap()));
        let expected = [(both, [10, 0, 0, 3].into()), (other, [10, 0, 0, 2].into())];
        assert!(known.eq(expected));
    }
}

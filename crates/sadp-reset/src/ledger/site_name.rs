//! What people call devices, and where these are.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rusqlite::{Row, params};
use sadp_model::{MacAddr, text::is_unprintable};

use super::{
    Ledger,
    error::Result,
    row::{self, FromRow, since_1970},
};

/// A name or a place: 1 to [`SiteText::MAX_CHARS`] printable characters, no blank at
/// either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteText(Box<str>);

impl SiteText {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no name or place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write 1 to {} printable characters", SiteText::MAX_CHARS)]
pub struct InvalidSiteText;

impl FromStr for SiteText {
    type Err = InvalidSiteText;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidSiteText> {
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=Self::MAX_CHARS).contains(&length) || text.contains(is_unprintable) {
            return Err(InvalidSiteText);
        }
        Ok(Self(text.into()))
    }
}

/// What people call a device, and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteName {
    /// Its name, e.g. `Gate north`.
    pub name: Option<SiteText>,
    /// Its place, e.g. `Building 2, roof`.
    pub place: Option<SiteText>,
}

impl SiteName {
    /// Whether neither is known.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.place.is_none()
    }

    /// As people say it: `Gate north (roof)`. `None` where neither is known.
    pub fn called(&self) -> Option<String> {
        match (&self.name, &self.place) {
            (Some(name), Some(place)) => Some(format!("{name} ({place})")),
            (Some(name), None) => Some(name.to_string()),
            (None, place) => place.as_ref().map(|place| format!("({place})")),
        }
    }
}

/// A device with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDevice {
    /// The device.
    pub mac: MacAddr,
    /// Its name and place.
    pub site_name: SiteName,
}

impl FromRow for NamedDevice {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            mac: row::parsed(row, 0)?,
            site_name: SiteName {
                name: row::optional(row, 1)?,
                place: row::optional(row, 2)?,
            },
        })
    }
}

impl Ledger {
    /// Returns the devices that have a name or a place, by MAC.
    pub fn named_devices(&self) -> Result<Vec<NamedDevice>> {
        let sql = "SELECT mac, name, place FROM site_names ORDER BY mac";
        self.rows("read the names of devices", sql, [])
    }

    /// Gives a device a name and a place at `at`, in place of any former ones. With
    /// neither it is forgotten.
    pub fn set_site_name(
        &mut self,
        mac: MacAddr,
        site_name: &SiteName,
        at: Timestamp,
    ) -> Result<()> {
        let mac = mac.to_string();
        let SiteName { name, place } = site_name;
        self.write("name a device", |transaction| {
            let forget = "DELETE FROM site_names WHERE mac = ?1";
            transaction.execute(forget, [&mac])?;
            if site_name.is_empty() {
                return Ok(());
            }
            let sql = "INSERT INTO site_names (mac, name, place, at) VALUES (?1, ?2, ?3, ?4)";
            let [name, place] = [name, place].map(|it| it.as_ref().map(SiteText::as_str));
            let values = params![mac, name, place, since_1970(at)];
            transaction.execute(sql, values).map(drop)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_and_bounded() {
        let longest = "ä".repeat(SiteText::MAX_CHARS);
        for text in ["Gate north", " Gate ", &longest] {
            assert_eq!(text.parse::<SiteText>().unwrap().as_str(), text.trim());
        }
        let longer = format!("{longest}a");
        for text in ["", "  ", "a\tb", "a\u{1b}[2J", "a\u{202e}b", &longer] {
            assert_eq!(text.parse::<SiteText>(), Err(InvalidSiteText), "{text:?}");
        }
    }

    #[test]
    fn a_device_is_named_renamed_and_forgotten() {
        let (_folder, mut ledger) = Ledger::sample();
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1]);
        let text = |text: &str| Some(text.parse().unwrap());
        let gate = SiteName {
            name: text("Gate north"),
            place: None,
        };
        let roof = SiteName {
            name: text("Roof"),
            place: text("Building 2"),
        };
        for site_name in [gate, roof, SiteName::default()] {
            let is_named = site_name != SiteName::default();
            let at = Timestamp::UNIX_EPOCH;
            ledger.set_site_name(mac, &site_name, at).unwrap();
            let named = is_named.then_some(NamedDevice { mac, site_name });
            assert_eq!(ledger.named_devices().unwrap(), Vec::from_iter(named));
        }
    }
}

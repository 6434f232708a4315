//! What people call devices, and where these are. Kept in the ledger by MAC; nothing is
//! sent.

use std::collections::HashMap;

use sadp_model::MacAddr;
use sadp_reset::{Ledger, LedgerError, NamedDevice, SiteName};

use crate::{DiscoveredDevice, Session, network::plan_file::PlanRow};

/// A change of the name of a device.
#[derive(Clone, Debug, Default)]
pub struct Renaming {
    /// The new name and place. What is `None` stays as it is.
    pub to: SiteName,
    /// Whether the former name and place are forgotten.
    pub clear: bool,
}

/// Names a device. Returns its name from now on.
pub fn rename(
    session: &mut Session,
    mac: MacAddr,
    renaming: Renaming,
) -> Result<SiteName, LedgerError> {
    let former = session.site_names()?.remove(&mac);
    let site_name = renaming.of(former);
    let at = session.now();
    session.ledger_mut()?.set_site_name(mac, &site_name, at)?;
    Ok(site_name)
}

impl Renaming {
    /// The name of a device after it.
    fn of(self, former: Option<SiteName>) -> SiteName {
        let former = former.filter(|_| !self.clear).unwrap_or_default();
        SiteName {
            name: self.to.name.or(former.name),
            place: self.to.place.or(former.place),
        }
    }
}

/// Names the devices of a plan that gives them a name or a place. Returns how many.
pub fn keep_planned(session: &mut Session, rows: &[PlanRow]) -> Result<usize, LedgerError> {
    let mut former = session.site_names()?;
    let at = session.now();
    let mut count = 0;
    for row in rows.iter().filter(|row| !row.site_name.is_empty()) {
        let renaming = Renaming {
            to: row.site_name.clone(),
            clear: false,
        };
        let site_name = renaming.of(former.remove(&row.mac));
        let ledger = session.ledger_mut()?;
        ledger.set_site_name(row.mac, &site_name, at)?;
        count += 1;
    }
    Ok(count)
}

/// Other devices of the same name: as DEVICE it stands for none of them.
pub fn namesakes(session: &Session, mac: MacAddr) -> Result<Vec<MacAddr>, LedgerError> {
    let names = session.site_names()?;
    let lower = |site: &SiteName| site.name.as_ref().map(|it| it.as_str().to_lowercase());
    let Some(own) = names.get(&mac).and_then(lower) else {
        return Ok(Vec::new());
    };
    let others = names
        .iter()
        .filter(|(other, site)| **other != mac && lower(site).as_ref() == Some(&own));
    Ok(others.map(|(other, _)| *other).collect())
}

/// The devices that have a name or a place.
pub fn list(session: &Session) -> Result<Vec<NamedDevice>, LedgerError> {
    session
        .ledger()
        .map_or_else(|| Ok(Vec::new()), Ledger::named_devices)
}

impl Session {
    /// Names and places by MAC.
    pub fn site_names(&self) -> Result<HashMap<MacAddr, SiteName>, LedgerError> {
        let named = list(self)?.into_iter();
        Ok(named.map(|it| (it.mac, it.site_name)).collect())
    }

    /// Adds the names of devices. Where they cannot be read, a device is shown without.
    pub(crate) fn name_devices(&self, devices: &mut [DiscoveredDevice]) {
        let names = self.site_names().unwrap_or_default();
        for device in devices.iter_mut().filter(|_| !names.is_empty()) {
            device.take_name(&names);
        }
    }
}

impl DiscoveredDevice {
    /// Adds the name by which people know it.
    pub fn take_name(&mut self, names: &HashMap<MacAddr, SiteName>) {
        let name = self.entry.device.mac.and_then(|mac| names.get(&mac));
        self.site_name = name.cloned().map(Box::new);
    }

    /// Whether people call it so, in whatever case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        let called = self.site_name.as_deref().and_then(|it| it.name.as_ref());
        called.is_some_and(|called| called.as_str().to_lowercase() == name.to_lowercase())
    }

    /// [`SiteName::called`].
    pub fn called(&self) -> Option<String> {
        self.site_name.as_deref()?.called()
    }
}

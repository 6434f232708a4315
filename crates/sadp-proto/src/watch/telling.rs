//! What is told of a device, and of those that share a name with it.

use sadp_model::{Device, DeviceRecord, Shared};

use super::{
    DeviceSnapshot, Watch, WatchEvent, WatchEventKind, duplicates::Identifier, presence::Presence,
};

/// Devices that a change of another concerns, each as it was before.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    /// Those who hold a name alone now.
    pub(super) left_alone: Vec<(usize, DeviceSnapshot)>,
    /// Those who held a name alone so far.
    pub(super) joined: Vec<(usize, DeviceSnapshot)>,
}

impl Watch {
    pub(super) fn emit_all(&mut self, kind: WatchEventKind, devices: Vec<(usize, DeviceSnapshot)>) {
        for (index, before) in devices {
            self.emit(kind, index, Some(before));
        }
    }

    pub(super) fn emit(
        &mut self,
        kind: WatchEventKind,
        index: usize,
        before: Option<DeviceSnapshot>,
    ) {
        if let Some(after) = self.account(index) {
            self.events.push_back(WatchEvent {
                kind,
                before: before.map(Box::new),
                after: Box::new(after),
            });
        }
    }

    pub(super) fn account(&self, index: usize) -> Option<DeviceSnapshot> {
        let entry = self.registry.entries().get(index)?;
        let presence = self.presences.get(index)?;
        let mut entry = entry.clone();
        entry.contradictory = presence.twin_until.is_some();
        let shared = if presence.online {
            self.duplicates.of(&entry.device)
        } else {
            Shared::default()
        };
        Some(DeviceSnapshot {
            number: presence.number,
            entry,
            shared,
            online: presence.online,
        })
    }

    pub(super) fn both(&mut self, index: usize) -> Option<(&mut DeviceRecord, &mut Presence)> {
        let entry = self.registry.entries_mut().get_mut(index)?;
        Some((entry, self.presences.get_mut(index)?))
    }

    /// Gives a device these names. Returns those who held one alone so far, as
    /// they were.
    pub(super) fn take_names(
        &mut self,
        index: usize,
        names: &[Identifier],
    ) -> Vec<(usize, DeviceSnapshot)> {
        let others = self.only_others(index, names);
        for &name in names {
            self.duplicates.add(name, index);
        }
        others
    }

    /// Takes these names from a device. Returns those who hold one alone now,
    /// as they were.
    pub(super) fn give_names_up(
        &mut self,
        index: usize,
        names: &[Identifier],
    ) -> Vec<(usize, DeviceSnapshot)> {
        let others = self.only_others(index, names);
        for &name in names {
            self.duplicates.remove(name, index);
        }
        others
    }

    /// The one other who holds a name, for each name.
    fn only_others(&self, index: usize, names: &[Identifier]) -> Vec<(usize, DeviceSnapshot)> {
        let mut found: Vec<(usize, DeviceSnapshot)> = Vec::new();
        for &name in names {
            let mut others = self.duplicates.others(name, index);
            let (Some(other), None) = (others.next(), others.next()) else {
                continue;
            };
            if found.iter().all(|&(known, _)| known != other) {
                found.extend(self.account(other).map(|account| (other, account)));
            }
        }
        found
    }

    /// Moves a device from the names it had to those it has.
    pub(super) fn rename(&mut self, index: usize, before: &Device) -> Renamed {
        let Some(entry) = self.registry.entries().get(index) else {
            return Renamed::default();
        };
        let had: Vec<_> = Identifier::of(before).collect();
        let has: Vec<_> = Identifier::of(&entry.device).collect();
        let only = |these: &[Identifier], those: &[Identifier]| -> Vec<Identifier> {
            let missing = |name: &&Identifier| !those.contains(name);
            these.iter().filter(missing).copied().collect()
        };
        let left_alone = self.give_names_up(index, &only(&had, &has));
        let joined = self.take_names(index, &only(&has, &had));
        Renamed { left_alone, joined }
    }
}

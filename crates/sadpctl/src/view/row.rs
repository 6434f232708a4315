use std::{cmp::Ordering, net::Ipv4Addr};

use jiff::tz::TimeZone;
use sadp_model::{Device, MacAddr, Version, Warning};
use sadp_text::{
    select::urgency,
    words::{notes, short_cells},
};

use super::SortColumn;
use crate::output::Told;

/// A device in the list.
#[derive(Debug)]
pub(super) struct ViewRow {
    pub(super) told: Told,
    /// State, model, address, MAC, firmware and serial, made harmless.
    pub(super) cells: [String; 6],
    /// What a person should look at.
    pub(super) notes: String,
    /// When it last changed: local time, and its zone.
    pub(super) changed: String,
    pub(super) zone: String,
    /// What changed, in a word.
    pub(super) word: &'static str,
    /// What a search looks through.
    searched: String,
}

impl ViewRow {
    pub(super) fn new(told: Told, zone: &TimeZone) -> Self {
        let mut cells = short_cells(&told.found);
        // The details show the model.
        let called = told.found.called();
        let model = called.map(|called| std::mem::replace(&mut cells[1], called));
        let notes = notes(&told.found);
        let serial = told.found.entry.device.serial.as_ref();
        let serial = serial.map_or_else(String::new, ToString::to_string);
        let (all, model) = (cells.join(" "), model.unwrap_or_default());
        let searched = format!("{all} {model} {notes} {serial}");
        let at = told.at.to_zoned(zone.clone());
        Self {
            changed: at.strftime("%H:%M:%S").to_string(),
            zone: at.strftime("%Z").to_string(),
            word: match told.word() {
                // Both of them are marked as such.
                "duplicate" => "updated",
                word => word,
            },
            searched: searched.to_lowercase(),
            cells,
            notes,
            told,
        }
    }

    /// Takes in what became of it. What is no news leaves the time as it was.
    pub(super) fn update(&mut self, told: Told, zone: &TimeZone) {
        let is_news = told.is_news();
        let (changed, word, at) = (std::mem::take(&mut self.changed), self.word, self.told.at);
        *self = Self::new(told, zone);
        if !is_news {
            (self.changed, self.word, self.told.at) = (changed, word, at);
        }
    }

    pub(super) fn online(&self) -> bool {
        self.told.online
    }

    /// What it is known by where it is marked, and where it is sent commands.
    pub(super) fn mac(&self) -> Option<MacAddr> {
        self.told.found.entry.device.identity()
    }

    /// Whether another device has its address.
    pub(super) fn shares_address(&self) -> bool {
        self.told.found.warnings.contains(Warning::DuplicateIp)
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        text.is_empty() || self.searched.contains(&text.to_lowercase())
    }

    pub(super) fn compare(&self, other: &Self, by: SortColumn) -> Ordering {
        let [a, b] = [self, other].map(|it| &it.told.found.entry.device);
        let by_it = match by {
            SortColumn::State => urgency(a.state).cmp(&urgency(b.state)),
            SortColumn::Model => a.model.cmp(&b.model),
            SortColumn::Address => Ordering::Equal,
            SortColumn::Mac => a.mac.cmp(&b.mac),
            SortColumn::Firmware => version(a).cmp(&version(b)),
            SortColumn::Serial => a.serial.cmp(&b.serial),
            SortColumn::Changed => other.told.at.cmp(&self.told.at),
        };
        by_it.then_with(|| address(a).cmp(&address(b)))
    }
}

/// Devices without an address come last.
fn address(device: &Device) -> (bool, Option<Ipv4Addr>) {
    (device.ipv4.address.is_none(), device.ipv4.address)
}

fn version(device: &Device) -> Option<Version> {
    device.firmware.as_ref()?.version()
}

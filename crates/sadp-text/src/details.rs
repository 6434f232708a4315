//! All that is known of one device: the lines of each [`Section`].

use sadp_model::{
    RequestWay, Via,
    text::{clean, local_minute},
};
use sadp_ops::DiscoveredDevice;
use strum::VariantArray as _;

use crate::{
    fields::{FIELDS, Section, Value, heard_at},
    words,
};

/// A line of a section. What the device sent is made harmless for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailLine {
    /// What the value is.
    pub label: String,
    /// The value; `-` where it is unknown.
    pub value: String,
}

impl DetailLine {
    /// A line of this label and value.
    pub fn new(label: &str, value: Option<impl ToString>) -> Self {
        let value = value.map(|value| clean(&value.to_string()).into_owned());
        Self {
            label: clean(label).into_owned(),
            value: value.unwrap_or_else(|| "-".into()),
        }
    }
}

impl Section {
    /// All sections in the order of the details.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Its title. The first section stands under the model and has none.
    pub const fn title(self) -> Option<&'static str> {
        Some(match self {
            Self::Device => return None,
            Self::Serial => "Serial number",
            Self::Network => "Network",
            Self::Recovery => "Password recovery it offers",
            Self::Cloud => "Hik-Connect",
            Self::Seen => "Seen",
            Self::Warnings => "Look at",
            Self::Raw => "As received",
        })
    }

    /// Its lines, of which there may be none.
    pub fn lines(self, found: &DiscoveredDevice) -> Vec<DetailLine> {
        match self {
            Self::Device | Self::Network | Self::Recovery | Self::Cloud => self.fields(found),
            Self::Serial => serial(found),
            Self::Seen => seen(found),
            Self::Warnings => {
                let warnings = found.warnings.iter();
                let lines = warnings.map(|it| DetailLine::new(it.name(), Some(words::meaning(it))));
                lines.collect()
            }
            Self::Raw => {
                let elements = found.entry.device.raw.iter();
                let lines = elements.map(|(name, text)| DetailLine::new(name, Some(text)));
                lines.collect()
            }
        }
    }

    /// Its fields. A lock is shown only where there is one. A device that needs no request
    /// has nothing to recover, as the first line says.
    fn fields(self, found: &DiscoveredDevice) -> Vec<DetailLine> {
        let lines = FIELDS.iter().filter_map(|it| Some((it, it.line.as_ref()?)));
        let mut lines: Vec<_> = lines.filter(|(_, it)| it.section == self).collect();
        lines.sort_by_key(|(_, line)| line.place);
        let request = found.entry.device.recovery.request;
        if self == Self::Recovery && request == Some(RequestWay::None) {
            lines.truncate(1);
        }
        let details = lines.into_iter().filter_map(|(field, line)| {
            let value = line.words.unwrap_or(field.value)(found);
            let optional = ["locked_until", "name", "place"].contains(&field.key);
            (!optional || value != Value::Unknown)
                .then(|| DetailLine::new(line.label, Some(value.detail())))
        });
        details.collect()
    }
}

fn serial(found: &DiscoveredDevice) -> Vec<DetailLine> {
    let device = &found.entry.device;
    let serial = device.serial.as_ref();
    let Some(parts) = serial.and_then(|serial| serial.parts(device.model.as_deref())) else {
        return Vec::new();
    };
    vec![
        DetailLine::new("produced", Some(parts.date)),
        DetailLine::new("region", parts.region),
        DetailLine::new("factory", parts.factory),
        DetailLine::new("channels", parts.channel_count),
        DetailLine::new("features", parts.features),
    ]
}

fn seen(found: &DiscoveredDevice) -> Vec<DetailLine> {
    let seen = found.entry.seen.iter().map(|seen| {
        let at = heard_at(seen);
        let at = at.map_or_else(String::new, |at| format!(" at {}", local_minute(at)));
        let how = format!("from {} by {}{at}", seen.from, Via::name(seen.via));
        DetailLine::new(&seen.interface, Some(how))
    });
    seen.collect()
}

//! Profiles of firmware generations, as data.

use std::sync::{Arc, LazyLock};

use sadp_model::Kind;
use sadp_proto::XmlLayout;
use serde::Deserialize;
use strum::EnumString;

use crate::HttpProfile;

/// The reports of devices of one firmware generation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    name: Box<str>,
    /// The models with this firmware.
    pub(crate) models: Vec<Box<str>>,
    /// The reported firmware version, in plain text or sealed.
    pub(crate) firmware: Box<str>,
    /// The layout of its documents.
    #[serde(deserialize_with = "LayoutName::deserialize")]
    pub(crate) layout: XmlLayout,
    pub(crate) serial: Box<str>,
    pub(crate) made: (i16, i16),
    pub(crate) weight: u32,
    /// Whether it also refuses new passwords that break the soft rules.
    #[serde(default)]
    pub(crate) soft_rules: bool,
    /// Whether its models have a lamp for locating them. Models without one ignore
    /// `lamp`.
    #[serde(default)]
    pub(crate) lamp: bool,
    /// The account name of devices that do not report it.
    pub(crate) account: Option<Box<str>>,
    /// Its HTTP interface. `None`: it speaks no HTTP.
    #[serde(default, deserialize_with = "HttpProfile::by_name")]
    pub(crate) http: Option<Arc<HttpProfile>>,
    pub(crate) fields: Vec<(Box<str>, FieldText)>,
}

impl Profile {
    /// The built-in profiles, in the order of their file.
    pub fn all() -> &'static [Arc<Self>] {
        // A test proves that the file parses, so the default is never used.
        static ALL: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
            let file: ProfileFile = toml::from_str(PROFILES).unwrap_or_default();
            file.profile.into_iter().map(Arc::new).collect()
        });
        &ALL
    }

    /// The profile of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Arc<Self>> {
        Self::all().iter().find(|profile| *profile.name == *name)
    }

    /// The name in site files, e.g. `ipc-v5.5.6`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of device of its models.
    pub fn kind(&self) -> Kind {
        Kind::of_model(self.models.first().map_or("", |model| model))
    }

    /// Whether its models are recorders.
    pub(crate) fn is_recorder(&self) -> bool {
        matches!(self.kind(), Kind::Nvr | Kind::Dvr)
    }

    /// Whether its models are cameras.
    pub(crate) fn is_camera(&self) -> bool {
        matches!(self.kind(), Kind::IpCamera | Kind::Ptz)
    }

    /// Whether it can report that it has no password yet. Firmware from before activation
    /// cannot.
    pub(crate) fn knows_activation(&self) -> bool {
        let activated = FieldText::Value(DeviceValue::Activated);
        self.fields.iter().any(|(_, told)| *told == activated)
    }
}

const PROFILES: &str = include_str!("profiles.toml");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    profile: Vec<Profile>,
}

/// The names of layouts. No device writes that of requests.
#[derive(Deserialize)]
#[serde(remote = "XmlLayout", rename_all = "kebab-case")]
enum LayoutName {
    RootSharesLine,
    ElementPerLine,
    OneLine,
    Bare,
}

/// The text of an element.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum FieldText {
    Fixed(Box<str>),
    Value(DeviceValue),
}

impl TryFrom<String> for FieldText {
    type Error = UnknownValue;

    fn try_from(text: String) -> Result<Self, UnknownValue> {
        let Some(name) = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        else {
            return Ok(Self::Fixed(text.into()));
        };
        name.parse().map(Self::Value).map_err(|_| UnknownValue)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no such value in braces")]
pub(crate) struct UnknownValue;

/// A value that a device fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum DeviceValue {
    Uuid,
    Types,
    Model,
    Serial,
    Firmware,
    Mac,
    MacColon,
    MacUpper,
    Address,
    Mask,
    Gateway,
    Ipv6,
    Dhcp,
    Activated,
    Boot,
    BootUnpadded,
    Salt,
    Salt2,
    SdkPort,
    HttpPort,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_built_in_file_parses_and_has_the_profiles() {
        let profiles = toml::from_str::<ProfileFile>(PROFILES).unwrap().profile;
        assert!(profiles.len() >= 12);
        let names: HashSet<_> = profiles.iter().map(Profile::name).collect();
        assert_eq!(names.len(), profiles.len(), "names are unique");
        for profile in &profiles {
            assert!(!profile.models.is_empty(), "{}", profile.name());
            assert!(profile.made.0 <= profile.made.1, "{}", profile.name());
        }
    }

    #[test]
    fn an_unknown_value_is_refused() {
        assert!(FieldText::try_from("{uuids}".to_owned()).is_err());
        let fixed = FieldText::try_from("a{b}".to_owned()).unwrap();
        assert_eq!(fixed, FieldText::Fixed("a{b}".into()));
    }
}

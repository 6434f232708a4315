//! What models of a firmware generation say of themselves, as data.

use std::sync::{Arc, LazyLock};

use sadp_model::Kind;
use sadp_proto::XmlLayout;
use serde::Deserialize;

/// The device profiles that come with the simulator: `profiles.toml`.
#[derive(Debug, Default)]
pub struct Catalogue {
    profiles: Vec<Arc<Profile>>,
}

impl Catalogue {
    /// The profiles built in.
    pub fn built_in() -> &'static Self {
        // That the file parses is held by a test, so the default never stands in.
        static BUILT_IN: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::parse(include_str!("profiles.toml")).unwrap_or_default());
        &BUILT_IN
    }

    /// The profile of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.iter().find(|profile| profile.name() == name)
    }

    /// All profiles, in the order of the file.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let file: CatalogueFile = toml::from_str(text)?;
        Ok(Self {
            profiles: file.profile.into_iter().map(Arc::new).collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    profile: Vec<Profile>,
}

/// What devices of one firmware generation say of themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    name: Box<str>,
    models: Vec<Box<str>>,
    firmware: Box<str>,
    #[serde(deserialize_with = "layout")]
    layout: XmlLayout,
    pub(crate) serial: Box<str>,
    pub(crate) made: (i16, i16),
    pub(crate) weight: u32,
    #[serde(default)]
    soft_rules: bool,
    #[serde(default)]
    lamp: bool,
    /// The account of devices that do not tell it.
    pub(crate) account: Option<Box<str>>,
    pub(crate) fields: Vec<(Box<str>, Text)>,
}

impl Profile {
    /// The name site files use, e.g. `ipc-v5.5.6`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The models made with it.
    pub fn models(&self) -> &[Box<str>] {
        &self.models
    }

    /// The firmware version it tells, plainly or sealed.
    pub fn firmware(&self) -> &str {
        &self.firmware
    }

    /// How its documents are laid out.
    pub fn layout(&self) -> XmlLayout {
        self.layout
    }

    /// What sort of device its models are.
    pub fn kind(&self) -> Kind {
        Kind::of_model(self.models.first().map_or("", |model| model))
    }

    /// Whether it can say that it has no password yet. Firmware from before
    /// activation cannot.
    pub(crate) fn knows_activation(&self) -> bool {
        self.tells(&Text::Value(Value::Activated))
    }

    /// Whether it refuses new passwords that break the softer rules, too.
    pub(crate) fn has_soft_rules(&self) -> bool {
        self.soft_rules
    }

    /// Whether its models have a lamp by which they are found. Those without do
    /// not answer `lamp`.
    pub(crate) fn has_lamp(&self) -> bool {
        self.lamp
    }

    fn tells(&self, text: &Text) -> bool {
        self.fields.iter().any(|(_, told)| told == text)
    }
}

fn layout<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<XmlLayout, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Name {
        RootSharesLine,
        ElementPerLine,
        OneLine,
        Bare,
    }
    Ok(match Name::deserialize(deserializer)? {
        Name::RootSharesLine => XmlLayout::RootSharesLine,
        Name::ElementPerLine => XmlLayout::ElementPerLine,
        Name::OneLine => XmlLayout::OneLine,
        Name::Bare => XmlLayout::Bare,
    })
}

/// An element's text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Text {
    Fixed(Box<str>),
    Value(Value),
}

impl TryFrom<String> for Text {
    type Error = UnknownValue;

    fn try_from(text: String) -> Result<Self, UnknownValue> {
        let Some(name) = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        else {
            return Ok(Self::Fixed(text.into()));
        };
        Value::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, value)| Self::Value(value))
            .ok_or(UnknownValue)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no such value in braces")]
pub(crate) struct UnknownValue;

/// What a device fills in for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
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

impl Value {
    const NAMES: [(&'static str, Self); 20] = [
        ("uuid", Self::Uuid),
        ("types", Self::Types),
        ("model", Self::Model),
        ("serial", Self::Serial),
        ("firmware", Self::Firmware),
        ("mac", Self::Mac),
        ("mac-colon", Self::MacColon),
        ("mac-upper", Self::MacUpper),
        ("address", Self::Address),
        ("mask", Self::Mask),
        ("gateway", Self::Gateway),
        ("ipv6", Self::Ipv6),
        ("dhcp", Self::Dhcp),
        ("activated", Self::Activated),
        ("boot", Self::Boot),
        ("boot-unpadded", Self::BootUnpadded),
        ("salt", Self::Salt),
        ("salt2", Self::Salt2),
        ("sdk-port", Self::SdkPort),
        ("http-port", Self::HttpPort),
    ];
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_built_in_file_parses_and_has_the_profiles() {
        let catalogue = Catalogue::parse(include_str!("profiles.toml")).unwrap();
        assert!(catalogue.profiles().len() >= 12);
        let names: HashSet<_> = catalogue
            .profiles()
            .iter()
            .map(|profile| profile.name())
            .collect();
        assert_eq!(names.len(), catalogue.profiles().len(), "names are unique");
        for profile in catalogue.profiles() {
            assert!(!profile.models().is_empty(), "{}", profile.name());
            assert!(profile.made.0 <= profile.made.1, "{}", profile.name());
        }
    }

    #[test]
    fn an_unknown_value_is_refused() {
        assert!(Text::try_from("{uuids}".to_owned()).is_err());
        assert_eq!(
            Text::try_from("a{b}".to_owned()).unwrap(),
            Text::Fixed("a{b}".into())
        );
    }
}

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::{Body, IsapiDocument, IsapiRequest};

/// Which ways of recovery a device offers, without a login. It does not tell whether they
/// are set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryCapabilities {
    /// The ways. The spelling is the vendor's.
    #[serde(rename = "RestAdminPassWord")]
    pub ways: RecoveryWays,
}

/// The ways of recovery. What is absent is not offered, or not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryWays {
    /// Answers to security questions.
    #[serde(
        rename = "isSupportWithSecurityQuestion",
        skip_serializing_if = "Option::is_none"
    )]
    pub questions: Option<bool>,
    /// A file exported before.
    #[serde(
        rename = "isSupportWithGUIDFileData",
        skip_serializing_if = "Option::is_none"
    )]
    pub guid: Option<bool>,
    /// A code sent to the reserved e-mail address.
    #[serde(
        rename = "isSupportWithSecurityEmail",
        skip_serializing_if = "Option::is_none"
    )]
    pub mail: Option<bool>,
}

impl RecoveryCapabilities {
    /// Where they are read.
    pub const PATH: &'static str = "/ISAPI/Security/extern/capabilities";
}

impl IsapiDocument for RecoveryCapabilities {
    const ROOT: &'static str = "externSecurityCap";

    fn read(body: &Body) -> Option<Self> {
        let ways = RecoveryWays {
            questions: body.boolean("isSupportWithSecurityQuestion"),
            guid: body.boolean("isSupportWithGUIDFileData"),
            mail: body.boolean("isSupportWithSecurityEmail"),
        };
        (ways != RecoveryWays::default()).then_some(Self { ways })
    }
}

/// What a device offers to an account that is logged in, as far as recovery needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityCapabilities {
    /// Whether it exports a GUID file.
    #[serde(
        rename = "isSupportGUIDFileDataExport",
        skip_serializing_if = "Option::is_none"
    )]
    pub guid_export: Option<bool>,
    /// Whether its security questions can be set.
    #[serde(
        rename = "isSupportSecurityQuestionConfig",
        skip_serializing_if = "Option::is_none"
    )]
    pub questions: Option<bool>,
    /// Whether it takes a reserved e-mail address.
    #[serde(
        rename = "isSupportSecurityEmail",
        skip_serializing_if = "Option::is_none"
    )]
    pub mail: Option<bool>,
    /// The ways of encrypting values, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_version: Option<Box<str>>,
    /// The rounds of the key's derivation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_iterate_num: Option<u32>,
    /// Whether the device keeps no password that it could read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_irreversible: Option<bool>,
    /// The account's salt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<Box<str>>,
}

impl SecurityCapabilities {
    /// Where they are read.
    pub const PATH: &'static str = "/ISAPI/Security/capabilities";

    /// The request that reads them, with the account's salt.
    pub fn request(user: &str) -> IsapiRequest {
        let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
        IsapiRequest {
            path: format!("{}?username={user}", Self::PATH).into(),
            ..IsapiRequest::get(Self::PATH)
        }
    }

    pub(crate) fn has_version_one(&self) -> bool {
        let versions = self.security_version.as_deref().unwrap_or_default();
        versions.split(',').any(|version| version.trim() == "1")
    }
}

impl IsapiDocument for SecurityCapabilities {
    const ROOT: &'static str = "SecurityCap";

    fn read(body: &Body) -> Option<Self> {
        // In capabilities the values stand in an attribute, the text may be empty.
        let version = body
            .text("securityVersion@opt")
            .or_else(|| body.text("securityVersion"));
        let capabilities = Self {
            guid_export: body.boolean("isSupportGUIDFileDataExport"),
            questions: body.boolean("isSupportSecurityQuestionConfig"),
            mail: body.boolean("isSupportSecurityEmail"),
            security_version: version.map(Into::into),
            key_iterate_num: body.number("keyIterateNum"),
            is_irreversible: body.boolean("isIrreversible"),
            salt: body.owned("salt"),
        };
        (capabilities != Self::default()).then_some(capabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read() {
        let body = b"<externSecurityCap><RestAdminPassWord><isSupportWithSecurityQuestion>true</isSupportWithSecurityQuestion>\
            <isSupportWithGUIDFileData>false</isSupportWithGUIDFileData></RestAdminPassWord></externSecurityCap>";
        let read = RecoveryCapabilities::read(&Body::read(body).unwrap()).unwrap();
        let ways = RecoveryWays {
            questions: Some(true),
            guid: Some(false),
            mail: None,
        };
        assert_eq!(read.ways, ways);
        assert_eq!(
            RecoveryCapabilities::read(&Body::read(&read.to_xml(None)).unwrap()),
            Some(read)
        );

        let body = b"<SecurityCap><securityVersion opt=\"1\"/><keyIterateNum>100</keyIterateNum><salt>ab</salt>\
            <isSupportSecurityEmail>true</isSupportSecurityEmail></SecurityCap>";
        let read = SecurityCapabilities::read(&Body::read(body).unwrap()).unwrap();
        assert!(read.has_version_one());
        assert_eq!((read.key_iterate_num, read.mail), (Some(100), Some(true)));
        assert_eq!(
            SecurityCapabilities::read(&Body::read(&read.to_xml(None)).unwrap()),
            Some(read)
        );
        assert_eq!(
            &*SecurityCapabilities::request("a&b").path,
            "/ISAPI/Security/capabilities?username=a%26b"
        );
    }
}

//! Preparing the recovery of a password over HTTP, with a login: security questions, the
//! reserved e-mail address, the GUID file. It resets nothing: the bodies for that are not
//! known.
//!
//! The current password inside these requests is judged, too: a wrong one costs a try,
//! and [`ResponseStatus`](crate::ResponseStatus) tells how many are left.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sadp_proto::SecretAnswers;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    Body, Document, MediaType, Method, Request, RequestBody,
    fields::{Elements, Fields},
};

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

impl Document for RecoveryCapabilities {
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
    pub fn request(user: &str) -> Request {
        let user = utf8_percent_encode(user, NON_ALPHANUMERIC);
        Request {
            path: format!("{}?username={user}", Self::PATH).into(),
            ..Request::get(Self::PATH)
        }
    }

    pub(crate) fn has_version_one(&self) -> bool {
        let versions = self.security_version.as_deref().unwrap_or_default();
        versions.split(',').any(|version| version.trim() == "1")
    }
}

impl Document for SecurityCapabilities {
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
            salt: body.text("salt").map(Into::into),
        };
        (capabilities != Self::default()).then_some(capabilities)
    }
}

/// A security question of a device: the list is read with
/// [`read_list`](crate::read_list). Its text is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityQuestion {
    /// Its number.
    pub id: u32,
    /// Whether it has an answer.
    pub mark: bool,
}

impl SecurityQuestion {
    /// Where they are read and set.
    pub const PATH: &'static str = "/ISAPI/Security/questionConfiguration";

    /// The request that sets the answers, and replaces those of before.
    pub fn set(answers: &SecretAnswers, password: &SecretString, fields: &Fields) -> Request {
        let mut elements = Elements::default();
        for (id, answer) in answers.iter() {
            elements.push("QuestionList/Question/id", &id.to_string());
            let answer = fields.xml(answer.expose_secret());
            elements.push("QuestionList/Question/answer", &answer);
        }
        elements.push("password", &fields.xml(password.expose_secret()));
        Request {
            method: Method::Put,
            path: fields.path(Self::PATH).into(),
            body: Some(elements.body("SecurityQuestion")),
            reply_limit: Body::MAX_BYTES,
        }
    }
}

impl Document for SecurityQuestion {
    const ROOT: &'static str = "Question";

    fn read(body: &Body) -> Option<Self> {
        Some(Self {
            id: body.number("id")?,
            mark: body.boolean("mark").unwrap_or(false),
        })
    }
}

/// The reserved e-mail addresses of a device, which get codes for a reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityEmail {
    /// The addresses. Most devices take one.
    pub addresses: Vec<Box<str>>,
}

impl SecurityEmail {
    /// Where they are read and set.
    pub const PATH: &'static str = "/ISAPI/Security/email/parameter?format=json";

    /// Finds them in a reply.
    pub fn read(body: &Body) -> Self {
        let addresses = body
            .texts("SecurityInformation/emailAddress")
            .map(Into::into);
        Self {
            addresses: addresses.collect(),
        }
    }

    /// The request that sets one. Devices take it from their own network only.
    pub fn set(address: &str, password: &SecretString, fields: &Fields) -> Request {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Root<'a> {
            security_email: Content<'a>,
        }
        #[derive(Serialize)]
        struct Content<'a> {
            #[serde(rename = "SecurityInformation")]
            information: [Information<'a>; 1],
            password: &'a str,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Information<'a> {
            email_address: &'a str,
        }
        let (address, password) = (fields.json(address), fields.json(password.expose_secret()));
        let root = Root {
            security_email: Content {
                information: [Information {
                    email_address: &address,
                }],
                password: &password,
            },
        };
        // Growing would leave a copy of the password in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(Elements::MAX_BYTES));
        // Texts only: writing them to a vector cannot fail.
        let _infallible = serde_json::to_writer(&mut *bytes, &root);
        Request {
            method: Method::Put,
            path: fields.path(Self::PATH).into(),
            body: Some(RequestBody {
                media_type: MediaType::Json,
                bytes,
            }),
            reply_limit: Body::MAX_BYTES,
        }
    }
}

/// Where a device exports its GUID file.
const GUID_FILE: &str = "/ISAPI/Security/GUIDFileData";

/// The request that exports a device's GUID file, which is the body of the reply. Anyone
/// who has it can set a new password.
pub fn export_guid(password: &SecretString, fields: &Fields) -> Request {
    let mut elements = Elements::default();
    elements.push("password", &fields.xml(password.expose_secret()));
    Request {
        method: Method::Post,
        path: fields.path(GUID_FILE).into(),
        body: Some(elements.body("LoginPassword")),
        reply_limit: Body::MAX_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fields::FieldKey, list_to_xml, read_list};

    fn text(request: &Request) -> &str {
        std::str::from_utf8(&request.body.as_ref().unwrap().bytes).unwrap()
    }

    fn password() -> SecretString {
        "Pass<w0rd".into()
    }

    #[test]
    fn questions_are_set_as_the_web_client_does() {
        let answers = [(1, "Paris"), (4, "a&b"), (7, "x")].map(|(id, answer)| (id, answer.into()));
        let answers = SecretAnswers::to_set(answers.into()).unwrap();
        let request = SecurityQuestion::set(&answers, &password(), &Fields::Plain);
        assert_eq!(
            (request.method, &*request.path),
            (Method::Put, "/ISAPI/Security/questionConfiguration")
        );
        assert_eq!(
            text(&request),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><SecurityQuestion><QuestionList>\
             <Question><id>1</id><answer>Paris</answer></Question><Question><id>4</id><answer>a&amp;b</answer></Question>\
             <Question><id>7</id><answer>x</answer></Question></QuestionList><password>Pass&lt;w0rd</password></SecurityQuestion>"
        );
    }

    #[test]
    fn an_address_is_set_and_read() {
        let request = SecurityEmail::set("a@b.example", &password(), &Fields::Plain);
        assert_eq!(
            text(&request),
            r#"{"SecurityEmail":{"SecurityInformation":[{"emailAddress":"a@b.example"}],"password":"Pass<w0rd"}}"#
        );
        let read = SecurityEmail::read(&Body::read(text(&request).as_bytes()).unwrap());
        assert_eq!(read.addresses, ["a@b.example".into()]);
    }

    #[test]
    fn a_guid_is_exported_with_a_sealed_password() {
        let password = password();
        let credentials = crate::digest::Credentials {
            user: "admin",
            password: &password,
        };
        let capabilities = SecurityCapabilities {
            security_version: Some("1".into()),
            key_iterate_num: Some(100),
            ..SecurityCapabilities::default()
        };
        let key = || FieldKey::derive(&capabilities, credentials).unwrap();
        let fields = Fields::Sealed {
            key: key(),
            iv: [7; 16],
        };
        let request = export_guid(&password, &fields);
        assert_eq!(request.method, Method::Post);
        assert!(
            request
                .path
                .ends_with(&format!("GUIDFileData?security=1&iv={}", "07".repeat(16)))
        );
        let body = Body::read(text(&request).as_bytes()).unwrap();
        let opened = key()
            .open(body.text("password").unwrap(), &[7; 16])
            .unwrap();
        assert_eq!(*opened, "Pass&lt;w0rd");
    }

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

    #[test]
    fn configured_questions_are_read() {
        let questions = vec![
            SecurityQuestion { id: 1, mark: true },
            SecurityQuestion { id: 2, mark: false },
        ];
        let list = list_to_xml("QuestionList", &questions);
        assert_eq!(read_list(&list), Ok(questions));
    }
}

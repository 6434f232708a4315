//! Preparing the recovery of a password over HTTP, with a login: security questions, the
//! reserved e-mail address, the GUID file. It resets nothing: the bodies for that are not
//! known.
//!
//! The current password inside these requests is judged, too: a wrong one costs a try,
//! and [`ResponseStatus`](crate::ResponseStatus) tells how many are left.

use sadp_proto::SecretAnswers;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    Body, HttpMethod, IsapiDocument, IsapiRequest, MediaType, RequestBody,
    fields::{Fields, SecretElements},
};

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
    pub fn set(answers: &SecretAnswers, password: &SecretString, fields: &Fields) -> IsapiRequest {
        let mut elements = SecretElements::default();
        for (id, answer) in answers.iter() {
            elements.push("QuestionList/Question/id", &id.to_string());
            let answer = fields.xml(answer.expose_secret());
            elements.push("QuestionList/Question/answer", &answer);
        }
        elements.push("password", &fields.xml(password.expose_secret()));
        IsapiRequest {
            method: HttpMethod::Put,
            path: fields.path(Self::PATH).into(),
            body: Some(elements.body("SecurityQuestion")),
            reply_limit: Body::MAX_BYTES,
        }
    }
}

impl IsapiDocument for SecurityQuestion {
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
    pub fn set(address: &str, password: &SecretString, fields: &Fields) -> IsapiRequest {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct EmailDocument<'a> {
            security_email: EmailContent<'a>,
        }
        #[derive(Serialize)]
        struct EmailContent<'a> {
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
        let root = EmailDocument {
            security_email: EmailContent {
                information: [Information {
                    email_address: &address,
                }],
                password: &password,
            },
        };
        // Growing would leave a copy of the password in memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(SecretElements::MAX_BYTES));
        // Texts only: writing them to a vector cannot fail.
        let _infallible = serde_json::to_writer(&mut *bytes, &root);
        IsapiRequest {
            method: HttpMethod::Put,
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
pub fn export_guid(password: &SecretString, fields: &Fields) -> IsapiRequest {
    let mut elements = SecretElements::default();
    elements.push("password", &fields.xml(password.expose_secret()));
    IsapiRequest {
        method: HttpMethod::Post,
        path: fields.path(GUID_FILE).into(),
        body: Some(elements.body("LoginPassword")),
        reply_limit: Body::MAX_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        SecurityCapabilities, digest::LoginCredentials, fields::FieldKey, list_to_xml, read_list,
    };

    fn text(request: &IsapiRequest) -> &str {
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
            (HttpMethod::Put, "/ISAPI/Security/questionConfiguration")
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
        let credentials = LoginCredentials {
            user: "admin",
            password: &password,
        };
        let capabilities = SecurityCapabilities {
            security_version: Some("1".into()),
            key_iterate_num: Some(100),
            ..SecurityCapabilities::default()
        };
        let key = FieldKey::derive(&capabilities, credentials).unwrap();
        let fields = Fields::Sealed { key, iv: [7; 16] };
        let request = export_guid(&password, &fields);
        assert_eq!(request.method, HttpMethod::Post);
        assert!(
            request
                .path
                .ends_with(&format!("GUIDFileData?security=1&iv={}", "07".repeat(16)))
        );
        let body = Body::read(text(&request).as_bytes()).unwrap();
        let key = FieldKey::derive(&capabilities, credentials).unwrap();
        let opened = key.open(body.text("password").unwrap(), &[7; 16]);
        assert_eq!(**opened.unwrap(), *"Pass&lt;w0rd");
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

//! The `ResponseStatus` of the HTTP interface, in the vendor's status.

use std::time::Duration;

use serde_json::Value;

use super::xml::{Element, leaf, node};
use crate::{HttpDelivery, HttpProfile, HttpResponse, Tries};

/// The result of a request, of the vendor's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusWord {
    Done,
    NotSupported,
    NotActivated,
    HasActivated,
    MethodNotAllowed,
    InvalidOperation,
    BadXmlFormat,
    BadXmlContent,
    BadParameters,
    RiskPassword,
    /// A wrong current password within a body, which cost a try.
    WrongPassword(ClientLock),
}

/// What a device reports about the tries of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientLock {
    /// The rest of its lock, in seconds. `None` where it is not locked.
    pub(super) locked_for: Option<u64>,
    pub(super) tries_left: u32,
}

impl ClientLock {
    pub(super) fn of(tries: &mut Tries, now: Duration) -> Self {
        let locked_for = tries.locked_for(now).map(|left| {
            // Rounded up, so that nobody comes too early.
            u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
        });
        Self {
            locked_for,
            tries_left: tries.left,
        }
    }

    /// The `lockStatus`, in the word of a firmware generation.
    pub(super) fn word(self, profile: &HttpProfile) -> &str {
        match self.locked_for {
            Some(_) => &profile.lock_word,
            None => "unlock",
        }
    }
}

/// The fields of a `ResponseStatus`.
struct StatusFields {
    http: u16,
    code: u8,
    string: &'static str,
    sub_status: &'static str,
    error: u32,
}

impl StatusWord {
    const fn fields(self) -> StatusFields {
        let (http, code, sub_status, error) = match self {
            Self::Done => (200, 1, "ok", 1),
            Self::NotSupported => (403, 4, "notSupport", 0x4000_0001),
            Self::MethodNotAllowed => (403, 4, "methodNotAllowed", 0x4000_0004),
            Self::InvalidOperation => (403, 4, "invalidOperation", 0x4000_0006),
            Self::NotActivated => (403, 4, "notActivated", 0x4000_0007),
            Self::HasActivated => (403, 4, "hasActivated", 0x4000_0008),
            Self::BadXmlFormat => (400, 5, "badXmlFormat", 0x5000_0001),
            Self::BadParameters => (400, 6, "badParameters", 0x6000_0001),
            Self::BadXmlContent => (400, 6, "badXmlContent", 0x6000_0003),
            Self::RiskPassword => (400, 6, "riskPassword", 0x6000_0015),
            // The vendor's spelling.
            Self::WrongPassword(_) => (403, 6, "incorrentUserNameOrPassword", 0x6000_0012),
        };
        let string = match code {
            1 => "OK",
            4 => "Invalid Operation",
            5 => "Invalid XML Format",
            _ => "Invalid XML Content",
        };
        StatusFields {
            http,
            code,
            string,
            sub_status,
            error,
        }
    }

    /// The response to a request for this URL, as JSON where the URL asks for that.
    pub(super) fn response(self, target: &str, profile: &HttpProfile) -> HttpResponse {
        if self == Self::NotSupported && profile.html {
            return page(404, "Not Found");
        }
        let status = self.fields();
        let is_json = target.contains("format=json");
        let string = if is_json {
            status.string.replace("XML", "JSON")
        } else {
            status.string.to_owned()
        };
        let path = target.split('?').next().unwrap_or_default();
        let mut fields: Vec<(&str, Value)> = vec![
            ("requestURL", path.into()),
            ("statusCode", status.code.into()),
            ("statusString", string.into()),
            ("subStatusCode", status.sub_status.into()),
        ];
        if !profile.html {
            fields.push(("errorCode", status.error.into()));
            fields.push(("errorMsg", status.sub_status.into()));
        }
        if let Self::WrongPassword(lock) = self {
            fields.push(("lockStatus", lock.word(profile).into()));
            fields.push(("retryTimes", lock.tries_left.into()));
            fields.push(("resLockTime", lock.locked_for.unwrap_or_default().into()));
        }
        if is_json {
            let fields = fields.into_iter();
            return json(status.http, &fields.collect());
        }
        let elements = fields.into_iter().map(|(name, value)| match value {
            Value::String(text) => leaf(name, text),
            other => leaf(name, other),
        });
        let root = node("ResponseStatus", elements.collect());
        xml(status.http, &root, profile)
    }
}

/// A response with an XML document.
pub(super) fn xml(status: u16, root: &Element, profile: &HttpProfile) -> HttpResponse {
    document(status, root.document(profile))
}

/// A response with an XML document that is written already.
pub(super) fn document(status: u16, body: Vec<u8>) -> HttpResponse {
    with_type(status, "application/xml; charset=\"UTF-8\"", body)
}

/// A response with a JSON document.
pub(super) fn json(status: u16, value: &Value) -> HttpResponse {
    with_type(status, "application/json", value.to_string().into_bytes())
}

/// A response with a JSON document that is written already.
pub(super) fn json_document(body: Vec<u8>) -> HttpResponse {
    with_type(200, "application/json", body)
}

/// A page, as old firmware answers instead of a document.
pub(super) fn page(status: u16, title: &str) -> HttpResponse {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>Document Error: {title}</title></head>\n\
         <body><h2>Access Error: {status} -- {title}</h2></body></html>\n"
    );
    with_type(status, "text/html", body.into_bytes())
}

/// A response with a file.
pub(super) fn file(body: Vec<u8>) -> HttpResponse {
    with_type(200, "application/octet-stream", body)
}

fn with_type(status: u16, content_type: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type", content_type.to_owned())],
        body,
        delivery: HttpDelivery::Whole,
    }
}

use serde::Serialize;

use crate::{Body, IsapiDocument, LockState};

/// What a device says about a request that it carried out or refused. It may come with
/// HTTP 200 as well as with an error.
///
/// The words decide, not the numbers: the vendor's own table misprints some numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseStatus {
    /// The URL of the request.
    #[serde(rename = "requestURL", skip_serializing_if = "Option::is_none")]
    pub request_url: Option<Box<str>>,
    /// The group of the result: 1 done, 7 done after a reboot, others failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u32>,
    /// The group in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_string: Option<Box<str>>,
    /// The result.
    #[serde(rename = "subStatusCode", skip_serializing_if = "Option::is_none")]
    pub sub_status: Option<SubStatus>,
    /// After a wrong current password inside a request: whether the account is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_status: Option<LockState>,
    /// In that case, the tries left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_times: Option<u32>,
    /// In that case, seconds until the lock ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub res_lock_time: Option<u32>,
}

impl ResponseStatus {
    /// Whether the request was carried out, at once or with the next reboot.
    pub fn is_done(&self) -> bool {
        match &self.sub_status {
            Some(SubStatus::Ok | SubStatus::RebootRequired) => true,
            Some(SubStatus::RiskPassword) => matches!(self.status_code, Some(0 | 1)),
            Some(_) => false,
            None => matches!(self.status_code, Some(0 | 1 | 7)),
        }
    }

    /// Whether a request counts from the next reboot on.
    pub fn needs_restart(&self) -> bool {
        self.status_code == Some(7) || self.sub_status == Some(SubStatus::RebootRequired)
    }
}

impl IsapiDocument for ResponseStatus {
    const ROOT: &'static str = "ResponseStatus";

    fn read(body: &Body) -> Option<Self> {
        let status = Self {
            request_url: body.owned("requestURL"),
            status_code: body.number("statusCode"),
            status_string: body.owned("statusString"),
            sub_status: body.text("subStatusCode").map(SubStatus::of),
            lock_status: body.text("lockStatus").map(LockState::of),
            retry_times: body.number("retryTimes"),
            res_lock_time: body.number("resLockTime"),
        };
        let is_one = status.status_code.is_some() || status.sub_status.is_some();
        is_one.then_some(status)
    }

    /// Without the root: the vendor's JSON has none here.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// `subStatusCode`: why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "camelCase", ascii_case_insensitive)]
pub enum SubStatus {
    /// Done.
    Ok,
    /// Done, or refused: the password is weak. The group tells which.
    RiskPassword,
    /// Done with the next reboot.
    RebootRequired,
    /// It has something else to do.
    DeviceBusy,
    /// It does not offer the service now.
    ServiceUnavailable,
    /// It takes new firmware.
    Upgrading,
    /// It failed.
    DeviceError,
    /// This firmware has no such URL or function.
    NotSupport,
    /// The account may not do that.
    LowPrivilege,
    /// The login is not valid.
    BadAuthorization,
    /// The URL takes another method.
    MethodNotAllowed,
    /// Not now, e.g. while it boots.
    InvalidOperation,
    /// It has no password yet.
    NotActivated,
    /// It has a password already.
    HasActivated,
    /// Too many are logged in.
    LoginNumExceedLimit,
    /// The login has to be done again.
    NeedReAuthentication,
    /// A part of it takes the current password once more.
    NeedDoubleVerification,
    /// The request was not understood.
    BadXmlFormat,
    /// A value was not understood.
    BadXmlContent,
    /// A value is not allowed, or the way of activation is not this device's.
    BadParameters,
    /// A value is missing.
    #[strum(serialize = "MessageParametersLack")]
    MessageParametersLack,
    /// User or password is wrong. The spelling is the vendor's.
    #[strum(serialize = "incorrentUserNameOrPassword")]
    IncorrectUserNameOrPassword,
    /// The password has fewer than two kinds of characters, whatever the word says.
    UserPwdLenUnder8,
    /// The password is the user name.
    UserPwdNameSame,
    /// The password is the user name backwards.
    UserPwdNameMirror,
    /// The account is locked.
    UserLocked,
    /// Too many wrong passwords.
    MaxPasswordAttempts,
    /// The time server does not answer.
    #[strum(serialize = "NTPUnconnect")]
    NtpUnconnect,
    /// Another word, as received.
    #[strum(default)]
    Other(String),
}

words!(SubStatus);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> ResponseStatus {
        ResponseStatus::read(&Body::read(bytes).unwrap()).unwrap()
    }

    #[test]
    fn words_are_read_and_unknown_ones_kept() {
        for (word, sub_status) in [
            ("notSupport", SubStatus::NotSupport),
            ("NTPUnconnect", SubStatus::NtpUnconnect),
            (
                "incorrentUserNameOrPassword",
                SubStatus::IncorrectUserNameOrPassword,
            ),
            ("userPwdLenUnder8", SubStatus::UserPwdLenUnder8),
            ("tooColdOutside", SubStatus::Other("tooColdOutside".into())),
        ] {
            let body = format!(
                "<ResponseStatus version=\"2.0\"><requestURL>/ISAPI/x</requestURL><statusCode>4</statusCode>\
                 <statusString>Invalid Operation</statusString><subStatusCode>{word}</subStatusCode></ResponseStatus>"
            );
            let status = read(body.as_bytes());
            assert_eq!(status.sub_status, Some(sub_status));
            assert!(!status.is_done());
            let xml = status.to_xml(None);
            assert!(String::from_utf8_lossy(&xml).contains(word));
            assert_eq!(read(&xml), status);
            assert_eq!(read(&status.to_json()), status);
        }
    }

    #[test]
    fn done_is_told_from_refused() {
        for (code, word, done) in [
            (1, Some(SubStatus::Ok), true),
            (1, None, true),
            (7, Some(SubStatus::RebootRequired), true),
            (1, Some(SubStatus::RiskPassword), true),
            (6, Some(SubStatus::RiskPassword), false),
            (1, Some(SubStatus::NotSupport), false),
            (4, None, false),
        ] {
            let status = ResponseStatus {
                status_code: Some(code),
                sub_status: word,
                ..ResponseStatus::default()
            };
            assert_eq!(status.is_done(), done, "{status:?}");
        }
    }

    #[test]
    fn a_wrong_password_inside_a_request_tells_the_tries() {
        let status = read(
            b"<ResponseStatus><statusCode>4</statusCode><lockStatus>unlock</lockStatus>\
              <retryTimes>3</retryTimes><resLockTime>0</resLockTime></ResponseStatus>",
        );
        assert_eq!(status.lock_status, Some(LockState::Unlocked));
        assert_eq!(
            (status.retry_times, status.res_lock_time),
            (Some(3), Some(0))
        );
        assert_eq!(read(&status.to_xml(None)), status);
    }

    #[test]
    fn other_documents_are_none() {
        let body = Body::read(b"<userCheck><lockStatus>lock</lockStatus></userCheck>").unwrap();
        assert_eq!(ResponseStatus::read(&body), None);
    }

    proptest::proptest! {
        #[test]
        fn texts_are_read_as_they_were_written(string in "[ -~\u{e4}\u{95e8}]{0,64}", value: u32) {
            let status = ResponseStatus {
                status_code: Some(value),
                status_string: Some(string.trim()).filter(|it| !it.is_empty()).map(Into::into),
                ..ResponseStatus::default()
            };
            for written in [status.to_xml(Some("urn:x")), status.to_json()] {
                proptest::prop_assert_eq!(read(&written), status.clone());
            }
        }
    }
}

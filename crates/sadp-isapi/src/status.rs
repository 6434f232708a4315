use serde::Serialize;

use crate::{Body, IsapiDocument};

/// Whether a device has a password: the reply to [`ActivateStatus::PATH`], which needs
/// no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ActivateStatus {
    /// Whether it has a password.
    #[serde(rename = "Activated")]
    pub activated: bool,
    /// The newest way of activation over HTTP: 3 in newer firmware, otherwise absent.
    #[serde(rename = "supportVersion", skip_serializing_if = "Option::is_none")]
    pub support_version: Option<u32>,
}

impl ActivateStatus {
    /// Where it is read.
    pub const PATH: &'static str = "/SDK/activateStatus";
}

impl IsapiDocument for ActivateStatus {
    const ROOT: &'static str = "ActivateStatus";

    fn read(body: &Body) -> Option<Self> {
        let activated = body
            .boolean("Activated")
            .or_else(|| body.boolean("isActivated"))?;
        Some(Self {
            activated,
            support_version: body.number("supportVersion"),
        })
    }
}

/// What a device tells about a login: the reply to [`UserCheck::PATH`], and the body of
/// many a 401. Without credentials it costs no try.
///
/// Everything is optional. Old firmware sends a web page instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserCheck {
    /// 200, or 401.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_value: Option<u32>,
    /// The word to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_string: Option<Box<str>>,
    /// Whether the password is the one from the factory, of before 2015.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default_password: Option<bool>,
    /// Whether the password is weak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_risk_password: Option<bool>,
    /// Whether the device has a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_activated: Option<bool>,
    /// Whether this computer's address is locked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_status: Option<LockState>,
    /// Seconds until the lock ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlock_time: Option<u32>,
    /// Tries left before the lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_login_time: Option<u32>,
}

impl UserCheck {
    /// Where it is read.
    pub const PATH: &'static str = "/ISAPI/Security/userCheck";

    /// Whether it says that this computer's address is locked out.
    pub fn is_locked(&self) -> bool {
        self.lock_status == Some(LockState::Locked)
    }
}

impl IsapiDocument for UserCheck {
    const ROOT: &'static str = "userCheck";

    fn read(body: &Body) -> Option<Self> {
        let check = Self {
            status_value: body.number("statusValue"),
            status_string: body.owned("statusString"),
            is_default_password: body.boolean("isDefaultPassword"),
            is_risk_password: body.boolean("isRiskPassword"),
            is_activated: body.boolean("isActivated"),
            lock_status: body.text("lockStatus").map(LockState::of),
            unlock_time: body.number("unlockTime"),
            retry_login_time: body.number("retryLoginTime"),
        };
        (check != Self::default()).then_some(check)
    }
}

/// Whether a device refuses logins for a while.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(ascii_case_insensitive)]
pub enum LockState {
    /// It refuses them.
    #[strum(to_string = "locked", serialize = "lock")]
    Locked,
    /// It takes them.
    #[strum(to_string = "unlock", serialize = "unlocked")]
    Unlocked,
    /// Another word, as received.
    #[strum(default)]
    Other(String),
}

words!(LockState);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Option<UserCheck> {
        UserCheck::read(&Body::read(bytes).unwrap())
    }

    #[test]
    fn activation_is_read_in_all_spellings() {
        for (body, activated, support_version) in [
            (
                &b"<ActivateStatus><Activated>true</Activated></ActivateStatus>"[..],
                true,
                None,
            ),
            (
                b"<x><isActivated>false</isActivated><supportVersion>3</supportVersion></x>",
                false,
                Some(3),
            ),
            (
                b"{\"ActivateStatus\":{\"Activated\":true,\"supportVersion\":3}}",
                true,
                Some(3),
            ),
        ] {
            let status = ActivateStatus::read(&Body::read(body).unwrap()).unwrap();
            assert_eq!(
                status,
                ActivateStatus {
                    activated,
                    support_version
                }
            );
            for written in [status.to_xml(Some("urn:x")), status.to_json()] {
                assert_eq!(
                    ActivateStatus::read(&Body::read(&written).unwrap()),
                    Some(status)
                );
            }
        }
    }

    #[test]
    fn it_is_written_as_devices_do() {
        let status = ActivateStatus {
            activated: false,
            support_version: Some(3),
        };
        let xml = status.to_xml(Some("http://www.hikvision.com/ver20/XMLSchema"));
        assert_eq!(
            String::from_utf8(xml).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ActivateStatus version=\"2.0\" \
             xmlns=\"http://www.hikvision.com/ver20/XMLSchema\"><Activated>false</Activated>\
             <supportVersion>3</supportVersion></ActivateStatus>"
        );
        let json = status.to_json();
        assert_eq!(
            json,
            b"{\"ActivateStatus\":{\"Activated\":false,\"supportVersion\":3}}"
        );
    }

    #[test]
    fn locks_are_read_in_all_spellings() {
        for (word, state) in [
            ("lock", LockState::Locked),
            ("Locked", LockState::Locked),
            ("unlock", LockState::Unlocked),
            ("UNLOCKED", LockState::Unlocked),
            ("later", LockState::Other("later".into())),
        ] {
            let body = format!(
                "<userCheck><statusValue>401</statusValue><lockStatus>{word}</lockStatus>\
                 <unlockTime>1795</unlockTime><retryLoginTime>0</retryLoginTime></userCheck>"
            );
            let read = check(body.as_bytes()).unwrap();
            assert_eq!(read.is_locked(), state == LockState::Locked);
            assert_eq!(read.lock_status, Some(state));
            assert_eq!(
                (read.unlock_time, read.retry_login_time),
                (Some(1795), Some(0))
            );
            for written in [read.to_xml(None), read.to_json()] {
                assert_eq!(check(&written).as_ref(), Some(&read));
            }
        }
    }

    #[test]
    fn a_web_page_tells_nothing() {
        let page = b"<!DOCTYPE html><html><head><title>Document Error: Unauthorized</title></head>\
                     <body><h2>Access Error: 401 -- Unauthorized</h2></body></html>";
        assert_eq!(check(page), None);
    }
}

//! Decisions of one login. At most one request with credentials is sent, and only on a
//! fresh challenge.

use crate::{
    HttpFailure, HttpRefusal, IsapiReply, ResponseStatus, SubStatus, UserCheck, digest::Challenge,
};

/// How one login ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The password is right. Whether the request was carried out, the body tells.
    Accepted(IsapiReply),
    /// The device judged user name and password wrong, which costs a try.
    WrongPassword {
        /// Tries left before the lock, if the device tells.
        tries_left: Option<u32>,
    },
    /// The credentials were sent and not judged, or the device does not say so.
    Refused(HttpRefusal),
    /// No credentials were sent, so no try was spent.
    Withheld(Withheld),
    /// The credentials were sent, but no whole reply came: a try may have been spent.
    Unknown(HttpFailure),
}

impl LoginOutcome {
    /// Whether a request with credentials may have reached the device.
    pub fn credentials_sent(&self) -> bool {
        !matches!(self, Self::Withheld(_))
    }
}

/// Why no credentials were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The device answered without a login.
    NotNeeded(IsapiReply),
    /// The device refuses in any case.
    Refused(HttpRefusal),
    /// One try is left before the lock.
    OneTryLeft,
    /// The device wants a login twice, without a challenge that can be answered.
    NoChallenge,
    /// The device takes the password only as Basic, which sends it in the clear.
    BasicOnly,
    /// No whole reply came.
    Failed(HttpFailure),
}

/// Whether a login may send the password itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasicLogin {
    /// Never.
    #[default]
    Refuse,
    /// If the device offers nothing else.
    Allow,
}

/// What comes after a request without credentials.
pub(crate) enum Next {
    /// The same again, because firmware now and then sends a broken challenge.
    AskAgain,
    /// The request with an answer to this challenge.
    Answer(Challenge),
    /// The request with the password.
    AnswerBasic,
    /// Nothing.
    Done(LoginOutcome),
}

impl Next {
    fn withheld(why: Withheld) -> Self {
        Self::Done(LoginOutcome::Withheld(why))
    }
}

/// Decides about the reply to a request without credentials. `again` tells that it was
/// sent for the second time.
pub(crate) fn next(reply: IsapiReply, again: bool, basic: BasicLogin) -> Next {
    if let Some(refusal) = HttpRefusal::of(&reply) {
        return Next::withheld(Withheld::Refused(refusal));
    }
    if reply.status != 401 {
        return Next::withheld(Withheld::NotNeeded(reply));
    }
    let check: UserCheck = reply.document().unwrap_or_default();
    if check.retry_login_time.is_some_and(|tries| tries <= 1) {
        return Next::withheld(Withheld::OneTryLeft);
    }
    if let Some(challenge) = reply.challenges.digest {
        Next::Answer(challenge)
    } else if !again {
        // Some firmware offers Digest at the second request.
        Next::AskAgain
    } else if !reply.challenges.basic {
        Next::withheld(Withheld::NoChallenge)
    } else if basic == BasicLogin::Allow {
        Next::AnswerBasic
    } else {
        Next::withheld(Withheld::BasicOnly)
    }
}

/// Decides about the reply to the request with credentials.
pub(crate) fn conclude(reply: IsapiReply) -> LoginOutcome {
    let refusal = HttpRefusal::of(&reply);
    if let Some(locked @ HttpRefusal::Locked { .. }) = refusal {
        return LoginOutcome::Refused(locked);
    }
    let check: UserCheck = reply.document().unwrap_or_default();
    let status: ResponseStatus = reply.document().unwrap_or_default();
    // The password inside a request is judged, too. Then the reply has the tries left.
    let is_inner = status.retry_times.is_some() && !status.is_done();
    let word = status.sub_status;
    let is_judged = check.status_value == Some(401)
        || is_inner
        || matches!(
            word,
            Some(SubStatus::BadAuthorization | SubStatus::IncorrectUserNameOrPassword)
        );
    // A 401 without anything else is one of the broken replies that some firmware sends
    // now and then. A stale nonce says nothing about the password either.
    let challenge = reply.challenges.digest.as_ref();
    let is_asked_again = reply.challenges.basic || challenge.is_some_and(|it| !it.stale);
    if is_judged || (reply.status == 401 && is_asked_again) {
        let tries_left = check.retry_login_time.or(status.retry_times);
        return LoginOutcome::WrongPassword { tries_left };
    }
    match refusal {
        // Who reads the request has taken the login.
        Some(HttpRefusal::Unexpected { status: 400 }) if word.is_some() => {
            LoginOutcome::Accepted(reply)
        }
        Some(refusal) => LoginOutcome::Refused(refusal),
        None if reply.is_success() => LoginOutcome::Accepted(reply),
        None => LoginOutcome::Refused(HttpRefusal::Unexpected {
            status: reply.status,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Challenges;

    const CHALLENGE: &[u8] = b"Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    const STALE: &[u8] = b"Digest realm=\"r\", nonce=\"n\", stale=TRUE";
    const BASIC: &[u8] = b"Basic realm=\"r\"";
    const BROKEN: &[u8] = b"Digest realm=\"r";

    fn reply(status: u16, header: &[u8], body: &str) -> IsapiReply {
        IsapiReply {
            status,
            challenges: Challenges::read([header]),
            body: body.into(),
        }
    }

    fn check(elements: &str) -> String {
        format!("<userCheck><statusValue>401</statusValue>{elements}</userCheck>")
    }

    fn response(code: u32, word: &str) -> String {
        format!(
            "<ResponseStatus><statusCode>{code}</statusCode><statusString>Invalid Operation</statusString>\
             <subStatusCode>{word}</subStatusCode></ResponseStatus>"
        )
    }

    fn withheld(reply: IsapiReply) -> Option<Withheld> {
        match next(reply, true, BasicLogin::Refuse) {
            Next::Done(LoginOutcome::Withheld(withheld)) => Some(withheld),
            _ => None,
        }
    }

    #[test]
    fn nothing_is_sent_to_a_device_that_would_not_judge_it() {
        for (reply, expected) in [
            (
                reply(
                    401,
                    CHALLENGE,
                    &check("<lockStatus>lock</lockStatus><unlockTime>1795</unlockTime>"),
                ),
                HttpRefusal::Locked {
                    seconds: Some(1795),
                },
            ),
            (
                reply(403, b"", &check("<lockStatus>locked</lockStatus>")),
                HttpRefusal::Locked { seconds: None },
            ),
            (
                reply(
                    200,
                    b"",
                    "<userCheck><isActivated>false</isActivated></userCheck>",
                ),
                HttpRefusal::NotActivated,
            ),
            (
                reply(401, CHALLENGE, &response(4, "notActivated")),
                HttpRefusal::NotActivated,
            ),
            (reply(404, b"", ""), HttpRefusal::NoSuchUrl),
            (reply(405, b"", "no"), HttpRefusal::NoSuchUrl),
            (reply(501, b"", ""), HttpRefusal::NoSuchUrl),
            (
                reply(403, b"", &response(4, "notSupport")),
                HttpRefusal::NoSuchUrl,
            ),
            (
                reply(403, b"", &response(4, "methodNotAllowed")),
                HttpRefusal::NoSuchUrl,
            ),
            (reply(403, b"", &response(4, "")), HttpRefusal::Booting),
            (
                reply(403, b"", &response(4, "invalidOperation")),
                HttpRefusal::Booting,
            ),
            (reply(403, b"", ""), HttpRefusal::Forbidden { word: None }),
            (
                reply(403, b"", &response(4, "lowPrivilege")),
                HttpRefusal::Forbidden {
                    word: Some(SubStatus::LowPrivilege),
                },
            ),
            (reply(500, b"", ""), HttpRefusal::Unexpected { status: 500 }),
            (reply(302, b"", ""), HttpRefusal::Unexpected { status: 302 }),
        ] {
            assert_eq!(HttpRefusal::of(&reply).as_ref(), Some(&expected));
            assert_eq!(withheld(reply), Some(Withheld::Refused(expected)));
        }
    }

    #[test]
    fn the_last_try_is_left_to_the_owner() {
        for tries in ["0", "1"] {
            let body = check(&format!("<retryLoginTime>{tries}</retryLoginTime>"));
            assert_eq!(
                withheld(reply(401, CHALLENGE, &body)),
                Some(Withheld::OneTryLeft)
            );
        }
        let body = check("<retryLoginTime>2</retryLoginTime>");
        assert!(matches!(
            next(reply(401, CHALLENGE, &body), false, BasicLogin::Refuse),
            Next::Answer(_)
        ));
    }

    #[test]
    fn a_broken_challenge_is_asked_for_once_more() {
        for header in [BROKEN, b"", BASIC] {
            assert!(matches!(
                next(reply(401, header, ""), false, BasicLogin::Allow),
                Next::AskAgain
            ));
        }
        assert_eq!(
            withheld(reply(401, BROKEN, "")),
            Some(Withheld::NoChallenge)
        );
        assert_eq!(withheld(reply(401, BASIC, "")), Some(Withheld::BasicOnly));
        assert!(matches!(
            next(reply(401, BASIC, ""), true, BasicLogin::Allow),
            Next::AnswerBasic
        ));
        assert!(matches!(
            next(reply(401, CHALLENGE, ""), true, BasicLogin::Allow),
            Next::Answer(_)
        ));
    }

    #[test]
    fn an_open_url_needs_no_login() {
        let open = reply(200, b"", "<DeviceInfo/>");
        assert_eq!(withheld(open.clone()), Some(Withheld::NotNeeded(open)));
    }

    #[test]
    fn only_a_judged_password_is_wrong() {
        let page = "<html><head><title>Document Error: Unauthorized</title></head></html>";
        let tries = check("<lockStatus>unlock</lockStatus><retryLoginTime>4</retryLoginTime>");
        let unexpected = LoginOutcome::Refused(HttpRefusal::Unexpected { status: 401 });
        for (reply, outcome) in [
            (
                reply(401, CHALLENGE, page),
                LoginOutcome::WrongPassword { tries_left: None },
            ),
            (
                reply(401, BROKEN, &tries),
                LoginOutcome::WrongPassword {
                    tries_left: Some(4),
                },
            ),
            (
                reply(200, b"", &tries),
                LoginOutcome::WrongPassword {
                    tries_left: Some(4),
                },
            ),
            (
                reply(403, b"", &response(4, "badAuthorization")),
                LoginOutcome::WrongPassword { tries_left: None },
            ),
            (
                reply(401, BASIC, ""),
                LoginOutcome::WrongPassword { tries_left: None },
            ),
            (reply(401, BROKEN, page), unexpected.clone()),
            (reply(401, STALE, page), unexpected),
            (
                reply(
                    401,
                    CHALLENGE,
                    &check("<lockStatus>locked</lockStatus><unlockTime>1800</unlockTime>"),
                ),
                LoginOutcome::Refused(HttpRefusal::Locked {
                    seconds: Some(1800),
                }),
            ),
            (
                reply(404, b"", ""),
                LoginOutcome::Refused(HttpRefusal::NoSuchUrl),
            ),
            (
                reply(200, b"", &response(4, "notSupport")),
                LoginOutcome::Refused(HttpRefusal::NoSuchUrl),
            ),
        ] {
            let ended = conclude(reply);
            assert_eq!(ended, outcome);
            assert!(ended.credentials_sent());
        }
    }

    #[test]
    fn a_wrong_password_inside_a_request_costs_a_try() {
        let body = "<ResponseStatus><statusCode>4</statusCode><lockStatus>unlock</lockStatus>\
                    <retryTimes>3</retryTimes></ResponseStatus>";
        for status in [200, 400, 401, 403] {
            let outcome = conclude(reply(status, b"", body));
            assert_eq!(
                outcome,
                LoginOutcome::WrongPassword {
                    tries_left: Some(3)
                }
            );
        }
    }

    #[test]
    fn a_request_that_was_read_had_a_login() {
        let reply = reply(400, b"", &response(6, "badParameters"));
        assert_eq!(conclude(reply.clone()), LoginOutcome::Accepted(reply));
    }

    #[test]
    fn what_is_not_refused_is_accepted() {
        for body in [
            "<userCheck><statusValue>200</statusValue><isActivated>true</isActivated></userCheck>",
            "<ResponseStatus><statusCode>6</statusCode><subStatusCode>badParameters</subStatusCode></ResponseStatus>",
            "",
        ] {
            let reply = reply(200, b"", body);
            assert_eq!(conclude(reply.clone()), LoginOutcome::Accepted(reply));
        }
    }
}

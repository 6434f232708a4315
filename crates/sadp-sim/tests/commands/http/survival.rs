//! No request makes a device panic.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;

use super::client::{Sent, owner};
use crate::{UNACTIVATED, van::Van};

const TARGETS: [&str; 12] = [
    "/SDK/activateStatus",
    "/ISAPI/Security/challenge",
    "/ISAPI/System/activate",
    "/ISAPI/System/activate/GetChallengeV3?format=json",
    "/ISAPI/System/activate/StartActivateV3?format=json",
    "/ISAPI/Security/userCheck",
    "/ISAPI/System/time",
    "/ISAPI/System/time/ntpServers",
    "/ISAPI/System/Network/Integrate",
    "/ISAPI/Security/questionConfiguration?security=1&iv=00",
    "/ISAPI/Security/email/parameter?format=json&security=1",
    "/ISAPI/ContentMgmt/InputProxy/channels/7/status",
];

fn target() -> impl Strategy<Value = String> {
    let known = prop::sample::select(&TARGETS[..]).prop_map(str::to_owned);
    prop_oneof![known, any::<String>()]
}

fn body() -> impl Strategy<Value = String> {
    let xml = "<(Time|NTPServer|Integrate|User)>(<[a-z]{1,3}>[^<]{0,4}</[a-z]{1,3}>){0,4}</Time>";
    let json =
        "\\{(\"(publicKey|password|SecurityEmail)\":(\"[a-zA-Z0-9=]{0,9}\"|\\[\\]|\\{\\}))?\\}";
    prop_oneof![xml, json, any::<String>()]
}

proptest! {
    #[test]
    fn any_request_is_answered(
        method in "GET|PUT|POST|DELETE|[A-Z]{0,9}",
        target in target(),
        authorization in prop::option::of("(Digest|Basic|Bearer)? ?.{0,99}"),
        body in body(),
        keys in prop::sample::select(&["", UNACTIVATED][..]),
        log_in: bool,
    ) {
        let mut van = Van::one("nvr-v4.62.210", keys);
        let mut client = owner(&mut van);
        let sent = Sent { method: &method, target: &target, body: &body };
        let can_log_in = log_in && keys.is_empty() && matches!(&*method, "GET" | "PUT" | "POST");
        let is_open = client.ask(sent).status != 401;
        if can_log_in && !is_open {
            prop_assert!(client.log_in(sent).status >= 200);
        } else {
            prop_assert!(client.send(sent, authorization.as_deref()).is_some());
        }
    }
}

#[test]
fn moduli_that_are_no_keys_are_refused() {
    for byte in [0, 2, 0xff] {
        for length in [0, 1, 127, 128, 129, 384] {
            let modulus = BASE64_STANDARD.encode(hex::encode(vec![byte; length]));
            let body = format!("<PublicKey><key>{modulus}</key></PublicKey>");
            let mut van = Van::one("ipc-v5.5.6", UNACTIVATED);
            let sent = Sent {
                method: "POST",
                target: "/ISAPI/Security/challenge",
                body: &body,
            };
            let status = owner(&mut van).ask(sent).status;
            let is_key = byte == 0xff && length == 128;
            assert_eq!(status == 200, is_key, "{length} times {byte}");
        }
    }
}

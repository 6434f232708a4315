//! Headers and bodies of the devices' HTTP interface.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_isapi::{
    ActivateStatus, Body, ChannelStatus, DeviceInfo, DeviceZone, DiscoveryMode, HttpMethod,
    InputChannel, Integrate, IsapiDocument, NtpServer, ResponseStatus, SecurityCapabilities, Time,
    UserCheck, VideoSource,
    digest::{Challenges, LoginCredentials, RequestLine, device::Presented},
    read_list, replace_text,
};
use secrecy::SecretString;

fuzz_target!(|bytes: &[u8]| {
    answer(bytes);
    if let Ok(body) = Body::read(bytes) {
        written_again::<ActivateStatus>(&body);
        written_again::<UserCheck>(&body);
        written_again::<ResponseStatus>(&body);
        written_again::<DeviceInfo>(&body);
        written_again::<Time>(&body);
        written_again::<NtpServer>(&body);
        written_again::<Integrate>(&body);
        written_again::<DiscoveryMode>(&body);
        written_again::<SecurityCapabilities>(&body);
        let _ = body.text("timeZone").map(str::parse::<DeviceZone>);
    }
    let _ = read_list::<InputChannel>(bytes);
    let _ = read_list::<ChannelStatus>(bytes);
    let _ = read_list::<VideoSource>(bytes);
    if let Ok(changed) = replace_text(bytes, "ONVIF/enable", "true") {
        assert_eq!(replace_text(&changed, "ONVIF/enable", "true"), Ok(changed));
    }
});

/// Each line is a `WWW-Authenticate` header.
fn answer(bytes: &[u8]) {
    let challenges = Challenges::read(bytes.split(|&byte| byte == b'\n'));
    let Some(challenge) = challenges.digest else {
        return;
    };
    let password = SecretString::from("Passw0rd!");
    let credentials = LoginCredentials {
        user: "admin",
        password: &password,
    };
    let line = RequestLine {
        method: HttpMethod::Get,
        uri: "/ISAPI/Security/userCheck",
    };
    let answer = challenge.answer(credentials, line, "0a4f113b");
    // One near the longest that is read may have got too long.
    if let Some(presented) = Presented::read(answer.as_bytes()) {
        assert_eq!(challenge.verify(&presented, credentials, line), Ok(()));
    }
}

fn written_again<D: IsapiDocument>(body: &Body) {
    if let Some(once) = D::read(body).and_then(|document| read_again(&document)) {
        // Line breaks inside texts are folded once.
        let twice = read_again(&once).map(|document| document.to_json());
        assert_eq!(twice, Some(once.to_json()));
    }
}

fn read_again<D: IsapiDocument>(document: &D) -> Option<D> {
    D::read(&Body::read(&document.to_xml(None)).ok()?)
}

mod activate;
mod peer;

use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use self::peer::{CHALLENGE, FIRST, Peer, SECOND, header, reply, unauthorized};
use super::*;
use crate::{
    ActivateStatus, AskError, Body, DeviceInfo, HttpRefusal, UserCheck,
    digest::{Challenge, device::Presented},
};

fn password() -> SecretString {
    SecretString::from("Passw0rd!")
}

fn admin(password: &SecretString) -> LoginCredentials<'_> {
    LoginCredentials {
        user: "admin",
        password,
    }
}

fn with_login(requests: &[String]) -> usize {
    requests
        .iter()
        .filter(|it| header(it, "authorization").is_some())
        .count()
}

const ACCEPTED: &str =
    "<userCheck><statusValue>200</statusValue><isActivated>true</isActivated></userCheck>";

#[tokio::test]
async fn one_login_is_one_request_with_credentials() {
    let wrong =
        "<userCheck><statusValue>401</statusValue><retryLoginTime>4</retryLoginTime></userCheck>";
    let headers = format!("WWW-Authenticate: {CHALLENGE}\r\n");
    let peer = Peer::new([unauthorized(), reply(401, &headers, wrong)]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Allow)
        .await;
    assert_eq!(
        outcome,
        LoginOutcome::WrongPassword {
            tries_left: Some(4)
        }
    );
    let requests = peer.requests().await;
    assert_eq!((requests.len(), with_login(&requests)), (2, 1));
    assert_eq!(with_login(&requests[..1]), 0, "never pre-emptive");
}

#[tokio::test]
async fn the_answer_is_valid_for_the_request_line() {
    let peer = Peer::new([unauthorized(), reply(200, "", ACCEPTED)]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(reply) if reply.body == ACCEPTED.as_bytes()));
    let requests = peer.requests().await;
    let line = requests[1].lines().next().unwrap();
    let uri = line
        .strip_prefix("GET ")
        .and_then(|it| it.strip_suffix(" HTTP/1.1"))
        .unwrap();
    let challenge: Challenge = Challenges::read([CHALLENGE.as_bytes()]).digest.unwrap();
    let presented =
        Presented::read(header(&requests[1], "authorization").unwrap().as_bytes()).unwrap();
    let line = RequestLine {
        method: HttpMethod::Get,
        uri,
    };
    assert_eq!(
        challenge.verify(&presented, admin(&password()), line),
        Ok(())
    );
}

#[tokio::test]
async fn a_body_goes_only_with_the_credentials() {
    let done = "<ResponseStatus><statusCode>1</statusCode></ResponseStatus>";
    let peer = Peer::new([unauthorized(), reply(200, "", done)]).await;
    let request = IsapiRequest::put("/ISAPI/System/time?security=1&iv=0a", b"<Time/>".to_vec());
    let outcome = peer
        .client()
        .login(&request, admin(&password()), BasicLogin::Refuse)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    let [first, second] = &*peer.requests().await else {
        panic!("two");
    };
    assert_eq!(header(first, "content-length"), Some("0"));
    assert_eq!(header(second, "content-type"), Some("application/xml"));
    assert!(second.ends_with("\r\n\r\n<Time/>"));
    assert!(
        second.contains("uri=\"/ISAPI/System/time?security=1&iv=0a\""),
        "{second}"
    );
}

#[tokio::test]
async fn a_broken_challenge_is_no_wrong_password() {
    let broken = reply(401, "WWW-Authenticate: Digest realm=\"x\r\n", "");
    let peer = Peer::new([broken.clone(), unauthorized(), reply(200, "", ACCEPTED)]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    assert_eq!(with_login(&peer.requests().await), 1);

    let peer = Peer::new([broken.clone(), broken]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert_eq!(outcome, LoginOutcome::Withheld(Withheld::NoChallenge));
    assert_eq!(with_login(&peer.requests().await), 0);
}

#[tokio::test]
async fn basic_is_only_for_callers_that_allow_it() {
    let basic = reply(401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
    let peer = Peer::new([basic.clone(), basic.clone()]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert_eq!(outcome, LoginOutcome::Withheld(Withheld::BasicOnly));
    assert_eq!(with_login(&peer.requests().await), 0);

    let peer = Peer::new([basic.clone(), basic, reply(200, "", ACCEPTED)]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Allow)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    let requests = peer.requests().await;
    assert_eq!(
        header(&requests[2], "authorization"),
        Some("Basic YWRtaW46UGFzc3cwcmQh")
    );
}

#[tokio::test]
async fn what_comes_to_nothing_after_the_credentials_is_unknown() {
    for (torn, failure) in [
        ("", HttpFailure::BadReply),
        (
            "HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nx",
            HttpFailure::BadReply,
        ),
        ("220 ftp\r\n", HttpFailure::BadReply),
    ] {
        let peer = Peer::new([unauthorized(), torn.into()]).await;
        let outcome = peer
            .client()
            .verify(admin(&password()), BasicLogin::Refuse)
            .await;
        assert_eq!(outcome, LoginOutcome::Unknown(failure));
        let peer = Peer::new([torn]).await;
        let outcome = peer
            .client()
            .verify(admin(&password()), BasicLogin::Refuse)
            .await;
        assert_eq!(outcome, LoginOutcome::Withheld(Withheld::Failed(failure)));
    }
    // The peer is gone before the second request.
    let peer = Peer::new([unauthorized()]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert_eq!(
        outcome,
        LoginOutcome::Withheld(Withheld::Failed(HttpFailure::NotConnected))
    );
}

#[tokio::test]
async fn questions_without_a_login_are_answered() {
    let status = "<ActivateStatus><Activated>true</Activated><supportVersion>3</supportVersion></ActivateStatus>";
    let locked =
        "<userCheck><lockStatus>lock</lockStatus><unlockTime>1795</unlockTime></userCheck>";
    let page = "<html><title>Document Error: Unauthorized</title></html>";
    let peer = Peer::new([
        reply(200, "", status),
        reply(401, "", locked),
        reply(401, "", page),
        reply(404, "", page),
        reply(401, "", page),
        reply(200, "", page),
    ])
    .await;
    let client = peer.client();
    let activated = client.activate_status().await.unwrap();
    assert_eq!(
        activated,
        ActivateStatus {
            activated: true,
            support_version: Some(3)
        }
    );
    let check = client.user_check().await.unwrap();
    assert!(check.is_locked());
    assert_eq!(check.unlock_time, Some(1795));
    let silent = UserCheck {
        status_value: Some(401),
        ..UserCheck::default()
    };
    assert_eq!(client.user_check().await, Ok(silent));
    assert_eq!(
        client.user_check().await,
        Err(AskError::Refused(HttpRefusal::NoSuchUrl))
    );
    assert_eq!(client.activate_status().await, Err(AskError::LoginNeeded));
    assert_eq!(client.activate_status().await, Err(AskError::NoDocument));
    let requests = peer.requests().await;
    assert_eq!(with_login(&requests), 0);
    assert!(requests[0].starts_with("GET /SDK/activateStatus HTTP/1.1\r\n"));
}

#[tokio::test]
async fn firmware_without_user_check_is_asked_for_something_else() {
    let info = "<DeviceInfo><model>DS-2CD2532F</model></DeviceInfo>";
    let peer = Peer::new([reply(404, "", ""), unauthorized(), reply(200, "", info)]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    let requests = peer.requests().await;
    assert_eq!(with_login(&requests), 1);
    assert!(requests[2].starts_with("GET /ISAPI/System/deviceInfo HTTP/1.1\r\n"));
}

#[tokio::test]
async fn documents_are_read_with_one_login_each() {
    let info = "<DeviceInfo><model>DS-2CD2532F</model></DeviceInfo>";
    let peer = Peer::new([
        unauthorized(),
        reply(200, "", info),
        reply(200, "", info),
        unauthorized(),
        reply(404, "", ""),
    ])
    .await;
    let client = peer.client();
    let password = password();
    let (request, admin) = (DeviceInfo::request(), admin(&password));
    for _ in 0..2 {
        let read: Option<DeviceInfo> = client
            .read(&request, admin, BasicLogin::Refuse)
            .await
            .unwrap();
        assert_eq!(read.unwrap().model.as_deref(), Some("DS-2CD2532F"));
    }
    let refused = client
        .read::<DeviceInfo>(&request, admin, BasicLogin::Refuse)
        .await;
    assert_eq!(refused, Err(LoginOutcome::Refused(HttpRefusal::NoSuchUrl)));
    assert_eq!(with_login(&peer.requests().await), 2);
}

fn to(location: &str) -> String {
    reply(302, &format!("Location: {location}\r\n"), "")
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_host_only() {
    let peer = Peer::new([
        to("/new/userCheck?x=1"),
        unauthorized(),
        reply(200, "", ACCEPTED),
    ])
    .await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    let requests = peer.requests().await;
    assert!(requests[2].starts_with("GET /new/userCheck?x=1 HTTP/1.1\r\n"));
    assert!(requests[2].contains("uri=\"/new/userCheck?x=1\""));

    for location in [
        "http://192.0.2.1/ISAPI/Security/userCheck",
        "//example.org/",
        "http://localhost/",
        "http://admin:x@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http://[",
    ] {
        let peer = Peer::new([to(location)]).await;
        assert_eq!(
            peer.client().user_check().await,
            Err(AskError::Failed(HttpFailure::RedirectedAway)),
            "{location}"
        );
    }
    let peer = Peer::new([to("/a"), to("/b"), to("/c")]).await;
    assert_eq!(
        peer.client().user_check().await,
        Err(AskError::Failed(HttpFailure::RedirectLoop))
    );
    // The credentials do not follow.
    let peer = Peer::new([unauthorized(), to("/elsewhere")]).await;
    let outcome = peer
        .client()
        .verify(admin(&password()), BasicLogin::Refuse)
        .await;
    assert_eq!(
        outcome,
        LoginOutcome::Refused(HttpRefusal::Unexpected { status: 302 })
    );
    assert_eq!(peer.requests().await.len(), 2);
}

#[tokio::test]
async fn floods_are_cut_off() {
    let flood = [
        b"HTTP/1.1 200 x\r\n\r\n".to_vec(),
        vec![b'x'; Body::MAX_BYTES + 1],
    ]
    .concat();
    let peer = Peer::new([flood.clone(), flood]).await;
    let limit = Body::MAX_BYTES;
    assert_eq!(
        peer.client().user_check().await,
        Err(AskError::Failed(HttpFailure::TooLong { limit }))
    );
    let limit = DeviceInfo::MAX_BYTES;
    assert_eq!(
        peer.client().ask(&DeviceInfo::request()).await,
        Err(HttpFailure::TooLong { limit })
    );

    let many = reply(200, &"X: y\r\n".repeat(65), "");
    let long = reply(200, &format!("X: {}\r\n", "y".repeat(1 << 20)), "");
    for bomb in [many, long] {
        let peer = Peer::new([bomb]).await;
        assert_eq!(
            peer.client().user_check().await,
            Err(AskError::Failed(HttpFailure::BadReply))
        );
    }
}

#[tokio::test]
async fn silence_ends() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let forever = Duration::from_hours(1);
    let soon = Duration::from_millis(20);
    for (read, whole) in [(soon, forever), (forever, soon)] {
        let mut settings = ClientSettings::new(listener.local_addr().unwrap(), Transport::Http);
        settings.timeouts = Timeouts {
            connect: forever,
            read,
            whole,
        };
        // The system takes the connection; nobody answers.
        let client = Client::new(&settings).unwrap();
        assert_eq!(
            client.user_check().await,
            Err(AskError::Failed(HttpFailure::Timeout))
        );
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn requests_leave_from_the_local_address_and_by_the_interface() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut settings = ClientSettings::new(address, Transport::Http);
    settings.local_address = Some([127, 0, 0, 9].into());
    settings.interface = Some("lo".into());
    let client = Client::new(&settings).unwrap();
    let request = IsapiRequest::get(UserCheck::PATH);
    let accept = async {
        let (stream, from) = listener.accept().await.unwrap();
        peer::answer(stream, reply(404, "", "").as_bytes()).await;
        from.ip()
    };
    let (asked, from) = tokio::join!(client.ask(&request), accept);
    assert_eq!(asked.unwrap().status, 404);
    assert_eq!(from, IpAddr::from([127, 0, 0, 9]));

    for interface in ["no-such-card", "a name that is much too long"] {
        settings.interface = Some(interface.into());
        let asked = Client::new(&settings).unwrap().ask(&request).await;
        assert_eq!(asked, Err(HttpFailure::NotConnected));
    }
}

fn https(peer: &Peer, certificate: Option<CertificateFingerprint>) -> Client {
    let mut settings = ClientSettings::new(peer.address, Transport::Https);
    settings.certificate = certificate;
    Client::new(&settings).unwrap()
}

#[tokio::test]
async fn the_first_certificate_is_kept_and_another_refused() {
    let (first, second) = (
        CertificateFingerprint::of(&FIRST.der()),
        CertificateFingerprint::of(&SECOND.der()),
    );
    let peer = Peer::with_tls(
        [unauthorized(), reply(200, "", ACCEPTED)],
        Some(FIRST.acceptor()),
    )
    .await;
    let client = https(&peer, None);
    let outcome = client.verify(admin(&password()), BasicLogin::Refuse).await;
    assert!(matches!(outcome, LoginOutcome::Accepted(_)));
    assert_eq!(client.certificate(), Some(first));

    let peer = Peer::with_tls([unauthorized()], Some(SECOND.acceptor())).await;
    let client = https(&peer, Some(first));
    let outcome = client.verify(admin(&password()), BasicLogin::Refuse).await;
    let changed = HttpFailure::CertificateChanged {
        expected: first,
        seen: second,
    };
    assert_eq!(outcome, LoginOutcome::Withheld(Withheld::Failed(changed)));
    assert_eq!(client.certificate(), None);
    assert_eq!(peer.requests().await, ["no handshake"]);
}

#[tokio::test]
async fn old_or_no_tls_is_told() {
    let refused = b"\x15\x03\x01\x00\x02\x02\x46";
    for (bytes, failure) in [
        (&refused[..], HttpFailure::TlsTooOld),
        (b"HTTP/1.1 400 x\r\n\r\n", HttpFailure::Tls),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = Client::new(&ClientSettings::new(address, Transport::Https)).unwrap();
        let peer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        };
        let (asked, ()) = tokio::join!(client.user_check(), peer);
        assert_eq!(asked, Err(AskError::Failed(failure)));
    }
}

#[tokio::test]
async fn https_does_not_fall_back_to_http() {
    let location = "Location: http://127.0.0.1/\r\n";
    let peer = Peer::with_tls([reply(307, location, "")], Some(FIRST.acceptor())).await;
    let asked = https(&peer, None).user_check().await;
    assert_eq!(asked, Err(AskError::Failed(HttpFailure::RedirectedAway)));
}

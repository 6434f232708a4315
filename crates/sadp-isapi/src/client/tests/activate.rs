use sadp_proto::seal::Password;
use secrecy::ExposeSecret;

use super::{
    peer::{Peer, answer, answer_with, reply},
    *,
};
use crate::{
    ActivateError, BodyError, ResponseStatus, SubStatus,
    activation::{ActivationError, Handshake, Scheme, device::DeviceHandshake},
};

#[tokio::test]
async fn a_device_gets_its_first_password() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let settings = ClientSettings::new(listener.local_addr().unwrap(), Transport::Http);
    let client = Client::new(&settings).unwrap();
    let mut rng = UnwrapErr(SysRng);
    let handshake = Handshake::start(Scheme::Legacy, &mut rng).unwrap();
    let password = Password::new("Passw0rd!".into()).unwrap();
    let device = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut session = None;
        let challenge = answer_with(stream, |request| {
            let digits = "0123456789abcdef0123456789abcdef";
            let answered =
                DeviceHandshake::answer(Scheme::Legacy, &body(request), digits, &mut rng);
            let (device, challenge) = answered.unwrap();
            session = Some(device);
            reply(200, "", std::str::from_utf8(&challenge).unwrap()).into()
        });
        let challenge = challenge.await;
        let (stream, _) = listener.accept().await.unwrap();
        let done = "<ResponseStatus><statusCode>1</statusCode><subStatusCode>ok</subStatusCode></ResponseStatus>";
        let activate = answer(stream, reply(200, "", done).as_bytes()).await;
        let opened = session.unwrap().open_password(&body(&activate)).unwrap();
        assert_eq!(opened.expose_secret(), "Passw0rd!");
        [challenge, activate].map(|request| request.lines().next().unwrap().to_owned())
    };
    let (activated, lines) = tokio::join!(client.activate(&handshake, &password), device);
    assert!(activated.unwrap().is_done());
    let challenge = "POST /ISAPI/Security/challenge HTTP/1.1";
    assert_eq!(lines, [challenge, "PUT /ISAPI/System/activate HTTP/1.1"]);
}

#[tokio::test]
async fn no_password_leaves_where_it_is_refused() {
    let active = "<ResponseStatus><statusCode>4</statusCode><subStatusCode>hasActivated</subStatusCode></ResponseStatus>";
    let handshake = Handshake::start(Scheme::Legacy, &mut UnwrapErr(SysRng)).unwrap();
    let password = Password::new("Passw0rd!".into()).unwrap();
    let refused = ResponseStatus {
        status_code: Some(4),
        sub_status: Some(SubStatus::HasActivated),
        ..ResponseStatus::default()
    };
    let refused = ActivateError::Handshake(ActivationError::Refused(refused.into()));
    for (first, error) in [
        (reply(403, "", active), refused),
        (
            reply(404, "", ""),
            ActivateError::Refused(HttpRefusal::NoSuchUrl),
        ),
        (
            reply(200, "", "<Challenge/>"),
            ActivateError::Handshake(ActivationError::BadChallenge),
        ),
        (reply(200, "", ""), ActivateError::Body(BodyError::NotText)),
        (String::new(), ActivateError::Failed(HttpFailure::BadReply)),
    ] {
        let peer = Peer::new([first]).await;
        assert_eq!(
            peer.client().activate(&handshake, &password).await,
            Err(error)
        );
        assert_eq!(peer.requests().await.len(), 1);
    }
}

/// The body of a request.
fn body(request: &str) -> Body {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    Body::read(body.as_bytes()).unwrap()
}

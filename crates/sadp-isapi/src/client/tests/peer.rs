//! Peers on loopback that say what the tests tell them.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::{Client, ClientSettings, Transport};

/// The challenge of a camera.
pub(super) const CHALLENGE: &str =
    "Digest qop=\"auth\", realm=\"IP Camera(C2183)\", nonce=\"NjU=\", stale=\"FALSE\"";

/// A peer that sends one reply per connection, in this order, and then is gone. It
/// returns the requests that it received.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    requests: JoinHandle<Vec<String>>,
}

impl Peer {
    pub(super) async fn new(replies: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        Self::with_tls(replies, None).await
    }

    pub(super) async fn with_tls(
        replies: impl IntoIterator<Item = impl Into<Vec<u8>>>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let replies: Vec<Vec<u8>> = replies.into_iter().map(Into::into).collect();
        let requests = tokio::spawn(async move {
            let mut requests = Vec::new();
            for reply in replies {
                let (stream, _) = listener.accept().await.unwrap();
                requests.push(match &tls {
                    None => answer(stream, &reply).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => answer(stream, &reply).await,
                        Err(_) => "no handshake".into(),
                    },
                });
            }
            requests
        });
        Self { address, requests }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&ClientSettings::new(self.address, Transport::Http)).unwrap()
    }

    pub(super) async fn requests(self) -> Vec<String> {
        self.requests.await.unwrap()
    }
}

/// Reads one request, sends the reply and hangs up.
pub(super) async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, reply: &[u8]) -> String {
    answer_with(stream, |_| reply.to_vec()).await
}

/// The same, with a reply that depends on the request.
pub(super) async fn answer_with(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: impl FnOnce(&str) -> Vec<u8>,
) -> String {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
    }
    let request = String::from_utf8(request).unwrap();
    let _ = stream.write_all(&reply(&request)).await;
    let _ = stream.shutdown().await;
    // Until the client has hung up as well, so that nothing of the reply is lost.
    let _ = stream.read_to_end(&mut Vec::new()).await;
    request
}

/// Whether a request has all its bytes.
pub(super) fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    header(head, "content-length").is_none_or(|length| body.len() >= length.parse().unwrap())
}

pub(super) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = request.lines().filter_map(|line| line.split_once(": "));
    let found = headers.find(|(it, _)| it.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

pub(super) fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

pub(super) fn unauthorized() -> String {
    reply(401, &format!("WWW-Authenticate: {CHALLENGE}\r\n"), "")
}

/// A certificate and its key, made for these tests.
pub(super) struct TestCertificate {
    certificate: &'static str,
    key: &'static str,
}

#[rustfmt::skip]
pub(super) const FIRST: TestCertificate = TestCertificate {
    certificate: "MIIBbzCCARWgAwIBAgIURZDenSAzIrMmxuACMJJzVTChzzEwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjcxNzE3MjRaGA8yMTI2MTEwMzE3MTcyNFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAH8Ze7peP8tgyOgavenMyV1q1YWdH+pywY9ut8xguE5xkEvgIjwSV4fdz0C/xpMYDui5FybqSa/Z8PCmhNRHp6jUzBRMB0GA1UdDgQWBBQ1LCdlOt5+70jaHXYGG2yIL5MkRzAfBgNVHSMEGDAWgBQ1LCdlOt5+70jaHXYGG2yIL5MkRzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDZziKLTzMwzBgUKGOPZkkJO9uWZrKtkuJed+wBJETuuQIgDw5m/Ncfq1gCS3+6GLq5EmpKT137QPFTnV3286+lwnQ=",
    key: "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4sKRq2GHjHWS62Mgw6IXVfAWUXcPpSoWGwWtD8jOaaihRANCAAQB/GXu6Xj/LYMjoGr3pzMldatWFnR/qcsGPbrfMYLhOcZBL4CI8EleH3c9Av8aTGA7ouRcm6kmv2fDwpoTUR6e",
};

#[rustfmt::skip]
pub(super) const SECOND: TestCertificate = TestCertificate {
    certificate: "MIIBbzCCARWgAwIBAgIUQE8uPsHMMtVIGOhJHZIrfI0pvs8wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYjAgFw0yNjExMjcxNzE3MjRaGA8yMTI2MTEwMzE3MTcyNFowDDEKMAgGA1UEAwwBYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBtSRbW2oUp9yoARdSXZvtsKtvhyTeViaq333fBb3UljK8xVi45OiCsUXoaENVgBXGhtDMp694ZyGdjcB16aYzijUzBRMB0GA1UdDgQWBBSndhwzYtYah9CEXUFyiD093uoOSzAfBgNVHSMEGDAWgBSndhwzYtYah9CEXUFyiD093uoOSzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIBeIKlBooZkM9rOxcCXQiXTDsQr+xTrgaE3AII5QGJ3DAiEA3F91WG5mseZvPqaS9k7ge/hMOQ/anbAw2YoWyv8UFYs=",
    key: "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgC/6Ttt9G9fR2I2volM0CsMxxuKDoapvAQTeRkWhAj/KhRANCAAQbUkW1tqFKfcqAEXUl2b7bCrb4ck3lYmqt993wW91JYyvMVYuOTogrFF6GhDVYAVxobQzKeveGchnY3AdemmM4",
};

impl TestCertificate {
    pub(super) fn der(&self) -> CertificateDer<'static> {
        BASE64_STANDARD.decode(self.certificate).unwrap().into()
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(BASE64_STANDARD.decode(self.key).unwrap()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der()], key);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

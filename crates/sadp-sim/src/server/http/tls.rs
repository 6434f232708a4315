//! TLS of devices: certificates that sign themselves, or no version of today.

use std::{error::Error, fmt, io, sync::Arc};

use rand::{Rng, SeedableRng, rngs::Xoshiro256PlusPlus};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{Device, TlsForm};

/// The TLS of a device.
#[derive(Clone)]
pub(super) enum DeviceTls {
    Today(TlsAcceptor),
    TooOld,
}

/// Without the key.
impl fmt::Debug for DeviceTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Today(_) => "Today(..)",
            Self::TooOld => "TooOld",
        })
    }
}

impl DeviceTls {
    pub(super) fn new(device: &Device, form: TlsForm) -> io::Result<Self> {
        let key = match form {
            TlsForm::TooOld => return Ok(Self::TooOld),
            TlsForm::NewCertificate => KeyPair::generate_for(&PKCS_ED25519),
            TlsForm::OwnCertificate => KeyPair::try_from(&own_key(device)),
        };
        let acceptor = key
            .map_err(Into::into)
            .and_then(|key| acceptor(device, &key));
        acceptor.map(Self::Today).map_err(io::Error::other)
    }

    /// Returns the stream after the handshake.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        match self {
            Self::Today(acceptor) => acceptor.accept(stream).await,
            Self::TooOld => Err(refuse(stream).await),
        }
    }
}

/// The key of a device in each run. Whoever knows its MAC can make it: it protects nothing.
fn own_key(device: &Device) -> PrivatePkcs8KeyDer<'static> {
    /// PKCS #8 around the 32 bytes of an Ed25519 key: RFC 8410, section 7.
    const HEAD: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let mut seed = [0; 8];
    seed[2..].copy_from_slice(&device.identity.mac.octets());
    let mut key = [0; 32];
    Xoshiro256PlusPlus::seed_from_u64(u64::from_be_bytes(seed)).fill_bytes(&mut key);
    [&HEAD[..], &key].concat().into()
}

fn acceptor(device: &Device, key: &KeyPair) -> Result<TlsAcceptor, Box<dyn Error + Send + Sync>> {
    let mut parameters = CertificateParams::default();
    let name = &*device.identity.serial;
    parameters.distinguished_name.push(DnType::CommonName, name);
    let certificate = parameters.self_signed(key)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Refuses what a client offers, as a server of TLS 1.0 does.
async fn refuse(mut stream: TcpStream) -> io::Error {
    /// An alert in a record of TLS 1.0: fatal, `protocol_version` (RFC 5246, section 7.2).
    const ALERT: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 70];
    let exchange = async {
        stream.read_u8().await?;
        stream.write_all(&ALERT).await?;
        stream.shutdown().await?;
        // Until the client leaves: a reset could overtake the alert.
        copy(&mut stream, &mut sink()).await
    };
    let ended = exchange.await.err();
    ended.unwrap_or_else(|| io::ErrorKind::Unsupported.into())
}

//! HTTPS with certificates that nobody signed: the first one that was seen is kept, and
//! another one refused.

use std::{
    error::Error,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::{CertificateFingerprint, HttpFailure};

/// TLS 1.2 and 1.3 with this verifier.
pub(super) fn config(pin: Arc<Pin>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::clone(&pin.provider);
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verified = config.dangerous().with_custom_certificate_verifier(pin);
    Ok(verified.with_no_client_auth())
}

/// The certificate of one device.
#[derive(Debug)]
pub(super) struct Pin {
    provider: Arc<CryptoProvider>,
    certificate: Mutex<Option<CertificateFingerprint>>,
    /// Whether the device has shown it.
    shown: AtomicBool,
}

impl Pin {
    /// Expects this certificate; without one, the first that it sees from then on.
    pub(super) fn new(certificate: Option<CertificateFingerprint>) -> Self {
        Self {
            provider: Arc::new(ring::default_provider()),
            certificate: Mutex::new(certificate),
            shown: AtomicBool::new(false),
        }
    }

    /// The certificate that the device has shown.
    pub(super) fn certificate(&self) -> Option<CertificateFingerprint> {
        let certificate = *self
            .certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        certificate.filter(|_| self.shown.load(Ordering::Relaxed))
    }
}

/// Checks no names, dates or signatures of certificates, but that the peer holds the key
/// of this one.
impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = CertificateFingerprint::of(certificate);
        let mut pinned = self
            .certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let expected = *pinned.get_or_insert(seen);
        if expected == seen {
            self.shown.store(true, Ordering::Relaxed);
            return Ok(ServerCertVerified::assertion());
        }
        let changed = HttpFailure::CertificateChanged { expected, seen };
        Err(rustls::Error::Other(OtherError(Arc::new(changed))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// What an error of TLS means. `None` if the error has none inside.
pub(super) fn failure(error: &(dyn Error + 'static)) -> Option<HttpFailure> {
    let tls = rustls_error(error)?;
    Some(match tls {
        rustls::Error::Other(OtherError(other)) => match other.downcast_ref() {
            Some(&failure) => failure,
            None => HttpFailure::Tls,
        },
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity,
        ) => HttpFailure::TlsTooOld,
        _ => HttpFailure::Tls,
    })
}

/// The error of TLS inside another one. `source` of an I/O error skips the error that it
/// wraps.
fn rustls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &'a (dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

//! The certificate of a server that others than this computer can reach.

use std::{io, net::IpAddr, path::Path, sync::Arc};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
#[derive(Clone)]
pub struct TlsIdentity {
    pub(crate) acceptor: TlsAcceptor,
    fingerprint: String,
}

/// Without the key.
impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("TlsIdentity");
        out.field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not in the form of PEM.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The key cannot be used with the certificate.
    #[error("the certificate cannot be used")]
    Unusable(#[from] rustls::Error),
    /// None can be made.
    #[error("cannot make a certificate")]
    NotMade(#[from] rcgen::Error),
}

impl TlsIdentity {
    /// Makes one for this address, for one run. Browsers do not know it: the user
    /// compares its fingerprint.
    pub fn make(address: IpAddr) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(vec![address.to_string()])?;
        let name = "sadpctl web";
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key)?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self::new(vec![certificate.der().clone()], key)
    }

    /// Reads one of the user's own, with the certificates above it, from files in the
    /// form of PEM.
    pub fn read(certificates: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_file_iter(certificates).and_then(Iterator::collect);
        let chain: Vec<_> = chain.map_err(|error| unreadable(certificates, error))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
        Self::new(chain, key)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsError> {
        let first = chain.first().map(Sha256::digest).unwrap_or_default();
        let pairs: Vec<_> = first.iter().map(|byte| format!("{byte:02X}")).collect();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            fingerprint: pairs.join(":"),
        })
    }

    /// The SHA-256 fingerprint of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn unreadable(path: &Path, error: rustls::pki_types::pem::Error) -> TlsError {
    let source = match error {
        rustls::pki_types::pem::Error::Io(source) => source,
        error => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
    };
    TlsError::File {
        path: path.display().to_string(),
        source,
    }
}

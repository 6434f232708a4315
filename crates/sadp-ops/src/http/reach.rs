//! By which transport a device is asked, and which certificate it must have.

use std::net::SocketAddr;

use sadp_isapi::{
    AskError, BasicLogin, CertificateFingerprint, Client, ClientSettings, HttpFailure, SetupError,
    Timeouts, Transport,
};

use super::{HttpStatus, address};
use crate::{DiscoveredDevice, OpsError, Session};

/// How devices are reached over HTTP.
#[derive(Clone, Debug)]
pub struct HttpAccess {
    /// Whether a login may send the password itself, where a device offers nothing else.
    pub basic: BasicLogin,
    /// Whether HTTP is used alone, also where a device has HTTPS.
    pub http_only: bool,
    /// The port of HTTPS. Devices do not report it.
    pub https_port: u16,
    /// The certificate that the device must have, in place of the one in the ledger. For one
    /// device alone.
    pub accept: Option<CertificateFingerprint>,
}

impl HttpAccess {
    /// The usual port of HTTPS.
    pub const HTTPS_PORT: u16 = 443;

    /// HTTP alone, without logins by Basic.
    pub(crate) const HTTP_ONLY: Self = Self {
        basic: BasicLogin::Refuse,
        http_only: true,
        https_port: Self::HTTPS_PORT,
        accept: None,
    };
}

impl Default for HttpAccess {
    /// A login over HTTPS where the device has that, and no password in the clear.
    fn default() -> Self {
        Self {
            http_only: false,
            ..Self::HTTP_ONLY
        }
    }
}

/// The order in which the transports are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransportOrder {
    /// HTTP alone.
    Http,
    /// HTTP, and HTTPS where nothing takes connections there: for questions.
    HttpFirst,
    /// HTTPS, and HTTP where nothing takes connections there: for logins.
    HttpsFirst,
}

/// The way to one device. Requests leave by the interface on which it was heard: two may
/// see the same address.
#[derive(Clone, Debug)]
pub(crate) struct HttpEndpoint {
    http: SocketAddr,
    https: SocketAddr,
    interface: Option<String>,
    timeouts: Timeouts,
    /// Whether it is asked over HTTPS alone.
    https_only: bool,
    /// The certificate that it must have. `None` before the first one was seen.
    pub(super) certificate: Option<CertificateFingerprint>,
}

/// What a device told, or why it told nothing.
type Asked = Result<Result<HttpStatus, HttpFailure>, SetupError>;

impl HttpEndpoint {
    pub(crate) fn new(
        device: &DiscoveredDevice,
        access: &HttpAccess,
        session: &Session,
    ) -> Result<Self, OpsError> {
        let http = address(device).ok_or(OpsError::NoAddress)?;
        let heard = device.entry.reply_address();
        let remembered = match (device.key(), session.ledger()) {
            (Some(key), Some(ledger)) => ledger.certificate_of(&key)?,
            (None, Some(ledger)) => ledger.certificate_at(http.ip())?,
            (_, None) => None,
        };
        let remembered = remembered.map(|it| <[u8; 32]>::from(it.fingerprint).into());
        Ok(Self {
            http,
            https: SocketAddr::new(http.ip(), device.https_port.unwrap_or(access.https_port)),
            https_only: device.https_port.is_some() && !access.http_only,
            interface: heard.map(|it| it.interface.to_string()),
            timeouts: Timeouts::default(),
            certificate: access.accept.or(remembered),
        })
    }

    /// The same with other times to wait.
    pub(super) fn with(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    pub(crate) fn client(&self, transport: Transport) -> Result<Client, SetupError> {
        let address = match transport {
            Transport::Http => self.http,
            Transport::Https => self.https,
        };
        Client::new(&ClientSettings {
            interface: self.interface.clone(),
            timeouts: self.timeouts,
            certificate: self.certificate,
            ..ClientSettings::new(address, transport)
        })
    }

    /// Asks the device what it tells without a login.
    pub(super) async fn ask(self, order: TransportOrder) -> Asked {
        if self.https_only {
            return self.ask_by(Transport::Https).await;
        }
        let first = match order {
            TransportOrder::Http | TransportOrder::HttpFirst => Transport::Http,
            TransportOrder::HttpsFirst => Transport::Https,
        };
        let failure = match self.ask_by(first).await? {
            Ok(status) => return Ok(Ok(status)),
            Err(failure) => failure,
        };
        Ok(match order {
            TransportOrder::HttpFirst if failure == HttpFailure::NotConnected => {
                self.ask_by(Transport::Https).await?
            }
            TransportOrder::Http | TransportOrder::HttpFirst => Err(failure),
            TransportOrder::HttpsFirst => {
                let mut asked = self.ask_by(Transport::Http).await?;
                let has_none = failure == HttpFailure::NotConnected;
                match &mut asked {
                    // Whoever blocks its HTTPS must not get the login over HTTP.
                    Ok(status) if !has_none || self.certificate.is_some() => {
                        status.no_https = Some(failure);
                    }
                    Err(reported) if !has_none => *reported = failure,
                    _ => {}
                }
                asked
            }
        })
    }

    async fn ask_by(&self, transport: Transport) -> Asked {
        let client = self.client(transport)?;
        let activation = client.activate_status().await;
        if let Err(AskError::Failed(failure)) = activation
            && ends_all(failure)
        {
            return Ok(Err(failure));
        }
        let check = client.user_check().await;
        if let (Err(AskError::Failed(failure)), Err(AskError::Failed(_))) = (&activation, &check) {
            return Ok(Err(*failure));
        }
        Ok(Ok(HttpStatus {
            transport: Some(transport),
            certificate: client.certificate(),
            ..HttpStatus::new(activation, check)
        }))
    }
}

/// Whether another question would fail for the same reason.
const fn ends_all(failure: HttpFailure) -> bool {
    matches!(
        failure,
        HttpFailure::NotConnected
            | HttpFailure::TlsTooOld
            | HttpFailure::Tls
            | HttpFailure::CertificateChanged { .. }
    )
}

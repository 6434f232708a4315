use clap::Args;
use sadp_ops::check::{BasicLogin, CertificateFingerprint, HttpAccess};

use crate::failure::Failure;

/// By which transport devices are asked.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct TransportArgs {
    /// Use HTTP alone, also where a device has HTTPS
    ///
    /// For devices whose HTTPS is too old. The password goes as an answer to a challenge
    #[arg(hide_short_help = true, long)]
    http: bool,

    /// The port of HTTPS; devices do not report it
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = HttpAccess::HTTPS_PORT, conflicts_with = "http", value_parser = clap::value_parser!(u16).range(1..))]
    https_port: u16,
}

impl TransportArgs {
    /// Whether any of it is given.
    pub(crate) const fn is_given(self) -> bool {
        self.http || self.https_port != HttpAccess::HTTPS_PORT
    }

    /// What is chosen, without Basic.
    pub(crate) fn access(self) -> HttpAccess {
        HttpAccess {
            http_only: self.http,
            https_port: self.https_port,
            ..HttpAccess::default()
        }
    }
}

/// How devices are reached over HTTP.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct HttpArgs {
    #[command(flatten)]
    transport: TransportArgs,

    /// Take this certificate of one device from now on
    ///
    /// Its SHA-256, as a run says that found another certificate than before
    #[arg(
        hide_short_help = true,
        long,
        value_name = "FINGERPRINT",
        conflicts_with = "http"
    )]
    accept_certificate: Option<CertificateFingerprint>,

    /// Send the password itself where one device offers nothing else
    ///
    /// Over HTTP everybody in the network can read it
    #[arg(hide_short_help = true, long)]
    allow_basic: bool,
}

impl HttpArgs {
    /// What is chosen, for a command that names so many devices. Two of the options lower
    /// what protects a password, so they are for one device and for logins alone.
    pub(crate) fn access(self, logs_in: bool, named: usize) -> Result<HttpAccess, Failure> {
        let lowering = [
            ("--accept-certificate", self.accept_certificate.is_some()),
            ("--allow-basic", self.allow_basic),
        ];
        for (option, _) in lowering.iter().filter(|(_, given)| *given) {
            if !logs_in {
                let message = format!("{option} is for logins alone");
                return Err(Failure::usage(message).hint("add --login"));
            }
            if named != 1 {
                let message = format!("{option} is for one device");
                return Err(Failure::usage(message)
                    .hint("name the device, and run it for one after the other"));
            }
        }
        Ok(HttpAccess {
            basic: if self.allow_basic {
                BasicLogin::Allow
            } else {
                BasicLogin::Refuse
            },
            accept: self.accept_certificate,
            ..self.transport.access()
        })
    }
}

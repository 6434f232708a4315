use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::Args;

use super::{ReachArgs, values::above_zero};

/// `web`.
#[derive(Args, Debug)]
#[command(mut_arg("port", |arg| arg.long("device-port")), after_help = "\
The first line on stdout is the link. It lets one browser in, once. Ctrl-C ends the
page, and so does --idle.

Examples:
  sadpctl web
  sadpctl web --no-open --port 8037
  sadpctl web --listen 192.168.1.250 --tls-cert site.pem --tls-key site.key")]
pub(crate) struct WebArgs {
    /// Serve it at this address, for other computers
    ///
    /// Whoever has the link can change devices. The page is then served over HTTPS,
    /// with a certificate made for this run or that of --tls-cert
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", value_parser = own_address)]
    pub(crate) listen: IpAddr,

    /// Serve it on this port; 0 takes a free one
    #[arg(long = "port", value_name = "N", default_value_t = 0)]
    pub(crate) page_port: u16,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,

    /// End when nobody has used the page for so long
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = above_zero)]
    pub(crate) idle: Duration,

    /// Serve over HTTPS with this certificate, in a file in the form of PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// An address of this computer that a browser can open.
fn own_address(text: &str) -> Result<IpAddr, String> {
    let address = text.parse().ok();
    // Browsers name the address they open, and requests that name another one are refused.
    address
        .filter(|it: &IpAddr| !it.is_unspecified() && !it.is_multicast())
        .ok_or_else(|| "write one IP address of this computer, e.g. 192.168.1.250".into())
}

//! The page in the browser.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use sadp_ops::Cancellation;
use sadp_web::{EndReason, TlsError, TlsIdentity, WebConfig, WebServer, WebServerError};

use crate::{
    args::{Context, WebArgs},
    failure::{Exit, Failure},
    interrupt,
    output::Format,
    state, survey,
};

pub(super) fn run(args: &WebArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let Context { global, terminal } = context;
    if global.format != Format::Table {
        let message = "web prints a link, for which --format has no form";
        return Err(Failure::usage(message).hint("leave --format out"));
    }
    let identity = identity(args)?;
    let cancellation = Cancellation::default();
    let config = WebConfig {
        listen: SocketAddr::new(args.listen, args.page_port),
        idle: args.idle,
        scan: survey::config(&args.reach, global, None)?,
        state: state::folder(global)?,
        config: state::config_folder().ok(),
        lock_wait: global.lock_wait,
        identity: identity.clone(),
        cancellation: cancellation.clone(),
    };
    let runtime = survey::runtime()?;
    let server = runtime.block_on(WebServer::bind(config))?;
    writeln!(terminal.out(), "{}", server.link())?;
    terminal.flush()?;
    if let Some(identity) = &identity {
        if !args.listen.is_loopback() {
            terminal.warn(&format!(
                "other computers can reach this page at {}: whoever has the link can change devices",
                server.address()
            ));
        }
        let fingerprint = identity.fingerprint();
        terminal.note(&format!(
            "compare the SHA-256 fingerprint of the certificate in the browser: {fingerprint}"
        ));
    }
    if !args.no_open && state::home_of_caller().is_some() {
        terminal.note("no browser is opened under sudo");
    } else if !args.no_open {
        let file = server.write_entrance()?;
        if open::that_detached(file).is_err() {
            terminal.warn("no browser can be started on this computer");
        }
    }
    let idle = humantime::format_duration(args.idle);
    let unless = if args.no_open {
        ""
    } else {
        " if none opens by itself"
    };
    terminal.note(&format!(
        "open the link above in a browser{unless}; it can be used once. Ctrl-C ends the page, and so does {idle} without use"
    ));
    runtime.spawn(interrupt::pass_to(cancellation));
    match runtime.block_on(server.run()) {
        EndReason::Stopped => Ok(Exit::Done),
        EndReason::Idle => {
            terminal.note(&format!("nobody used the page for {idle}: it is closed"));
            Ok(Exit::Done)
        }
        EndReason::LinkUsedTwice => {
            let message =
                "the link was used twice, and the page is closed: somebody else may have it";
            Err(Failure::words(Exit::Unsafe, message).hint(
                "if it was not you, find out who uses this computer; run it again for a new link",
            ))
        }
    }
}

/// The certificate: that of the user, or one made for this run where others can reach the
/// page.
fn identity(args: &WebArgs) -> Result<Option<TlsIdentity>, Failure> {
    let identity = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => TlsIdentity::read(certificate, key),
        _ if args.listen.is_loopback() => return Ok(None),
        _ => TlsIdentity::make(args.listen),
    };
    Ok(Some(identity?))
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::new(Exit::Machine, error)
            .hint("name a certificate and its key in the form of PEM, or leave --tls-cert out")
    }
}

impl From<WebServerError> for Failure {
    fn from(error: WebServerError) -> Self {
        let (exit, hint) = match error {
            WebServerError::Watch(error) => return error.into(),
            WebServerError::NeedsTls(_) => (Exit::Usage, "use --tls-cert and --tls-key"),
            WebServerError::Listen { ref source, .. } => (
                Exit::Machine,
                match source.kind() {
                    io::ErrorKind::AddrNotAvailable => "name an address of this computer",
                    _ => "name another --port, or leave it out to take a free one",
                },
            ),
            WebServerError::Entrance(_) => (
                Exit::Machine,
                "make the state folder writable, name another with --state, or use --no-open",
            ),
            WebServerError::Random(_) | WebServerError::Thread(_) => {
                (Exit::Machine, "close other programs and try again")
            }
        };
        Self::new(exit, error).hint(hint)
    }
}

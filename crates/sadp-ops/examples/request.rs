//! Exports a request to the vendor's support from a simulated device.

#[path = "common/network.rs"]
mod network;

use std::path::Path;

use sadp_ops::{
    Cancellation, Event, LedgerAccess, Outcome, Session, SessionConfig,
    recovery::request::{self, Settings},
};
use sadp_reset::Contact;

type AnyError = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, reason = "an example shows what it did")]
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), AnyError> {
    let folder = tempfile::tempdir()?;
    let mut session = Session::open(SessionConfig {
        scan: network::simulated("[[device]]\nprofile = \"ipc-v5.5.82\"")?,
        state: folder.path().join("state"),
        access: LedgerAccess::Write,
        cancellation: Cancellation::default(),
    })?;
    for outcome in export_all(&mut session, &folder.path().join("requests")).await? {
        println!("{:?}: {:?}", outcome.device.mac, outcome.reason);
    }
    Ok(())
}

/// Exports a request from every device, into packages below `out`.
pub(crate) async fn export_all(
    session: &mut Session,
    out: &Path,
) -> Result<Vec<Outcome>, AnyError> {
    let mut observer = |_: Event<'_>| {};
    let (inventory, _) = session.look(&mut observer).await?;
    let plan = request::plan(session, inventory.devices.clone(), true)?;
    let settings = Settings {
        inventory: &inventory,
        out,
        contact: &Contact::default(),
        parallel: 8,
    };
    let report = plan.carry_out(session, settings, &mut observer).await?;
    Ok(report.outcomes)
}

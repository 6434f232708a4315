//! Activates a simulated device on a network inside this process.

#[path = "common/network.rs"]
mod network;

use sadp_ops::{
    Cancellation, Event, LedgerAccess, Outcome, Overrides, Session, SessionConfig,
    activate::{self, Activation},
};

type AnyError = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, reason = "an example shows what it did")]
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), AnyError> {
    let state = tempfile::tempdir()?;
    let mut session = Session::open(SessionConfig {
        scan: network::simulated("[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false")?,
        state: state.path().to_owned(),
        access: LedgerAccess::Write,
        cancellation: Cancellation::default(),
    })?;
    for outcome in activate_all(&mut session).await? {
        println!("{:?}: {:?}", outcome.device.mac, outcome.status);
    }
    Ok(())
}

/// Gives every unactivated device its first password.
pub(crate) async fn activate_all(session: &mut Session) -> Result<Vec<Outcome>, AnyError> {
    let mut observer = |_: Event<'_>| {};
    let (inventory, _) = session.look(&mut observer).await?;
    let plan = activate::plan(
        session,
        inventory.devices.clone(),
        Overrides::default(),
        false,
    )?;
    let activation = Activation {
        inventory: &inventory,
        password: &"Garden-77x".into(),
        parallel: 8,
        settle: sadp_ops::SETTLE,
    };
    let report = plan.carry_out(session, activation, &mut observer).await?;
    Ok(report.outcomes)
}

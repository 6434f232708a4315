//! Hik-Connect on a device.

use sadp_ops::{
    LedgerAccess,
    owner::{self, OwnerChange},
};
use sadp_proto::VerificationCode;
use secrecy::SecretString;

use super::change::{self, Changing};
use crate::{
    args::{CloudCommand, CloudShowArgs, GlobalArgs},
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret,
    terminal::Terminal,
};

pub(super) fn run(
    command: &CloudCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let (change, owner, code) = match command {
        CloudCommand::Show(args) => return show(args, global, terminal),
        CloudCommand::Enable(args) => (OwnerChange::CloudOn, args, None),
        CloudCommand::Disable(args) => (OwnerChange::CloudOff, args, None),
        CloudCommand::Unbind(args) => (OwnerChange::Unbind, args, None),
        CloudCommand::Code(args) => {
            let asks = args.code_file.is_some() || !args.owner.change.dry_run;
            let code = asks.then(|| secret::verification_code(args.code_file.as_deref()));
            let code = code.transpose()?.as_ref().map(verification_code);
            (OwnerChange::Code, &args.owner, code.transpose()?)
        }
    };
    change::run(Changing { change, code }, owner, global, terminal)
}

/// A code that can be sent.
fn verification_code(code: &SecretString) -> Result<VerificationCode, Failure> {
    VerificationCode::new(code).map_err(|error| {
        let error = anyhow::Error::new(error).context("the verification code cannot be sent");
        Failure::new(Exit::Usage, error)
            .hint("choose a code of 6 to 12 letters and digits; nothing was sent")
    })
}

fn show(
    args: &CloudShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    output::check_outcomes(global.format)?;
    let address = args.device.address();
    let mut run = Run::open(&args.ask, address, LedgerAccess::Read, global, terminal)?;
    let inventory = run.look()?;
    let device = args.device.choose_to_read(inventory.devices.clone())?;
    let report = run.block_on(async |session, observer| {
        owner::show_cloud(session, &inventory, device, observer).await
    });
    run.print(report.map_err(run::failed)?)
}

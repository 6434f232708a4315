//! Hik-Connect on a device.

use sadp_ops::{
    LedgerAccess,
    owner::{self, OwnerChange},
};
use sadp_proto::VerificationCode;
use secrecy::SecretString;

use super::{change, list::ToRead};
use crate::{
    args::{CloudCommand, Context, DeviceArgs},
    failure::{Exit, Failure},
    output,
    run::Run,
    secret::Secret,
};

pub(super) fn run(command: &CloudCommand, context: Context<'_>) -> Result<Exit, Failure> {
    let (change, owner, code) = match command {
        CloudCommand::Show(args) => return show(args, context),
        CloudCommand::Enable(args) => (OwnerChange::CloudOn, args, None),
        CloudCommand::Disable(args) => (OwnerChange::CloudOff, args, None),
        CloudCommand::Unbind(args) => (OwnerChange::Unbind, args, None),
        CloudCommand::Code(args) => {
            let asks = args.code_file.is_some() || !args.owner.change.dry_run;
            let code = asks.then(|| {
                Secret::VERIFICATION_CODE.read(args.code_file.as_deref(), context.terminal)
            });
            let code = code.transpose()?.as_ref().map(verification_code);
            (OwnerChange::Code, &args.owner, code.transpose()?)
        }
    };
    change::run(change, code, owner, context)
}

/// A code that can be sent.
fn verification_code(code: &SecretString) -> Result<VerificationCode, Failure> {
    VerificationCode::new(code).map_err(|error| {
        Failure::because(Exit::Usage, "the verification code cannot be sent", error)
            .hint("choose a code of 6 to 12 letters and digits; nothing was sent")
    })
}

fn show(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    // What the device is asked is recorded.
    let (run, inventory, device) = Run::find(&ToRead(args), LedgerAccess::Record, context)?;
    run.carry_out(async |session, observer| {
        owner::show_cloud(session, &inventory, device, observer).await
    })
}

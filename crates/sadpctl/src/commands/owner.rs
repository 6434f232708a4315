//! Changes of one device by its current password: Hik-Connect, and the return to
//! the unactivated state.

use sadp_ops::{
    DiscoveredDevice, LedgerAccess, PasswordSettings,
    owner::{self, OwnerChange, Settings},
};
use sadp_proto::VerificationCode;
use sadp_text::Announcement;
use secrecy::SecretString;

use crate::{
    args::{CloudCommand, Context, DeviceArgs, OwnerArgs},
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret::{self, Secret},
};

/// `deactivate`.
pub(super) fn deactivate(args: &OwnerArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run(OwnerChange::Deactivate, None, args, context)
}

pub(super) fn cloud(command: &CloudCommand, context: Context<'_>) -> Result<Exit, Failure> {
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
    run(change, code, owner, context)
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
    let (run, inventory, device) = Run::find(args, LedgerAccess::Record, context)?;
    run.carry_out(async |session, observer| {
        owner::show_cloud(session, &inventory, device, observer).await
    })
}

/// Makes a change; `code` is the verification code to set, where there is one.
fn run(
    change: OwnerChange,
    code: Option<VerificationCode>,
    args: &OwnerArgs,
    context: Context<'_>,
) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let (mut run, inventory, device) = Run::find(&args.target, args.change, context)?;
    let overrides = args.change.overrides();
    let plan = owner::plan(&run.session, device.clone(), change, overrides)?;
    if args.change.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    let question = Announcement::owner(change).question([&device]);
    if change == OwnerChange::Deactivate {
        let question = run.complete(question)?;
        confirm_serial(&mut run, args, &device, &question.plan)?;
    } else {
        run.confirm(&question, args.change)?;
    }
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let password = PasswordSettings::new(&inventory, &password);
        let settings = Settings { password, code };
        plan.carry_out(session, settings, observer).await
    })
}

/// Has the serial number of a device typed again, or requires it as DEVICE with
/// `--yes`.
fn confirm_serial(
    run: &mut Run<'_>,
    args: &OwnerArgs,
    found: &DiscoveredDevice,
    plan: &str,
) -> Result<(), Failure> {
    let Some(serial) = &found.entry.device.serial else {
        let message = "the device reports no serial number to confirm it by; nothing was sent";
        return Err(Failure::words(Exit::Unsafe, message)
            .hint("restore its factory settings on its own web page"));
    };
    if args.change.yes {
        if args.target.device.is_serial_of(found) {
            run.terminal.note(plan);
            return Ok(());
        }
        let message = "with --yes, deactivate needs the full serial number as DEVICE";
        return Err(
            Failure::usage(message).hint(format!("this device is {serial}; nothing was sent"))
        );
    }
    run.terminal.tell(plan);
    let typed = run.prompt_line("To deactivate it, type its serial number in full:");
    let (exit, message) = match typed.as_deref() {
        Some(typed) if typed.eq_ignore_ascii_case(serial.as_str()) => return Ok(()),
        None | Some("") => (Exit::Refused, "not confirmed: nothing was sent"),
        Some(_) => (
            Exit::Unsafe,
            "that is not its serial number: nothing was sent",
        ),
    };
    Err(Failure::words(exit, message).hint("type the serial number as it is shown"))
}

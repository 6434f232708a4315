//! Changes of one device by its current password: Hik-Connect, and the return to
//! the unactivated state.

use sadp_ops::{
    DiscoveredDevice, PasswordSettings, Report,
    owner::{self, OwnerChange, Settings},
};
use sadp_proto::VerificationCode;
use sadp_text::{devices_plan, owner_plan};

use crate::{
    args::{GlobalArgs, OwnerArgs},
    failure::{Exit, Failure},
    run::{self, Run},
    secret, state,
    terminal::Terminal,
};

/// What is changed.
pub(super) struct Changing {
    pub(super) change: OwnerChange,
    /// The verification code, where that is set and not in a dry run.
    pub(super) code: Option<VerificationCode>,
}

pub(super) fn run(
    changing: Changing,
    args: &OwnerArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let Changing { change, code } = changing;
    run::check(args.change, global)?;
    let password = secret::current_unless(args.change.dry_run, &args.password)?;
    let also = args.device.address();
    let mut run = Run::open(&args.ask, also, args.change.access(), global, terminal)?;
    let inventory = run.look()?;
    let device = args.device.choose(inventory.devices.clone())?;
    let plan = owner::plan(
        &run.session,
        device.clone(),
        change,
        args.change.overrides(),
    );
    let plan = plan.map_err(state::failed)?;
    let wanted = !plan.selection.devices.is_empty();
    let Some(password) = password.filter(|_| wanted) else {
        return run.print(Report::new(plan.into_outcomes()));
    };
    if change == OwnerChange::Deactivate {
        confirm_serial(&mut run, args, &device)?;
    } else {
        let devices = &plan.selection.devices;
        run.confirm(owner_plan(change), devices, args.change)?;
    }
    let settings = Settings {
        password: PasswordSettings {
            inventory: &inventory,
            password: &password,
        },
        code,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, settings, observer).await)
}

/// Has the serial number of a device typed again, or wants it as DEVICE where
/// nothing is asked.
fn confirm_serial(
    run: &mut Run<'_>,
    args: &OwnerArgs,
    found: &DiscoveredDevice,
) -> Result<(), Failure> {
    let Some(serial) = &found.entry.device.serial else {
        let message = "the device reports no serial number to confirm it by; nothing was sent";
        return Err(Failure::words(Exit::Unsafe, message)
            .hint("restore its factory settings on its own web page"));
    };
    let plan = devices_plan(
        owner_plan(OwnerChange::Deactivate),
        std::slice::from_ref(found),
    );
    if args.change.yes {
        if args.device.is_serial_of(found) {
            run.terminal.note(&plan);
            return Ok(());
        }
        let message = "with --yes, deactivate needs the full serial number as DEVICE";
        return Err(Failure::words(Exit::Usage, message)
            .hint(format!("this device is {serial}; nothing was sent")));
    }
    run.terminal.tell(&plan);
    let (exit, message) = match run
        .prompt_line("Type its serial number in full to go on:")
        .as_deref()
    {
        Some(typed) if typed.eq_ignore_ascii_case(serial.as_str()) => return Ok(()),
        None | Some("") => (Exit::Refused, "not confirmed: nothing was sent"),
        Some(_) => (
            Exit::Unsafe,
            "that is not its serial number: nothing was sent",
        ),
    };
    Err(Failure::words(exit, message).hint("type the serial number as it is shown"))
}

use sadp_discovery::ScanConfig;
use sadp_model::MacAddr;
use sadp_ops::{
    DeviceName, Inventory, LedgerAccess, Naming, NotSelected, SelectionError,
    naming::{self, Renaming},
};
use sadp_reset::SiteName;
use sadp_text::count;

use crate::{
    args::{Context, NameArgs},
    failure::{Exit, Failure},
    output::NameRow,
    run::Run,
    state,
};

pub(super) fn run(args: &NameArgs, context: Context<'_>) -> Result<Exit, Failure> {
    context.global.format.check::<NameRow>()?;
    let Some(device) = &args.device else {
        return list(context);
    };
    let renaming = Renaming {
        to: SiteName {
            name: args.name.clone(),
            place: args.place.clone(),
        },
        clear: args.clear,
    };
    if renaming.to.is_empty() && !renaming.clear {
        return Err(Failure::usage("no name was given")
            .hint("write it behind the device, or use --place or --clear"));
    }
    if let Some(mac) = device.mac() {
        return rename(mac, renaming, context);
    }
    let mut run = Run::open(&args.ask, device.address(), LedgerAccess::Optional, context)?;
    let names = std::slice::from_ref(device);
    let inventory = run.look_for(names)?;
    let mac = mac_of(device, &inventory)?;
    rename(mac, renaming, run.into_context())
}

/// Also of a device that is not found now, where the ledger knows it.
fn mac_of(device: &DeviceName, inventory: &Inventory) -> Result<MacAddr, Failure> {
    let mac = match device.find(inventory, Naming::Ending) {
        Err(SelectionError {
            why: NotSelected::NotFoundNow(device),
            ..
        }) => device.device.mac(),
        found => found?.entry.device.identity(),
    };
    mac.ok_or_else(|| {
        let message = format!("{} reports no MAC of its own", device.as_str());
        Failure::words(Exit::Unsafe, message).hint("a device is named by its MAC")
    })
}

fn rename(mac: MacAddr, renaming: Renaming, mut context: Context<'_>) -> Result<Exit, Failure> {
    let mut session =
        state::open_session(ScanConfig::default(), LedgerAccess::Record, &mut context)?;
    let site_name = naming::rename(&mut session, mac, renaming)?;
    let namesakes = naming::namesakes(&session, mac)?;
    drop(session);
    context.print(&[NameRow::new(mac, &site_name)])?;
    for other in namesakes {
        context.terminal.warn(&format!(
            "{other} has the same name: give one of them another, or name each by its MAC in commands"
        ));
    }
    Ok(Exit::Done)
}

fn list(mut context: Context<'_>) -> Result<Exit, Failure> {
    let session = state::open_session(ScanConfig::default(), LedgerAccess::Read, &mut context)?;
    let named = naming::list(&session)?;
    let rows = named.iter().map(|it| NameRow::new(it.mac, &it.site_name));
    context.print(&rows.collect::<Vec<_>>())?;
    let devices = count(named.len() as u64, "device has", "devices have");
    let note = format!("{devices} a name or a place");
    context.terminal.note(&note);
    Ok(Exit::Done)
}

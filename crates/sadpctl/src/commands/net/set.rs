use sadp_ops::{
    Report,
    network::{self, DeviceChange, Login, SetError, WantedSettings},
};
use sadp_text::Remedy;

use crate::{
    args::{GlobalArgs, NetSetArgs, WantedArgs},
    failure::{Exit, Failure},
    run::{self, Run},
    secret, state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &NetSetArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let asked = args.change.change;
    run::check(asked, global)?;
    let password = (!asked.dry_run)
        .then(|| secret::current(&args.change.password))
        .transpose()?;
    // Behind a router it has to be asked at its new address, too.
    let routed = !args.ask.reach.targets.is_empty();
    let new = args.wanted.ip.filter(|_| routed);
    let also = args.device.address().into_iter().chain(new);
    let mut run = Run::open(&args.ask, also, asked.access(), global, terminal)?;
    let inventory = run.look()?;
    let change = DeviceChange {
        device: args.device.choose(inventory.devices.clone())?,
        wanted: WantedSettings::from(args.wanted),
    };
    let settings = args.change.settings();
    let plan =
        run.block_on(async |session, _| network::set(session, &inventory, change, settings).await);
    let plan = plan.map_err(failed)?;
    if let Some(target) = plan.target {
        let text = sadp_text::target_address(target);
        match target.holder {
            Some(_) => run.terminal.warn(&text),
            None => run.terminal.note(&text),
        }
    }
    let (Some(password), Some(planned)) = (password, plan.changes.first()) else {
        return run.print(Report::new(plan.into_outcomes()));
    };
    run.confirm_plan(&sadp_text::device_plan(planned), asked)?;
    let login = Login {
        inventory: &inventory,
        password: &password,
        parallel: 1,
        settle: args.change.settle.settle,
        wait_back: args.change.settle.settle,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, login, observer).await)
}

impl From<WantedArgs> for WantedSettings {
    fn from(args: WantedArgs) -> Self {
        Self {
            address: args.ip,
            mask: args.mask,
            gateway: args.gateway,
            dhcp: args.dhcp,
            http: args.http_port,
            sdk: args.sdk_port,
        }
    }
}

fn failed(error: SetError) -> Failure {
    match error {
        SetError::Bad(bad) => {
            let hint = format!("{}; nothing was sent", bad.remedy());
            Failure::new(Exit::Usage, bad).hint(hint)
        }
        SetError::Taken(target) => Failure::words(Exit::Unsafe, sadp_text::target_address(target))
            .hint("choose another address; --force address-in-use sends all the same; nothing was sent"),
        SetError::Ledger(error) => state::failed(error),
    }
}

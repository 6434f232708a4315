//! Network settings: of one device, and of many by a plan.

mod apply;
mod plan;

use sadp_ops::{
    LedgerAccess,
    network::{self, DeviceChange, Login, WantedSettings},
};

pub(super) use self::apply::read as read_plan;
use crate::{
    args::{Context, DeviceArgs, NetCommand, NetSetArgs, WantedArgs},
    failure::{Exit, Failure},
    output::{self, Format},
    run::{self, Purpose, Run, Target},
    secret,
};

pub(super) fn run(command: &NetCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        NetCommand::Show(args) => show(args, context),
        NetCommand::Set(args) => set(args, context),
        NetCommand::Plan(args) => plan::run(args, context),
        NetCommand::Apply(args) => apply::run(args, context),
    }
}

fn show(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let format = context.global.format;
    let (run, _, found) = Run::find(args, LedgerAccess::Read, context)?;
    let terminal = run.into_terminal();
    if format == Format::Table {
        let width = terminal.width();
        output::write_network(terminal.out(), &found, width)?;
        return Ok(Exit::Done);
    }
    output::print_device(&found, format, terminal)?;
    Ok(Exit::Done)
}

fn set(args: &NetSetArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let asked = args.change.change;
    run::check(asked, context.global)?;
    let wanted = WantedSettings::try_from(args.wanted)?;
    let password = secret::current(asked.dry_run, &args.change.password)?;
    // Behind a router it has to be asked at its new address, too.
    let routed = !args.target.ask.reach.targets.is_empty();
    let new = args.wanted.ip.map(|it| it.addr()).filter(|_| routed);
    let names = args.target.names();
    let also = run::addresses(names).into_iter().chain(new);
    let Purpose { access, naming } = asked.into();
    let mut run = Run::open(&args.target.ask, also, access, context)?;
    let inventory = run.look_for(names)?;
    let device = args.target.choose(&inventory, naming)?;
    let change = DeviceChange { device, wanted };
    let settings = args.change.settings();
    let plan =
        run.block_on(async |session, _| network::set(session, &inventory, change, settings).await)?;
    if let Some(target) = plan.target {
        let text = sadp_text::target_address(target);
        match target.holder {
            Some(_) => run.terminal.warn(&text),
            None => run.terminal.note(&text),
        }
    }
    let planned = plan.changes.first().filter(|_| !asked.dry_run);
    let Some(planned) = planned else {
        return run.print_planned(plan.into_outcomes());
    };
    run.confirm(&sadp_text::device_question(planned), asked)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let login = Login {
            inventory: &inventory,
            password: &password,
            parallel: 1,
            settle: args.change.settle.settle,
            wait_back: args.change.settle.settle,
        };
        plan.carry_out(session, login, observer).await
    })
}

impl TryFrom<WantedArgs> for WantedSettings {
    type Error = Failure;

    fn try_from(args: WantedArgs) -> Result<Self, Failure> {
        let in_network = args.ip.filter(|ip| ip.prefix_len() < 32);
        let of_address = in_network.map(|ip| ip.netmask());
        if let (Some(given), Some(other)) = (args.mask, of_address)
            && given != other
        {
            let message = format!("--ip gives the mask {other}, and --mask gives {given}");
            return Err(Failure::usage(message).hint("leave one of the two out"));
        }
        Ok(Self {
            address: args.ip.map(|ip| ip.addr()),
            mask: args.mask.or(of_address),
            gateway: args.gateway,
            dhcp: args.dhcp,
            http: args.http_port,
            sdk: args.sdk_port,
        })
    }
}

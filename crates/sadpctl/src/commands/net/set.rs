use sadp_ops::network::{self, DeviceChange, Login, SetError, WantedSettings};
use sadp_text::Remedy;

use crate::{
    args::{Context, NetSetArgs, WantedArgs},
    failure::{Exit, Failure},
    run::{self, Run, Target},
    secret,
};

pub(super) fn run(args: &NetSetArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let asked = args.change.change;
    run::check(asked, context.global)?;
    let password = secret::current_unless(asked.dry_run, &args.change.password, context.terminal)?;
    // Behind a router it has to be asked at its new address, too.
    let routed = !args.target.ask.reach.targets.is_empty();
    let new = args.wanted.ip.filter(|_| routed);
    let also = args.target.addresses().into_iter().chain(new);
    let mut run = Run::open(&args.target.ask, also, asked.access(), context)?;
    let inventory = run.look()?;
    let change = DeviceChange {
        device: args.target.choose(&inventory)?,
        wanted: WantedSettings::from(args.wanted),
    };
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
    let (Some(password), Some(planned)) = (password, plan.changes.first()) else {
        return run.print_planned(plan.into_outcomes());
    };
    run.confirm(&sadp_text::device_question(planned), asked)?;
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

impl From<SetError> for Failure {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Bad(bad) => {
                let hint = format!("{}; nothing was sent", bad.remedy());
                Self::new(Exit::Usage, bad).hint(hint)
            }
            SetError::Taken(target) => Self::words(Exit::Unsafe, sadp_text::target_address(target))
                .hint(
                    "choose another address; --force address-in-use sends anyway; nothing was sent",
                ),
            SetError::Ledger(error) => error.into(),
        }
    }
}

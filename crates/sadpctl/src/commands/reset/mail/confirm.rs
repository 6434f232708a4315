use sadp_discovery::Pace;
use sadp_proto::{Code, Command};
use sadp_reset::Action;
use secrecy::ExposeSecret;

use crate::{
    args::{GlobalArgs, MailConfirmArgs},
    commands::{
        new_password,
        reset::{
            errand::{Errand, Offer},
            renewal::Renewal,
        },
    },
    failure::{Exit, Failure},
    secret,
    terminal::Terminal,
};

pub(super) fn run(
    args: &MailConfirmArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::MailConfirm,
        offer: Offer::Mailbox,
        plan: "the code goes out once, to set a new password on",
        would: "the code would be given to it and a new password set",
        pace: Pace::Together,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let asks = args.code_file.is_some() || !args.change.dry_run;
    let code = asks.then(|| code(args)).transpose()?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let renewal = Renewal {
        errand,
        device: &args.device,
        ask: &args.ask,
        sync_cameras: args.sync_cameras,
        numbers: Vec::new(),
    };
    let secrets = password.zip(code);
    renewal.run(secrets, terminal, |password, code, sync_cameras| {
        Command::ResetByMail {
            code,
            password,
            sync_cameras,
        }
    })
}

/// The code without blanks around it, as mail programs copy them along.
fn code(args: &MailConfirmArgs) -> Result<Code, Failure> {
    let code = secret::mail_code(args.code_file.as_deref())?;
    Code::new(code.expose_secret().trim().as_bytes()).map_err(|error| {
        let error = anyhow::Error::new(error).context("the code cannot be sent");
        Failure::new(Exit::Usage, error)
            .hint("give the code of the e-mail alone, without the text around it; nothing was sent")
    })
}

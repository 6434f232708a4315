use sadp_discovery::Pace;
use sadp_proto::{Command, SecretAnswers};
use sadp_reset::Action;

use super::input;
use crate::{
    args::{GlobalArgs, QuestionsAnswerArgs},
    commands::{
        new_password,
        reset::{
            errand::{Errand, Offer},
            renewal::Renewal,
        },
    },
    failure::{Exit, Failure},
    terminal::Terminal,
};

pub(super) fn run(
    args: &QuestionsAnswerArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::QuestionsAnswer,
        offer: Offer::Questions,
        plan: "the answers go out once, to set a new password on",
        would: "its questions would be answered and a new password set",
        pace: Pace::Together,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let dry_run = args.change.dry_run;
    let answers = input::answers(&args.answers, SecretAnswers::new, dry_run, terminal)?;
    let renewal = Renewal {
        errand,
        device: &args.device,
        ask: &args.ask,
        sync_cameras: args.sync_cameras,
        numbers: answers.iter().flat_map(SecretAnswers::ids).collect(),
    };
    let secrets = password.zip(answers);
    renewal.run(secrets, terminal, |password, answers, sync_cameras| {
        Command::ResetByAnswers {
            answers,
            password,
            sync_cameras,
        }
    })
}

//! The vendor's answers, each to its own device.

use std::slice;

use sadp_model::text::clean;
use sadp_ops::{
    DeviceName, Inventory,
    recovery::{
        History,
        answer::{self, AnswerFor, AnswerInput, CheckedAnswer, Matching, ResetChoice, Settings},
    },
    verify,
};
use sadp_reset::{Case, CaseId, Collected, RequestKind, Why, collect, targets};
use sadp_text::{answers_question, open_requests};

use crate::{
    args::{Context, ImportArgs},
    commands::new_password::{self, NewPassword},
    failure::{Exit, Failure},
    output::{self, Outcome},
    run::{self, Purpose, Run},
    secret::{Secret, byte_order_mark},
    terminal::Terminal,
};

pub(super) fn run(args: &ImportArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let input = read(args, context.terminal)?;
    let also = run::addresses(args.device.as_slice());
    let mut import = Import {
        args,
        choice: ResetChoice {
            overrides: args.change.overrides(),
            sync_cameras: args.sync_cameras,
        },
        run: Run::open(&args.ask, also, args.change.access(), context)?,
    };
    match (&args.device, args.case, input) {
        (_, Some(id), input) => {
            let case = Box::new(import.case(id)?);
            import.by_match(input, Some(&AnswerFor::Case(case)))
        }
        (Some(name), None, input) if !input.is_empty() => import.by_name(input, name),
        (None, None, AnswerInput::Files(mut found)) => {
            import.ask_for_unmatched(&mut found)?;
            import.by_match(AnswerInput::Files(found), None)
        }
        (_, None, input) => import.by_match(input, None),
    }
}

/// Looks through the paths, or reads the key.
fn read(args: &ImportArgs, terminal: &mut Terminal) -> Result<AnswerInput, Failure> {
    if args.paths.is_empty() {
        return Secret::KEY
            .read(args.key_file.as_deref(), terminal)
            .map(AnswerInput::Key);
    }
    let found = collect(&args.paths);
    for file in found.files.iter().filter(|it| it.byte_order_mark) {
        terminal.note(&byte_order_mark(&file.path.display(), "answer"));
    }
    Ok(AnswerInput::Files(found))
}

struct Import<'a> {
    args: &'a ImportArgs,
    choice: ResetChoice,
    run: Run<'a>,
}

impl Import<'_> {
    fn cases(&self) -> Result<Vec<Case>, Failure> {
        let session = &self.run.session;
        let history = History::read(session.ledger(), session.now())?;
        Ok(history.cases().to_vec())
    }

    /// The request of this number.
    fn case(&self, id: CaseId) -> Result<Case, Failure> {
        let mut cases = self.cases()?.into_iter();
        cases.find(|case| case.id == id).ok_or_else(|| no_case(id))
    }

    /// Asks on a terminal for which open request each file is that tells nothing of that.
    fn ask_for_unmatched(&mut self, found: &mut Collected) -> Result<(), Failure> {
        let cases = self.cases()?;
        let targets = targets(found, &cases).into_iter().enumerate();
        let unclear = targets.filter(|(_, it)| it.as_ref().is_err_and(Why::is_unclear));
        let files: Vec<_> = unclear.map(|(place, _)| place).collect();
        let open: Vec<_> = cases.iter().filter(|case| case.is_open()).collect();
        if files.is_empty() || open.is_empty() || !Terminal::can_ask() {
            return Ok(());
        }
        let list = open_requests(&open, self.run.session.now());
        self.run.terminal.tell(&list);
        for place in files {
            let Some(file) = found.files.get_mut(place) else {
                continue;
            };
            let question = format!(
                "For which request is {}? (its number, or nothing to leave it out)",
                file.path.display()
            );
            let typed = self.run.prompt_line(&question).unwrap_or_default();
            if typed.is_empty() {
                continue;
            }
            let id = typed.parse().ok();
            let chosen = open.iter().find(|case| Some(case.id) == id);
            let chosen = chosen.ok_or_else(|| no_case(clean(&typed)))?;
            file.case = Some(chosen.id);
        }
        Ok(())
    }

    /// Answers that are matched to their requests before a look.
    fn by_match(mut self, input: AnswerInput, whose: Option<&AnswerFor>) -> Result<Exit, Failure> {
        let matching = self.match_requests(input, whose)?;
        if matching.answers.is_empty() {
            return self.nothing_to_send(matching);
        }
        let password = matching.needs_password().then(|| self.pending_password());
        let password = password.transpose()?;
        let wanted = matching.devices();
        let inventory = self
            .run
            .look_by(async |session, observer| session.look_for(&wanted, observer).await)?;
        self.deliver(matching, &inventory, password)
    }

    /// An answer or a key for the device that was named.
    fn by_name(mut self, input: AnswerInput, name: &DeviceName) -> Result<Exit, Failure> {
        let file = self.args.password.new_password_file.as_deref();
        let given = Secret::NEW.can_be_had(file) && !self.is_legacy(name)?;
        let password = given.then(|| self.pending_password()).transpose()?;
        let inventory = self.run.look_for(slice::from_ref(name))?;
        let device = name.find(&inventory, Purpose::from(self.args.change).naming)?;
        let whose = device.key().map(AnswerFor::Device);
        let matching = self.match_requests(input, whose.as_ref())?;
        if matching.answers.is_empty() {
            return self.nothing_to_send(matching);
        }
        self.deliver(matching, &inventory, password)
    }

    /// Whether the device's request is answered by a dated code, which sets no new
    /// password.
    fn is_legacy(&self, name: &DeviceName) -> Result<bool, Failure> {
        let mut cases = self.cases()?.into_iter();
        let case = cases.find(|case| name.names(&case.request.device));
        Ok(case.is_some_and(|case| case.request.kind == RequestKind::LegacyCode))
    }

    fn pending_password(&self) -> Result<NewPassword, Failure> {
        new_password::pending(&self.args.password, self.args.change)
    }

    fn match_requests(
        &mut self,
        input: AnswerInput,
        whose: Option<&AnswerFor>,
    ) -> Result<Matching, Failure> {
        let session = &self.run.session;
        let matching = answer::match_requests(session, input, whose, self.choice.overrides)?;
        let terminal = &mut *self.run.terminal;
        let unanswered = &matching.unanswered;
        if !unanswered.is_empty() {
            terminal.note(&sadp_text::unanswered(unanswered.len()));
            for path in unanswered {
                terminal.detail(&format!("no answer yet: {}", path.display()));
            }
        }
        Ok(matching)
    }

    /// Says so where all answers did their work before.
    fn nothing_to_send(self, matching: Matching) -> Result<Exit, Failure> {
        if matching.left_out.is_empty() {
            let message = "no answer was found there";
            return Err(Failure::usage(message).hint(
                "save each answer into the folder of its request, or name the file and --case N; nothing was sent",
            ));
        }
        let outcomes: Vec<_> = matching.left_out.into_iter().map(Outcome::from).collect();
        let Context { global, terminal } = self.run.into_context();
        let exit = output::print_outcomes(&outcomes, None, global.format, terminal)?;
        if exit == Exit::Done {
            terminal.note("nothing to do: these devices have accepted their answers already");
        }
        Ok(exit)
    }

    /// Checks the answers against the devices that were found, and sends them.
    fn deliver(
        mut self,
        matching: Matching,
        inventory: &Inventory,
        password: Option<NewPassword>,
    ) -> Result<Exit, Failure> {
        let (args, change) = (self.args, self.args.change);
        let reached = args.verify.access()?;
        let plan = answer::plan(&self.run.session, inventory, matching, &self.choice)?;
        if change.dry_run || plan.answers.is_empty() {
            return self.run.print_planned(plan.into_outcomes());
        }
        let password = match password {
            None if plan.needs_password() => Some(self.pending_password()?),
            password => password.filter(|_| plan.needs_password()),
        };
        let verifies = args.verify.verify;
        if verifies && !plan.needs_password() {
            let message = "there is no new password to verify: these answers set the default password of old devices";
            return Err(Failure::usage(message).hint("leave --verify out; nothing was sent"));
        }
        if verifies && plan.answers.iter().any(CheckedAnswer::is_legacy) {
            let note = "old devices that get their default password are not verified";
            self.run.terminal.note(note);
        }
        self.run.confirm(&answers_question(&plan), change)?;
        let password = password.map(|it| it.get(self.run.terminal)).transpose()?;
        self.run.carry_out(async move |session, observer| {
            let settings = Settings {
                inventory,
                password: password.as_ref(),
                parallel: args.parallel.into(),
            };
            let mut report = plan.carry_out(session, settings, observer).await?;
            if let Some(password) = &password
                && let Some(verification) = args.verify.verification(password, &reached)
            {
                verify::verify(session, &mut report, verification, observer).await;
            }
            Ok(report)
        })
    }
}

fn no_case(id: impl std::fmt::Display) -> Failure {
    let message = format!("no request waits under the number {id}");
    Failure::words(Exit::NotFound, message)
        .hint("sadpctl reset cases lists them with their numbers; nothing was sent")
}

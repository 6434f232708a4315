//! The vendor's answers, each to its own device.

use sadp_ops::{
    DeviceName, DiscoveredDevice, Inventory,
    recovery::{
        History,
        answer::{self, AnswerInput, Matching, ResetChoice, Settings},
    },
};
use sadp_reset::{DeviceKey, RequestKind, collect};
use sadp_text::answers_question;
use secrecy::SecretString;

use crate::{
    args::{Context, ImportArgs},
    commands::new_password,
    failure::{Exit, Failure},
    output::{self, Outcome},
    run::{self, Run},
    secret::Secret,
};
use sadp_text::count;

pub(super) fn run(args: &ImportArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let input = read(args)?;
    let also = args.device.as_ref().and_then(DeviceName::address);
    let import = Import {
        args,
        choice: ResetChoice {
            overrides: args.change.overrides(),
            sync_cameras: args.sync_cameras,
        },
        run: Run::open(&args.ask, also, args.change.access(), context)?,
    };
    match &args.device {
        Some(name) if !input.is_empty() => import.by_name(input, name),
        _ => import.by_match(input),
    }
}

/// Looks through the paths, or reads the key.
fn read(args: &ImportArgs) -> Result<AnswerInput, Failure> {
    if args.paths.is_empty() {
        return Secret::KEY
            .read(args.key_file.as_deref())
            .map(AnswerInput::Key);
    }
    Ok(AnswerInput::Files(collect(&args.paths)))
}

struct Import<'a> {
    args: &'a ImportArgs,
    choice: ResetChoice,
    run: Run<'a>,
}

impl Import<'_> {
    /// Answers that are matched to their requests before a look.
    fn by_match(mut self, input: AnswerInput) -> Result<Exit, Failure> {
        let matching = self.match_requests(input, None)?;
        if matching.answers.is_empty() {
            return self.nothing_to_send(matching);
        }
        let password = if matching.needs_password() {
            self.read_password()?
        } else {
            None
        };
        let inventory = self.run.look_for(&matching.devices())?;
        self.deliver(matching, &inventory, password)
    }

    /// An answer or a key for the device that was named.
    fn by_name(mut self, input: AnswerInput, name: &DeviceName) -> Result<Exit, Failure> {
        let file = self.args.password.new_password_file.as_deref();
        let password = if Secret::NEW.can_be_had(file) && !self.is_legacy(name)? {
            self.read_password()?
        } else {
            None
        };
        let inventory = self.run.look()?;
        let device = inventory.devices.get(name.find(&inventory.devices)?);
        let key = device.and_then(DiscoveredDevice::key);
        let matching = self.match_requests(input, key.as_ref())?;
        if matching.answers.is_empty() {
            return self.nothing_to_send(matching);
        }
        self.deliver(matching, &inventory, password)
    }

    /// Whether the device's request is answered by a dated code, which sets no new
    /// password.
    fn is_legacy(&self, name: &DeviceName) -> Result<bool, Failure> {
        let session = &self.run.session;
        let history = History::read(session.ledger(), session.now())?;
        let mut cases = history.cases().iter();
        let case = cases.find(|case| name.names(&case.request.device));
        Ok(case.is_some_and(|case| case.request.kind == RequestKind::LegacyCode))
    }

    fn read_password(&mut self) -> Result<Option<SecretString>, Failure> {
        new_password::read(&self.args.password, self.args.change, self.run.terminal)
    }

    fn match_requests(
        &mut self,
        input: AnswerInput,
        device: Option<&DeviceKey>,
    ) -> Result<Matching, Failure> {
        let session = &self.run.session;
        let matching = answer::match_requests(session, input, device, self.choice.overrides)?;
        let terminal = &mut *self.run.terminal;
        let unanswered = &matching.unanswered;
        if !unanswered.is_empty() {
            let packages = count(unanswered.len() as u64, "package has", "packages have");
            terminal.note(&format!("{packages} no answer yet"));
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
            return Err(Failure::words(Exit::Usage, message).hint(
                "save each answer into the folder of its request, or name the file and --device; nothing was sent",
            ));
        }
        let outcomes: Vec<_> = matching.left_out.into_iter().map(Outcome::from).collect();
        let Context { global, terminal } = self.run.into_context();
        let exit = output::print_outcomes(&outcomes, None, global.format, terminal)?;
        if exit == Exit::Done {
            terminal.note("nothing is left to do: these devices took their answers before");
        }
        Ok(exit)
    }

    /// Checks the answers against the devices that were found, and sends them.
    fn deliver(
        mut self,
        matching: Matching,
        inventory: &Inventory,
        password: Option<SecretString>,
    ) -> Result<Exit, Failure> {
        let change = self.args.change;
        let plan = answer::plan(&self.run.session, inventory, matching, &self.choice)?;
        if change.dry_run || plan.answers.is_empty() {
            return self.run.print_planned(plan.into_outcomes());
        }
        let password = match password {
            None if plan.needs_password() => self.read_password()?,
            password => password,
        };
        self.run.confirm(&answers_question(&plan), change)?;
        let settings = Settings {
            inventory,
            password: password.as_ref(),
            parallel: self.args.parallel.into(),
        };
        self.run
            .carry_out(async |session, observer| plan.carry_out(session, settings, observer).await)
    }
}

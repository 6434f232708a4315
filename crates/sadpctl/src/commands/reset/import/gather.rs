//! What is to be sent, before it is known who is there.

use sadp_ops::recovery::History;
use sadp_reset::{
    Action, Assignment, Collected, DeviceKey, Matched, Problem, RequestFacts, Target, Why, assign,
    collect,
};
use secrecy::SecretString;

use super::given::{Given, Source};
use crate::{
    advice::Remedy,
    args::ImportArgs,
    failure::{Exit, Failure},
    outcome::Outcome,
    secret,
    terminal::Terminal,
    text::count,
};

/// Files, or a key.
pub(super) enum Input {
    Files(Collected),
    Key(SecretString),
}

impl Input {
    /// Looks through the paths, or reads the key.
    pub(super) fn read(args: &ImportArgs) -> Result<Self, Failure> {
        if args.paths.is_empty() {
            return secret::vendor_key(args.key_file.as_deref()).map(Self::Key);
        }
        Ok(Self::Files(collect(&args.paths)))
    }

    /// Whether there is nothing that could be sent.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Files(found) if found.files.is_empty())
    }

    /// Finds the request each answer is for. What cannot be used becomes an
    /// outcome.
    pub(super) fn assign(
        self,
        past: &History<'_>,
        device: Option<&DeviceKey>,
        outcomes: &mut Vec<Outcome>,
        terminal: &mut Terminal,
    ) -> Vec<Given> {
        let found = match (self, device) {
            (Self::Files(found), _) => found,
            (Self::Key(key), Some(device)) => return vec![Given::typed(target(past, device), key)],
            (Self::Key(_), None) => return Vec::new(),
        };
        let Assignment {
            matched,
            problems,
            waiting,
        } = assign(found, past.cases(), device);
        outcomes.extend(problems.iter().map(refused));
        if !waiting.is_empty() {
            let packages = count(waiting.len() as u64, "package has", "packages have");
            terminal.note(&format!("{packages} no answer yet"));
            for path in &waiting {
                terminal.detail(&format!("no answer yet: {}", path.display()));
            }
        }
        let given = |mut matched: Matched| {
            let target = &mut matched.target;
            target.facts = past.asked_since(std::mem::take(&mut target.facts), &target.device);
            Given::file(matched)
        };
        matched.into_iter().map(given).collect()
    }
}

/// The latest request of a device, or what a device without one is.
fn target(past: &History<'_>, device: &DeviceKey) -> Target {
    let mut cases = past.cases().iter();
    let case = cases.find(|case| case.request.device.is_same(device));
    Target {
        device: device.clone(),
        case: case.map(|case| case.id),
        package: case.map(|case| case.request.package.clone()),
        kind: case.map(|case| case.request.kind),
        facts: case.map_or_else(RequestFacts::default, |case| past.facts(case)),
    }
}

/// A file that is not sent.
fn refused(problem: &Problem) -> Outcome {
    let exit = match &problem.why {
        Why::Unreadable(_) => Exit::Machine,
        _ => Exit::Unsafe,
    };
    let path = problem.path.display();
    let cause = std::error::Error::source(&problem.why);
    let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
    let message = format!("{path}: {}{cause}", problem.why);
    let mut outcome = Outcome::unseen(problem.device.as_ref(), Action::ImportAnswer, message);
    outcome.exit = exit;
    Source::File(problem.path.clone()).add_data(&mut outcome);
    outcome.next(problem.why.remedy())
}

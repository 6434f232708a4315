//! Why something could not be done at all, with everything that may help.

use std::error::Error;

use sadp_discovery::{LinkInfo, ScanReport, interface::is_virtual, reverse_path};
use sadp_model::FACTORY_ADDRESSES;
use sadp_ops::{
    OpsError,
    job::JobError,
    network::{ApplyError, SetError},
};

use crate::{
    LinkedPage, Remedy, Sentence, causes, claimed, permission, plan_problems, seconds,
    target_address,
};

/// Why something could not be done, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// What is wrong, with its causes.
    pub message: Sentence,
    /// What to do, in the order to try it.
    pub hints: Vec<Sentence>,
}

impl ErrorText {
    fn new(message: impl Into<Sentence>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
        }
    }

    fn of(error: &dyn Error) -> Self {
        Self::new(causes(error).join(": "))
    }

    fn remedied(error: &(impl Error + Remedy)) -> Self {
        Self::of(error).hint(error.remedy())
    }

    fn hint(mut self, hint: impl Into<Sentence>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<&OpsError> for ErrorText {
    fn from(error: &OpsError) -> Self {
        match error {
            OpsError::Claimed(holder) => Self::new(claimed(holder.as_ref())).hint(error.remedy()),
            error => Self::remedied(error),
        }
    }
}

impl From<&SetError> for ErrorText {
    fn from(error: &SetError) -> Self {
        match error {
            SetError::Taken(target) => Self::new(target_address(*target)).hint(error.remedy()),
            error => Self::remedied(error),
        }
    }
}

impl From<&JobError> for ErrorText {
    fn from(error: &JobError) -> Self {
        match error {
            JobError::Ops(error) => error.into(),
            JobError::NothingFound(report) => nothing_found(report),
            JobError::NoneAnswers => {
                Self::of(error).hint("check cable and power; nothing was sent")
            }
            JobError::Settings(error) => error.into(),
            JobError::Range(error) => Self::remedied(error),
            JobError::Addresses(ApplyError::Ledger(error)) => Self::remedied(error),
            JobError::Addresses(ApplyError::Problems(problems)) => {
                let what = plan_problems(problems).message;
                Self::new(Sentence::new("the plan of these addresses ").then(what))
            }
            JobError::Addresses(error) => {
                Self::of(error).hint("take another first address; nothing was sent")
            }
            JobError::Plan(error @ ApplyError::Problems(problems)) => {
                let what = plan_problems(problems).message;
                Self::new(Sentence::new("the plan ").then(what)).hint(error.remedy())
            }
            JobError::Plan(error) => Self::remedied(error),
            JobError::NoGuid => Self::of(error).hint(
                Sentence::default()
                    .command("sadpctl reset guid list", LinkedPage::GuidVault)
                    .text(" shows what the vault holds; nothing was sent"),
            ),
            JobError::Prepare(error) => Self::remedied(error),
            JobError::Results(error) => Self::remedied(error),
            JobError::Recording(_) | JobError::Redaction(_) => {
                Self::of(error).hint("check that the disk has room and can be written")
            }
            error => Self::of(error),
        }
    }
}

/// Nothing was found: why that may be.
pub fn nothing_found(report: &ScanReport) -> ErrorText {
    let links = report.links.iter();
    let links = links.map(|link| format!("{} ({})", link.interface, link.network));
    let mut links: Vec<_> = links.collect();
    if links.is_empty() {
        links.push("no interface".into());
    }
    let (elapsed, links) = (seconds(report.progress.elapsed), links.join(", "));
    let mut text = ErrorText::new(format!("no device answered within {elapsed} on {links}")).hint(
        "check that the devices have power and that this computer is on their switch and VLAN",
    );
    let mut links = report.links.iter();
    if let Some(LinkInfo { interface, .. }) = links.find(|link| is_virtual(&link.interface)) {
        let first = format!(
            "{interface} looks like a VPN or container network: name the one the cameras are on"
        );
        let hint = Sentence::new(first).or_on_page(", e.g. -i eth0", " when this program is begun");
        text = text.hint(hint);
    }
    text = text.hint(
        "let UDP port 37020 in through this computer's firewall, or try with the firewall off",
    );
    text.hints.extend(filtered(report));
    if report.progress.sweep.is_none() {
        text = text.hint(
            Sentence::new("behind a router, ask addresses one by one: ")
                .terminal_only("sadpctl scan --target 192.168.1.0/24"),
        );
    }
    let check = Sentence::new("to check this computer: ");
    text.hint(check.command("sadpctl doctor", LinkedPage::Doctor))
}

/// That answers of other subnets are dropped unheard on some interface, and how to hear them.
pub fn filtered(report: &ScanReport) -> Option<Sentence> {
    let mut links = report.links.iter().filter(|link| {
        !link.network.addr().is_loopback() && !report.frames_on.contains(&link.interface)
    });
    let link = links.find(|link| reverse_path::drops_other_subnets(&link.interface))?;
    let (name, network) = (&link.interface, link.network.trunc());
    let hidden = FACTORY_ADDRESSES.into_iter();
    let hidden = hidden.filter(|address| !network.contains(address));
    let hidden: Vec<_> = hidden.map(|address| address.to_string()).collect();
    let among = match &hidden[..] {
        [] => String::new(),
        hidden => format!(", the factory address {} included", hidden.join(" or ")),
    };
    let first = format!(
        "this computer drops answers from outside {network} on {name} (reverse-path filter){among}: raw Ethernet frames \
         get around it ("
    );
    let command =
        format!("sudo sysctl net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.{name}.rp_filter=0");
    let sentence = Sentence::new(first)
        .then(permission())
        .text("), or until the next start: ");
    Some(sentence.shell(command))
}

//! Network settings.

use sadp_model::{AddressError, MacAddr, text::clean};
use sadp_ops::{
    DiscoveredDevice, Guard, Outcome, Seen,
    network::{
        AddressHolder, ApplyError, BadChange, NetworkFinding as Finding, Plan, PlannedChange,
        ProposalError, ResultFileError, SetError, SettingsChange as Change, TargetAddress,
        plan_file::{Cause, FileKind, Problem},
    },
};
use sadp_proto::{NetworkSettings, UpdateError};
use sadp_reset::Action;

use crate::{
    Confirmation, Explanation, LinkedPage, Remedy, Sentence,
    announcement::{listed, question},
    count, say,
};

/// The settings that change, by name, with what they become; and the others, too, where
/// it is not certain what the device has: all are sent.
fn differences(change: &Change) -> impl Iterator<Item = (&'static str, String)> {
    let pairs = texts(&change.before).into_iter().zip(texts(&change.after));
    pairs.filter_map(|((name, before), (_, after))| match before == after {
        false => Some((name, format!("{before} -> {after}"))),
        true if !change.mixed || (name.ends_with("port") && after == NONE) => None,
        true => Some((name, format!("{after} (kept)"))),
    })
}

/// A change in a line: `ip 192.168.1.64 -> 192.168.1.101`.
pub(crate) fn change_line(change: &Change) -> String {
    let parts = differences(change).map(|(name, values)| format!("{name} {values}"));
    parts.collect::<Vec<_>>().join(", ")
}

const NONE: &str = "none";

fn texts(settings: &NetworkSettings) -> [(&'static str, String); 10] {
    fn text(value: Option<impl ToString>) -> String {
        value.map_or_else(|| NONE.into(), |value| value.to_string())
    }
    let NetworkSettings { ipv4, ipv6, ports } = settings;
    let dhcp = ipv4.dhcp.map(|on| if on { "on" } else { "off" });
    [
        ("ip", text(ipv4.address)),
        ("mask", text(ipv4.mask)),
        ("gateway", text(ipv4.gateway)),
        ("dhcp", text(dhcp)),
        ("http-port", text(ports.http)),
        ("sdk-port", text(ports.sdk)),
        ("tls-port", text(ports.sdk_tls)),
        ("ipv6", text(ipv6.address)),
        ("ipv6-prefix", text(ipv6.prefix)),
        ("ipv6-gateway", text(ipv6.gateway)),
    ]
}

/// What a plan for one device does.
pub fn device_question(it: &PlannedChange) -> Confirmation<'_> {
    let device = &it.device.entry.device;
    let mac = device.mac.map(|mac| mac.to_string());
    let serial = device.serial.as_ref().map(ToString::to_string);
    let names: Vec<_> = mac.into_iter().chain(serial).collect();
    let heading = format!("the network settings of {} change:", names.join("  "));
    let width = if it.change.mixed { 12 } else { 10 };
    let lines = differences(&it.change).map(|(name, values)| format!("  {name:<width$}  {values}"));
    let doubt = it.change.mixed.then(|| MIXED.to_owned());
    let lines: Vec<_> = std::iter::once(heading).chain(lines).chain(doubt).collect();
    change_question([&it.device].into(), &lines)
}

fn change_question<'a>(devices: Vec<&'a DiscoveredDevice>, plan: &[String]) -> Confirmation<'a> {
    Confirmation {
        action: Action::NetSet,
        plan: plan.join("\n"),
        text: question("Change the network settings of {}?", devices.len()),
        devices,
    }
}

/// Stands below settings that are taken from replies that are not alike.
const MIXED: &str =
    "replies differ in what it has now: check what is kept, too, because all of it is sent";

/// What a plan for many devices does.
pub fn batch_question(plan: &Plan) -> Confirmation<'_> {
    let changes = plan.changes.iter().map(|it| {
        let device = &it.device.entry.device;
        let model = device.model.as_deref().map(clean);
        let (mac, change) = (shown(device.mac, "-"), change_line(&it.change));
        format!("  {mac}  {}  {change}", model.as_deref().unwrap_or("-"))
    });
    let mut lines = vec![listed("network settings change:".into(), changes)];
    if plan.changes.iter().any(|it| it.change.mixed) {
        lines.push(format!("where settings are listed as kept, {MIXED}"));
    }
    for step in plan.steps.iter().filter(|step| step.temporary) {
        let it = plan.changes.get(step.number);
        let mac = it.and_then(|it| it.device.entry.device.mac);
        let (mac, to) = (shown(mac, "-"), step.to);
        let first = format!("  {mac} goes to {to} first, to make room for others");
        lines.push(first);
    }
    change_question(plan.changes.iter().map(|it| &it.device).collect(), &lines)
}

/// What is known of the address that a device is to have.
pub fn target_address(target: TargetAddress) -> String {
    let address = target.address;
    match target.holder {
        Some(by) => format!("{address} is taken by {}", holder(by)),
        None => format!("{address} looks free (a device that is switched off would not show)"),
    }
}

/// How many devices a plan gave names.
pub fn named_by_plan(devices: usize) -> String {
    let devices = count(devices as u64, "device is", "devices are");
    format!("{devices} named by the plan")
}

/// What is wrong with a plan file, whose name stands before: the first problems by their
/// lines.
pub fn plan_problems(problems: &[Problem]) -> Explanation {
    const LISTED: usize = 50;
    let causes: Vec<_> = problems.iter().map(|it| &it.cause).collect();
    if let [Cause::OtherFile(kind)] = causes[..] {
        let next = match kind {
            FileKind::OldWorkbook | FileKind::OpenDocument => {
                "open it in the spreadsheet program, save it as an Excel workbook (.xlsx) without a password, and apply that file".into()
            }
            FileKind::Markup | FileKind::Json => writes_a_plan("")
                .text("; a list of devices can be one if it is CSV: ")
                .command("sadpctl scan --format csv", LinkedPage::Devices),
            FileKind::Archive => "unpack it, and apply the CSV file in it".into(),
            FileKind::Pdf | FileKind::Binary => writes_a_plan("check whether it is the right file; "),
        };
        return say(format!("is {kind}, and a plan is CSV or an .xlsx workbook")).next(next);
    }
    let lines = problems.iter().take(LISTED).map(|it| match &it.cause {
        Cause::Change(bad) => {
            let start = format!("\n  line {}: {bad}: ", it.line);
            Sentence::new(start).then(bad.remedy())
        }
        cause if it.line == 0 => Sentence::new(format!("\n  {cause}")),
        cause => Sentence::new(format!("\n  line {}: {cause}", it.line)),
    });
    let number = count(problems.len() as u64, "error", "errors");
    let heading = Sentence::new(format!("has {number}:"));
    let has = |is: fn(&Cause) -> bool| causes.iter().any(|it| is(it));
    let next = if has(|it| matches!(it, Cause::SeveralSheets(_))) {
        "leave one of them, and move the others to another workbook"
    } else if has(|it| matches!(it, Cause::MergedCells(_))) {
        "unmerge them, write the value into each, and apply the plan again"
    } else if has(|it| matches!(it, Cause::ColumnMissing(_))) {
        "the first line names the columns: mac and ip, and any of mask, gateway, dhcp, http_port, sdk_port; \
         the vendor tool's names (MAC Address, IPv4 Address) are taken, too"
    } else {
        "correct the plan and apply it again"
    };
    say(lines.fold(heading, Sentence::then)).next(next)
}

fn writes_a_plan(first: &'static str) -> Sentence {
    Sentence::new(first)
        .command("sadpctl net plan", LinkedPage::NetworkPlan)
        .text(" writes a plan")
}

fn holder(holder: AddressHolder) -> String {
    match holder {
        AddressHolder::ThisComputer => "this computer".into(),
        AddressHolder::Device(mac) => shown(mac, "another device"),
        AddressHolder::Host => "a machine that accepts connections".into(),
    }
}

fn shown(mac: Option<MacAddr>, unknown: &str) -> String {
    mac.map_or_else(|| unknown.into(), |mac| mac.to_string())
}

/// What is found, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &Finding) -> Explanation {
    match finding {
        Finding::AlreadySet => say("no change needed"),
        Finding::NotActivated => say("it has no password yet").next(Sentence::new("activate it first: ").command("sadpctl activate", LinkedPage::Activate)),
        Finding::CannotSend(error) => say(format!("not sent: {error}")).next(match error {
            UpdateError::UnknownAccount => Sentence::new("name the account that the password belongs to").or_on_page(": --account NAME", " in the form"),
            _ => Sentence::new("its password cannot be sent this way: use its own web page"),
        }),
        Finding::Replayable => say("its firmware sends the password in a form that can be recorded and replayed")
            .next(Sentence::new("use its own web page, or connect it to this computer alone and ").or_on_page("add --allow-replayable", "allow that in the form for one device")),
        Finding::NotFound { line } => say(format!("no such device was found (line {line})"))
            .next("check cable and power of devices not found, then apply the plan again"),
        Finding::AddressTaken { address, holder: by } => {
            let stays = if matches!(by, AddressHolder::Device(_)) { ", which does not move" } else { "" };
            say(format!("{address} is taken by {}{stays}", holder(*by)))
                .next(Sentence::new("plan a free address: ").command("sadpctl scan", LinkedPage::Devices).text(" shows who has it"))
        }
        Finding::AddressNotFreed { address, by } => {
            let other = shown(*by, "another device");
            say(format!("not sent: {other} did not confirm that it gave up {address}"))
                .next("apply the plan again once the others have moved")
        }
        Finding::BatchEnded => say("not sent: the batch was stopped"),
        Finding::EarlierStepFailed => say("not sent: a step before could not be carried out"),
    }
}

/// What a look after a change shows.
pub(super) fn checked(outcome: &Outcome, change: &Change, replied: bool) -> String {
    let line = change_line(change);
    match (replied, outcome.seen) {
        (true, Some(Seen::Changed)) => line,
        (true, Some(Seen::Unchanged)) => {
            "it reported success, but still reports its former settings".into()
        }
        (true, _) => format!("accepted: {line}; not back on the network yet"),
        (false, Some(Seen::Changed)) => format!("no reply, but the change is made: {line}"),
        (false, Some(Seen::Unchanged)) => "no reply, and it still has its former settings".into(),
        (false, _) => "no reply, and it was not seen again".into(),
    }
}

impl Remedy for BadChange {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::Served => return Sentence::new("turn DHCP off for fixed ones (").or_on_page("--dhcp off; ", "").text("in a plan dhcp=off)"),
            Self::NoAddress => "give the address, too",
            Self::NoMask => return Sentence::new("give the subnet mask, too (").or_on_page("--mask; ", "").text("in a plan mask)"),
            Self::NoSdkPort => return Sentence::new("give the SDK port, too (").or_on_page("--sdk-port; ", "").text("in a plan sdk_port): it is sent with every change"),
            Self::Address(AddressError::Gateway { .. } | AddressError::OwnGateway(_)) => "give the gateway of the new network, too, or none",
            Self::Address(AddressError::Mask(_)) => "write it as 255.255.255.0",
            Self::Address(AddressError::NoHost(_) | AddressError::Edge { .. }) => "choose another address, or give the mask of the network",
        })
    }
}

impl Remedy for SetError {
    fn remedy(&self) -> Sentence {
        match self {
            Self::Bad(bad) => bad.remedy().text("; nothing was sent"),
            Self::Taken(_) => Sentence::new("choose another address; ")
                .lift(Guard::AddressInUse)
                .text(" sends anyway; nothing was sent"),
            Self::Ledger(error) => error.remedy(),
        }
    }
}

impl Remedy for ApplyError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::Problems(problems) => {
                let next = plan_problems(problems).next.unwrap_or_default();
                return next.text("; nothing was sent");
            }
            Self::NoneFound => return Sentence::default().command("sadpctl scan", LinkedPage::Devices).text(" shows which devices are there; nothing was sent"),
            Self::NoSpare(_) => "leave one of them out, or give it another address; nothing was sent",
            Self::SparesTaken => "plan addresses that no other device has; nothing was sent",
            Self::Ledger(error) => return error.remedy(),
        })
    }
}

impl Remedy for ProposalError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        match self {
            Self::NoNetwork { .. } => Sentence::new("give its subnet mask, too").or_on_page(" (--mask)", ""),
            Self::Address(_) => Sentence::new("check the first address, the mask and the gateway").or_on_page(" (--from, --mask, --gateway)", ""),
            Self::Full(_) => Sentence::new("begin at a lower address").or_on_page(" (--from)", "").text(", or take fewer devices").or_on_page(" (--where)", ""),
        }
    }
}

impl Remedy for ResultFileError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        match self {
            Self::Exists(_) => Sentence::new("it holds no results: ").or_on_page("name another file with --result, or use --force to replace it", "move it away").text("; nothing was sent"),
            Self::Unwritable { .. } => Sentence::default().or_on_page("name a file that you may write with --result", "make the state folder writable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::Device;
    use sadp_ops::network::WantedSettings;

    use super::*;

    /// A change of a device that has a gateway.
    fn change(address: &str, gateway: Option<&str>) -> Change {
        let mut device = Device::unknown();
        device.ipv4.address = "192.168.1.64".parse().ok();
        device.ipv4.mask = "255.255.255.0".parse().ok();
        device.ipv4.gateway = "192.168.1.1".parse().ok();
        device.ports.sdk = Some(8000);
        let wanted = WantedSettings {
            address: address.parse().ok(),
            gateway: gateway.and_then(|gateway| gateway.parse().ok()),
            ..WantedSettings::default()
        };
        Change::new(&device, &wanted).unwrap()
    }

    #[test]
    fn a_change_is_reported_in_a_line() {
        let line = change_line(&change("192.168.1.101", None));
        assert_eq!(line, "ip 192.168.1.64 -> 192.168.1.101");
        let line = change_line(&change("10.0.0.9", Some("0.0.0.0")));
        let expected = "ip 192.168.1.64 -> 10.0.0.9, gateway 192.168.1.1 -> none";
        assert_eq!(line, expected);
    }

    #[test]
    fn all_that_is_sent_is_listed_where_replies_differ() {
        let mixed = Change {
            mixed: true,
            ..change("192.168.1.101", None)
        };
        let expected = "ip 192.168.1.64 -> 192.168.1.101, mask 255.255.255.0 (kept), \
                        gateway 192.168.1.1 (kept), dhcp none (kept), sdk-port 8000 (kept), \
                        ipv6 none (kept), ipv6-prefix none (kept), ipv6-gateway none (kept)";
        assert_eq!(change_line(&mixed), expected);
    }
}

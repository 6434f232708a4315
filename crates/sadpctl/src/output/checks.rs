//! What a look at this computer came to.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use sadp_doctor::{Check, Finding, FirewallState, PortHolder, PortState, RawEthernet, Verdict};
use sadp_text::{Explanation, Platform, check_subject, check_text};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    Layout, Row,
    table::{CellColumn, Column, Table, blank, harmless},
};
use crate::terminal::{GREEN, RED, YELLOW};

/// One check, in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CheckRow {
    /// What was checked, the same word whatever came of it.
    #[serde(rename = "check")]
    pub(crate) topic: &'static str,
    /// Of which interface, port or program.
    pub(crate) subject: String,
    #[serde(serialize_with = "by_name")]
    pub(crate) verdict: Verdict,
    pub(crate) message: String,
    /// What to do about it. A command stands at the end, after a colon.
    pub(crate) remedy: Option<String>,
    /// The figures behind it.
    pub(crate) data: Value,
}

impl CheckRow {
    /// A check with its words and figures. Commands are those of `platform`.
    pub(crate) fn new(check: &Check, platform: Platform) -> Self {
        let Explanation { message, next } = check_text(check, platform);
        Self {
            topic: topic(&check.finding),
            subject: check_subject(&check.subject),
            verdict: check.verdict,
            message: message.into(),
            remedy: next.map(Into::into),
            data: data(&check.finding),
        }
    }
}

const fn topic(finding: &Finding) -> &'static str {
    match finding {
        Finding::Interface(_) | Finding::NoUsableInterface => "interface",
        Finding::Port(_) => "port",
        Finding::Multicast(_) => "multicast",
        Finding::ReversePath(_) => "reverse-path",
        Finding::Firewall { .. } | Finding::NoFirewall | Finding::NotExamined => "firewall",
        Finding::RawEthernet(_) => "raw-link",
        Finding::ReceiveBuffer(_) => "receive-buffer",
        Finding::Devices(_) | Finding::ScanFailed(_) => "devices",
        Finding::ScanLimited(_) => "scan",
        Finding::Duplicates(_) => "duplicates",
        Finding::SeveralSenders(_) => "senders",
        Finding::OffSubnet { .. } => "off-subnet",
        Finding::UnreadableReplies { .. } => "malformed-replies",
        Finding::OtherTools(_) => "other-tools",
    }
}

/// The figures of a finding, under the keys that scripts read.
fn data(finding: &Finding) -> Value {
    match finding {
        Finding::Interface(found) => json!({
            "addresses": found.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "used": found.is_used(),
            "carrier": found.carrier,
            "multicast": found.multicast,
            "virtual": found.is_virtual(),
        }),
        Finding::Port(found) => json!({
            "state": match found.state {
                PortState::Free => "free",
                PortState::Shared => "shared",
                PortState::Taken => "taken",
                PortState::Refused(_) => "refused",
            },
            "holders": found.holders.iter().map(holder).collect::<Vec<_>>(),
        }),
        Finding::Multicast(test) => json!({
            "group": test.group,
            "heard_on_port": received(test.on_port.as_ref()),
            "heard_on_another": received(test.on_other_port.as_ref()),
        }),
        Finding::ReversePath(filter) => {
            json!({"all": filter.all, "own": filter.own, "dropped": filter.dropped})
        }
        Finding::Firewall { state, .. } => json!({"state": match state {
            FirewallState::Open => "open",
            FirewallState::DroppedByRule(_) | FirewallState::DroppedByDefault(_) => "blocked",
            FirewallState::NotPermitted | FirewallState::TooComplex => "not-judged",
        }}),
        Finding::RawEthernet(RawEthernet::Available { interfaces }) => {
            json!({"cards": interfaces})
        }
        Finding::RawEthernet(RawEthernet::Unavailable(_)) => json!({"cards": 0}),
        Finding::ReceiveBuffer(buffer) => {
            let mut data = json!({
                "granted": buffer.granted,
                "rmem_max": buffer.limit,
                "rmem_default": buffer.default,
                "dropped": buffer.dropped,
            });
            if let Some(devices) = buffer.granted.and(buffer.capacity) {
                data["devices"] = devices.into();
            }
            data
        }
        Finding::Devices(found) => json!({
            "devices": found.devices.total(),
            "rounds": found.rounds,
            "datagrams": found.datagrams,
        }),
        Finding::Duplicates(found) => json!({"devices": found.names}),
        Finding::SeveralSenders(senders) => json!({"from": senders}),
        Finding::OffSubnet { subnet, .. } => json!({"devices": subnet.devices}),
        Finding::UnreadableReplies {
            malformed,
            unreadable,
            ..
        } => json!({"malformed": malformed, "unreadable": unreadable}),
        Finding::OtherTools(tools) => {
            let tools = tools.iter();
            let probes = tools.map(|(from, tool)| (from.to_string(), tool.probes));
            json!({"askers": probes.collect::<BTreeMap<_, _>>()})
        }
        Finding::NoUsableInterface
        | Finding::NoFirewall
        | Finding::NotExamined
        | Finding::ScanFailed(_)
        | Finding::ScanLimited(_) => json!({}),
    }
}

fn holder(holder: &PortHolder) -> Value {
    let process = holder.process.as_ref();
    json!({
        "process": process.map(|process| process.id),
        "name": process.map(|process| &process.name),
        "user": holder.user,
    })
}

fn received(result: Option<&io::Result<bool>>) -> Option<bool> {
    result.map(|result| matches!(result, Ok(true)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn by_name<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(*verdict))
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    }
}

impl Row for CheckRow {
    const LIST: &'static str = "checks have";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("VERDICT"), |it| name(it.verdict).into()),
            (Column::whole("CHECK"), |it| it.topic.into()),
            (Column::text("SUBJECT", 16), |it| harmless(&it.subject)),
            (Column::text("MESSAGE", 30), |it| harmless(&it.message)),
            (Column::below(), |it| {
                blank(it.remedy.as_ref().map(|it| format!("-> {it}")))
            }),
        ];
        let styles = &[("ok", GREEN), ("warning", YELLOW), ("problem", RED)];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_system_are_made_harmless() {
        let check = CheckRow {
            topic: "port",
            subject: "a\x1b[2J".into(),
            verdict: Verdict::Ok,
            message: "held by \u{202e}x\n".into(),
            remedy: Some("close \x07it".into()),
            data: json!({}),
        };
        let (mut out, width, wide) = (Vec::new(), Some(100), false);
        CheckRow::write_table(&[check], &mut out, Layout { width, wide }).unwrap();
        let table = String::from_utf8(out).unwrap();
        assert!(table.contains("\\u{1b}[2J") && table.contains("\\u{202e}x\\u{a}"));
        assert!(table.contains("-> close \\u{7}it"), "{table}");
    }
}

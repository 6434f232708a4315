//! The data of outcomes, under the keys that
//! scripts read.

use std::net::IpAddr;

use sadp_model::State;
use sadp_ops::{
    Outcome, OutcomeData, Reason, Seen,
    network::SettingsChange,
    owner::{CloudStatus, UnbindStatus},
    recovery::{
        answer::AnswerData, button::ButtonFinding, guid::ImportedGuid, questions::ListedQuestions,
        request::ExportedRequest,
    },
};
use sadp_proto::NetworkSettings;
use sadp_reset::CaseEnding;
use serde_json::{Map, Value, json};

pub(super) fn of(outcome: &Outcome) -> Map<String, Value> {
    let mut data = match &outcome.data {
        OutcomeData::None | OutcomeData::Mailbox(_) => Map::new(),
        OutcomeData::Request(exported) => request(exported),
        OutcomeData::Network(change) => network(change),
        OutcomeData::Answer(data) => answer(data),
        OutcomeData::ExportedGuid(exported) => Map::from_iter([
            ("path".into(), json!(exported.path.to_string_lossy())),
            ("encrypted".into(), json!(exported.encrypted)),
            ("suspect".into(), json!(exported.suspect)),
        ]),
        OutcomeData::ImportedGuid(imported) => imported_guid(imported),
        OutcomeData::Questions(list) => questions(list),
        OutcomeData::Cloud(status) => cloud(status),
        OutcomeData::MailQr(qr) => Map::from_iter([
            ("qr".into(), json!(qr.qr)),
            ("mailbox".into(), json!(qr.mailbox)),
            ("service_mailbox".into(), json!(qr.service_mailbox)),
        ]),
    };
    match &outcome.reason {
        Reason::PasswordReset(finding) => {
            data.insert("active".into(), json!(finding.active()));
        }
        Reason::Button(finding) => data.extend(button(finding)),
        _ => {}
    }
    if let Some(seen) = outcome.seen {
        let confirmed = match seen {
            Seen::Changed => Value::Bool(true),
            Seen::Unchanged => Value::Bool(false),
            Seen::Missing => Value::Null,
        };
        data.insert("confirmed".into(), confirmed);
    }
    data
}

fn request(exported: &ExportedRequest) -> Map<String, Value> {
    let record = &exported.package.record;
    let case = exported.case.as_ref();
    let superseded = case.into_iter().flat_map(|case| &case.superseded);
    let superseded: Vec<_> = superseded.map(|id| id.number()).collect();
    Map::from_iter([
        (
            "path".into(),
            json!(exported.package.path.to_string_lossy()),
        ),
        ("kind".into(), json!(record.kind.name())),
        ("case".into(), json!(case.map(|case| case.id.number()))),
        (
            "valid_until".into(),
            json!(record.valid_until().to_string()),
        ),
        ("superseded".into(), json!(superseded)),
    ])
}

fn network(change: &SettingsChange) -> Map<String, Value> {
    Map::from_iter([
        ("before".into(), settings(&change.before)),
        ("after".into(), settings(&change.after)),
        // Unless a look tells it.
        ("confirmed".into(), Value::Null),
    ])
}

fn settings(settings: &NetworkSettings) -> Value {
    fn text(value: Option<impl Into<IpAddr>>) -> Option<String> {
        value.map(|value| value.into().to_string())
    }
    let NetworkSettings { ipv4, ipv6, ports } = settings;
    json!({
        "ipv4": {
            "address": text(ipv4.address),
            "mask": text(ipv4.mask),
            "gateway": text(ipv4.gateway),
            "dhcp": ipv4.dhcp,
        },
        "ipv6": {
            "address": text(ipv6.address),
            "prefix": ipv6.prefix,
            "gateway": text(ipv6.gateway),
        },
        "ports": {"sdk": ports.sdk, "http": ports.http, "sdk_tls": ports.sdk_tls},
    })
}

fn cloud(status: &CloudStatus) -> Map<String, Value> {
    let unbind = status.unbind.as_ref().map(|unbind| match unbind {
        UnbindStatus::Ready => "ready",
        UnbindStatus::Refused(refusal) => refusal.word(),
    });
    Map::from_iter([
        ("supported".into(), json!(status.supported)),
        ("enabled".into(), json!(status.enabled)),
        ("bound".into(), json!(status.bound)),
        ("unbind".into(), json!(unbind)),
    ])
}

fn button(finding: &ButtonFinding) -> Map<String, Value> {
    let state = match finding {
        ButtonFinding::NotForDevice { others, .. } => {
            let others: Vec<_> = others.iter().map(|way| way.name()).collect();
            return Map::from_iter([("ways".into(), json!(others))]);
        }
        ButtonFinding::Unactivated | ButtonFinding::Reset => Some(State::Unactivated),
        ButtonFinding::StillActive => Some(State::Active),
        _ => None,
    };
    let state = state.map(State::name);
    Map::from_iter([("state".into(), json!(state))])
}

fn imported_guid(imported: &ImportedGuid) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("path".into(), json!(imported.path.to_string_lossy()));
    if let Some(newer) = &imported.not_preferred {
        data.insert("not_preferred".into(), json!(newer.to_string_lossy()));
    }
    if let Some(sync_cameras) = imported.sync_cameras {
        data.insert("sync_cameras".into(), json!(sync_cameras));
    }
    data
}

fn questions(list: &ListedQuestions) -> Map<String, Value> {
    let questions = list.questions.iter();
    let questions =
        questions.map(|it| json!({"id": it.id, "set": it.set, "name": it.name.as_deref()}));
    let mut data = Map::new();
    data.insert("questions".into(), questions.collect());
    if list.ignored > 0 {
        data.insert("ignored".into(), json!(list.ignored));
    }
    data
}

fn answer(answer: &AnswerData) -> Map<String, Value> {
    let mut data = Map::new();
    if let Some(file) = &answer.file {
        data.insert("file".into(), json!(file.to_string_lossy()));
    }
    if let Some(case) = answer.case {
        data.insert("case".into(), json!(case.number()));
    }
    if let Some(sent) = answer.sent {
        let closed = sent.closed.map(CaseEnding::name);
        data.insert("closed".into(), json!(closed));
        if let Some(seen) = sent.seen {
            data.insert("seen".into(), json!(seen));
        }
    }
    data
}

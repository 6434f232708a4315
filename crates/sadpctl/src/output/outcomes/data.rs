//! The data of outcomes, under the keys that
//! scripts read.

use std::net::IpAddr;

use sadp_model::State;
use sadp_ops::{
    Outcome, OutcomeData, Reason, Seen,
    check::{DeviceClock, HttpActivation, HttpDetails, HttpLogin, HttpStatus},
    onvif::OnvifStatus,
    owner::{CloudStatus, UnbindStatus},
    recovery::{
        answer::AnswerData, button::ButtonFinding, prepare::PreparedDevice,
        questions::ListedQuestions, request::ExportedRequest,
    },
    time::ClockStatus,
};
use sadp_proto::NetworkSettings;
use sadp_reset::{CaseEnding, CaseId};
use serde_json::{Map, Value, json};

use crate::output::ShownCamera;

pub(super) fn of(outcome: &Outcome) -> Map<String, Value> {
    let mut data = match &outcome.data {
        OutcomeData::None | OutcomeData::Mailbox(_) => Map::new(),
        OutcomeData::Request(exported) => request(exported),
        // Unless a look tells it, the change is not confirmed.
        OutcomeData::Network(change) => object(json!({
            "before": settings(&change.before), "after": settings(&change.after), "confirmed": null,
        })),
        OutcomeData::Answer(data) => answer(data),
        OutcomeData::ExportedGuid(guid) => object(json!({
            "path": guid.path.to_string_lossy(), "encrypted": guid.encrypted, "suspect": guid.suspect,
        })),
        OutcomeData::ImportedGuid(guid) => known(json!({
            "path": guid.path.to_string_lossy(),
            "not_preferred": guid.not_preferred.as_ref().map(|newer| newer.to_string_lossy()),
            "sync_cameras": guid.sync_cameras,
        })),
        OutcomeData::Questions(list) => questions(list),
        OutcomeData::Cloud(status) => cloud(status),
        OutcomeData::Prepared(prepared) => preparation(prepared),
        OutcomeData::Http(status) => http(status),
        OutcomeData::Cameras(cameras) => {
            let cameras: Vec<_> = cameras.iter().map(ShownCamera::from).collect();
            object(json!({ "cameras": cameras }))
        }
        OutcomeData::Clock(status) => object(clock_status(status)),
        OutcomeData::Onvif(status) => object(onvif(status)),
        OutcomeData::OnvifChange(change) => object(json!({
            "before": change.before.as_ref().map(onvif),
            "after": change.after.as_ref().map(onvif),
            "user": change.user.as_ref().map(|it| if it.is_new { "added" } else { "changed" }),
            "password_encrypted": change.user.as_ref().map(|it| it.is_encrypted),
            "restart_needed": change.needs_restart,
        })),
        OutcomeData::TimeChange(change) => object(json!({
            "before": change.before.as_ref().map(clock_status),
            "after": change.after.as_ref().map(clock_status),
            "restart_needed": change.needs_restart,
        })),
        OutcomeData::MailQr(qr) => object(json!({
            "qr": qr.qr, "mailbox": qr.mailbox, "service_mailbox": qr.service_mailbox,
        })),
    };
    match &outcome.reason {
        Reason::PasswordReset(finding) => {
            data.insert("active".into(), json!(finding.active()));
        }
        // A login shows it. Of activations and answers another key tells.
        Reason::Verify(_)
            if outcome.seen.is_none() && !matches!(outcome.data, OutcomeData::Answer(_)) =>
        {
            data.insert("active".into(), json!(true));
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

fn http(status: &HttpStatus) -> Map<String, Value> {
    let check = &status.check;
    let locked = check.lock_status.is_some().then(|| check.is_locked());
    object(json!({
        "activated": status.activated,
        "activation": status.activation.map(|it| match it {
            HttpActivation::Legacy => "legacy",
            HttpActivation::V3 => "v3",
        }),
        "locked": locked,
        "unlock_seconds": check.unlock_time,
        "tries_left": check.retry_login_time,
        "transport": if status.certificate.is_some() { "https" } else { "http" },
        "certificate": status.certificate.map(|it| it.to_string()),
        "login": status.login.map(|it| match it {
            HttpLogin::Verified => "verified",
            HttpLogin::Refused => "refused",
        }),
        "details": status.details.as_deref().map(details),
    }))
}

fn details(details: &HttpDetails) -> Value {
    let info = details.info.as_ref().map(|it| {
        json!({
            "name": it.device_name, "model": it.model, "serial": it.serial_number, "mac": it.mac().map(|mac| mac.to_string()),
            "firmware": it.firmware_version, "build": it.firmware_released_date, "kind": it.device_type,
        })
    });
    let discovery = details.discovery.as_ref();
    let discovery = discovery.map(|it| json!({ "sadp": it.sadp, "link_layer": it.link_layer }));
    json!({ "device": info, "clock": details.clock.as_ref().map(clock), "discovery": discovery })
}

/// `zone` is as the device writes it; its sign is the reverse of the usual one.
fn clock(clock: &DeviceClock) -> Value {
    let DeviceClock { time, deviation } = clock;
    json!({
        "mode": time.time_mode,
        "local_time": time.local_time,
        "zone": time.time_zone,
        "deviation_seconds": deviation.map(|it| it.as_secs()),
    })
}

/// The first time server stands under `ntp`, whether it is in use or not.
fn clock_status(status: &ClockStatus) -> Value {
    let mut clock = clock(&status.clock);
    clock["ntp"] = status.ntp.as_ref().map_or(Value::Null, |ntp| {
        json!({
            "host": ntp.host().map(|host| host.to_string()),
            "port": ntp.port_no,
            "interval_minutes": ntp.synchronize_interval,
        })
    });
    clock
}

fn onvif(status: &OnvifStatus) -> Value {
    let users = status.users.as_ref().map(|users| {
        let users = users.iter();
        let users =
            users.map(|it| json!({ "id": it.id, "name": it.user_name, "type": it.user_type }));
        users.collect::<Value>()
    });
    json!({ "enabled": status.enabled, "login": status.login, "users": users })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// An object without the keys that have no value.
fn known(value: Value) -> Map<String, Value> {
    let mut object = object(value);
    object.retain(|_, value| !value.is_null());
    object
}

fn request(exported: &ExportedRequest) -> Map<String, Value> {
    let request = &exported.package.request;
    let case = exported.case.as_ref();
    let superseded = case.into_iter().flat_map(|case| &case.superseded);
    object(json!({
        "path": exported.package.path().to_string_lossy(),
        "kind": request.kind.name(),
        "case": case.map(|case| case.id.number()),
        "valid_until": request.valid_until().to_string(),
        "superseded": superseded.map(|id| id.number()).collect::<Vec<_>>(),
    }))
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
    object(json!({
        "supported": status.supported, "enabled": status.enabled, "bound": status.bound, "unbind": unbind,
    }))
}

/// `steps` has `already` for what was prepared before.
fn preparation(prepared: &PreparedDevice) -> Map<String, Value> {
    let steps = prepared.steps.iter().map(|step| {
        let outcome = step.outcome.as_ref();
        let result = outcome.map_or("already", |it| it.status.into());
        let message = outcome.map(sadp_text::message);
        let data = outcome.map(of).unwrap_or_default();
        json!({
            "action": step.preparation.action().name(), "result": result,
            "via": if step.over_http { "http" } else { "sadp" },
            "refusal": outcome.and_then(|it| Some(it.verdict.as_ref()?.refusal.word())),
            "message": message, "data": data,
        })
    });
    object(json!({ "steps": steps.collect::<Value>(), "hik_connect": cloud(&prepared.cloud) }))
}

fn button(finding: &ButtonFinding) -> Map<String, Value> {
    let state = match finding {
        ButtonFinding::NotForDevice { others, .. } => {
            let others: Vec<_> = others.iter().map(|way| way.name()).collect();
            return object(json!({ "ways": others }));
        }
        ButtonFinding::Unactivated | ButtonFinding::Reset => Some(State::Unactivated),
        ButtonFinding::StillActive => Some(State::Active),
        _ => None,
    };
    object(json!({ "state": state.map(State::name) }))
}

fn questions(list: &ListedQuestions) -> Map<String, Value> {
    let questions = list.questions.iter();
    let questions =
        questions.map(|it| json!({"id": it.id, "set": it.set, "name": it.name.as_deref()}));
    known(json!({
        "questions": questions.collect::<Value>(),
        "ignored": (list.ignored > 0).then_some(list.ignored),
    }))
}

fn answer(answer: &AnswerData) -> Map<String, Value> {
    let mut data = known(json!({
        "file": answer.file.as_ref().map(|file| file.to_string_lossy()),
        "case": answer.case.map(CaseId::number),
        "seen": answer.sent.and_then(|sent| sent.seen),
    }));
    if let Some(sent) = answer.sent {
        data.insert("closed".into(), json!(sent.closed.map(CaseEnding::name)));
    }
    data
}

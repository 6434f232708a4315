//! What operations tell of a device beside its outcome, under the keys that
//! scripts read.

use sadp_ops::{Outcome, OutcomeData, Seen, recovery::request::ExportedRequest};
use serde_json::{Map, Value, json};

pub(super) fn of(outcome: &Outcome) -> Map<String, Value> {
    let mut data = match &outcome.data {
        OutcomeData::None => Map::new(),
        OutcomeData::Request(exported) => request(exported),
    };
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

//! The rows of long tables, as templates read them.

use std::{fmt::Debug, sync::Arc};

use minijinja::{
    Value,
    value::{Enumerator, Object, ObjectRepr, Serde},
};
use serde::Serialize;

/// A list whose rows become values of the template engine one by one, when they are read:
/// all at once they would take several times the memory.
#[derive(Debug)]
pub(super) struct Rows<T>(Vec<T>);

impl<T: Debug + Serialize + Send + Sync + 'static> Rows<T> {
    pub(super) fn value(rows: Vec<T>) -> Value {
        Value::from_object(Self(rows))
    }
}

impl<T: Debug + Serialize + Send + Sync + 'static> Object for Rows<T> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let row = self.0.get(key.as_usize()?)?;
        Some(Value::from(Serde(row)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

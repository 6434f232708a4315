//! A device as a row, and as scripts see it. The names and their order are a
//! contract.

use std::{
    collections::HashMap,
    fmt::Display,
    io::{self, Write},
};

use sadp_model::RawFields;
use sadp_ops::DiscoveredDevice;
use sadp_text::fields::{FIELDS, Field, Value, columns};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Layout, Row, table};

/// A device in a list.
#[derive(Debug)]
pub(crate) struct DeviceRow<'a>(pub(crate) &'a DiscoveredDevice);

impl Row for DeviceRow<'_> {
    const LIST: &'static str = "devices have";
    const XML: bool = true;

    /// The number of the device in the list, then its fields.
    fn titles() -> Vec<&'static str> {
        let titles = columns().into_iter().map(|(_, column)| column.title);
        std::iter::once("ID").chain(titles).collect()
    }

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        let columns = columns();
        let rows = (1u64..).zip(rows).map(|(number, Self(found))| {
            let cells = columns.iter().map(|(field, _)| (field.value)(found).cell());
            std::iter::once(number.to_string()).chain(cells).collect()
        });
        Ok(rows.collect())
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        if layout.wide {
            table::write_wide(out, rows)
        } else {
            table::write_short(out, rows, layout.width)
        }
    }
}

/// What is not known is null; nothing is left out.
impl Serialize for DeviceRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = Group {
            found: self.0,
            fields: FIELDS,
            depth: 0,
        };
        let mut map = serializer.serialize_map(None)?;
        group.write(&mut map)?;
        map.serialize_entry("raw", &Raw(&self.0.entry.device.raw))?;
        map.end()
    }
}

/// Fields whose keys begin alike, down to a depth.
struct Group<'a> {
    found: &'a DiscoveredDevice,
    fields: &'static [Field],
    depth: usize,
}

impl Group<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let parts = self
            .fields
            .chunk_by(|a, b| part(a, self.depth) == part(b, self.depth));
        for fields in parts {
            let Some(name) = fields.first().and_then(|first| part(first, self.depth)) else {
                continue;
            };
            let depth = self.depth + 1;
            let found = self.found;
            match fields {
                [field] if part(field, depth).is_none() => {
                    map.serialize_entry(name, &(field.value)(found))?;
                }
                _ if name == "seen" => map.serialize_entry(name, &objects(found, fields))?,
                _ => map.serialize_entry(
                    name,
                    &Group {
                        found,
                        fields,
                        depth,
                    },
                )?,
            }
        }
        Ok(())
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

/// A part of a field's key.
fn part(field: &Field, depth: usize) -> Option<&'static str> {
    field.key.split('.').nth(depth).filter(|it| !it.is_empty())
}

/// Fields that are lists, as one list of objects.
fn objects(found: &DiscoveredDevice, fields: &'static [Field]) -> Vec<Object> {
    let mut objects = Vec::new();
    for field in fields {
        let values = (field.value)(found);
        objects.resize_with(values.elements().len(), Object::default);
        let name = part(field, 1).unwrap_or_default();
        for (object, value) in objects.iter_mut().zip(values.elements()) {
            object.0.push((name, value.clone()));
        }
    }
    objects
}

#[derive(Default)]
struct Object(Vec<(&'static str, Value)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Elements by name. One that stands twice is a list.
pub(crate) struct Raw<'a>(pub(crate) &'a RawFields);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut order: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places = HashMap::new();
        for (name, text) in self.0.iter() {
            let place = *places.entry(name).or_insert_with(|| {
                order.push((name, Vec::with_capacity(1)));
                order.len() - 1
            });
            if let Some((_, texts)) = order.get_mut(place) {
                texts.push(text);
            }
        }
        let mut map = serializer.serialize_map(Some(order.len()))?;
        for (name, texts) in &order {
            match &**texts {
                [text] => map.serialize_entry(name, text)?,
                texts => map.serialize_entry(name, texts)?,
            }
        }
        map.end()
    }
}

/// A value written as it is displayed.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

//! A device as a row, and as scripts see it. The names and their order are a
//! contract.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::LazyLock,
};

use sadp_model::RawFields;
use sadp_ops::DiscoveredDevice;
use sadp_text::{
    device_sheet,
    fields::{FIELDS, Field, Value},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Layout, Row, table};

/// A device in a list.
#[derive(Debug)]
pub(crate) struct DeviceRow<'a>(pub(crate) &'a DiscoveredDevice);

impl Row for DeviceRow<'_> {
    const LIST: &'static str = "devices have";
    const XML: bool = true;

    fn titles() -> Vec<&'static str> {
        device_sheet([]).titles
    }

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        Ok(device_sheet(rows.iter().map(|Self(found)| *found)).rows)
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
            parts: &FORM,
        };
        let mut map = serializer.serialize_map(None)?;
        group.write(&mut map)?;
        map.serialize_entry("raw", &Raw(&self.0.entry.device.raw))?;
        map.end()
    }
}

/// The JSON form of [`FIELDS`]: the dots in their keys make groups.
static FORM: LazyLock<Vec<Part>> = LazyLock::new(|| parts(FIELDS, 0));

struct Part {
    name: &'static str,
    content: Content,
}

enum Content {
    Field(&'static Field),
    /// Fields that are lists, as one list of objects.
    Objects(&'static [Field]),
    Group(Vec<Part>),
}

/// The parts of fields whose keys begin alike, down to a depth.
fn parts(fields: &'static [Field], depth: usize) -> Vec<Part> {
    let groups = fields.chunk_by(|a, b| key_part(a, depth) == key_part(b, depth));
    let parts = groups.filter_map(|fields| {
        let name = key_part(fields.first()?, depth)?;
        let content = match fields {
            [field] if key_part(field, depth + 1).is_none() => Content::Field(field),
            _ if name == "seen" => Content::Objects(fields),
            _ => Content::Group(parts(fields, depth + 1)),
        };
        Some(Part { name, content })
    });
    parts.collect()
}

struct Group<'a> {
    found: &'a DiscoveredDevice,
    parts: &'static [Part],
}

impl Group<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let found = self.found;
        for Part { name, content } in self.parts {
            match content {
                Content::Field(field) => map.serialize_entry(name, &(field.value)(found))?,
                Content::Objects(fields) => map.serialize_entry(name, &objects(found, fields))?,
                Content::Group(parts) => map.serialize_entry(name, &Group { found, parts })?,
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
fn key_part(field: &Field, depth: usize) -> Option<&'static str> {
    field.key.split('.').nth(depth).filter(|it| !it.is_empty())
}

/// Fields that are lists, as one list of objects.
fn objects(found: &DiscoveredDevice, fields: &'static [Field]) -> Vec<Object> {
    let mut objects = Vec::new();
    for field in fields {
        let values = (field.value)(found);
        objects.resize_with(values.elements().len(), Object::default);
        let name = key_part(field, 1).unwrap_or_default();
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
        let mut elements: Vec<_> = self.0.iter().enumerate().collect();
        elements.sort_by_key(|(_, (name, _))| *name);
        let alike = elements.chunk_by(|(_, a), (_, b)| a.0 == b.0);
        let mut alike: Vec<_> = alike.collect();
        alike.sort_by_key(|alike| alike.first().map(|(place, _)| *place));
        let mut map = serializer.serialize_map(Some(alike.len()))?;
        for alike in alike {
            match alike {
                [] => {}
                [(_, (name, text))] => map.serialize_entry(name, text)?,
                [(_, (name, _)), ..] => {
                    let texts: Vec<_> = alike.iter().map(|(_, (_, text))| text).collect();
                    map.serialize_entry(name, &texts)?;
                }
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

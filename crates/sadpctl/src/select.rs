//! Which devices to list, and in which order. Keys are those of the JSON form.

mod filter;
mod key;
mod sort;

pub(crate) use self::{
    filter::Filter,
    key::Key,
    sort::{by_key, by_urgency},
};

//! Messages one by one.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
    net::SocketAddr,
};

use jiff::Timestamp;
use sadp_model::{MacAddr, text::clean};
use serde::Serialize;
use uuid::Uuid;

use super::{Layout, Raw, Row, Shown};
use crate::{
    fold::fold,
    terminal::{BOLD, RED},
};

/// A message as scripts see it. What is not known is null.
#[derive(Default, Serialize)]
pub(crate) struct MessageLine<'a> {
    /// Its place in the file, counted from 1.
    pub(crate) number: usize,
    /// The packet of the capture that completed it.
    pub(crate) packet: Option<u64>,
    pub(crate) at: Option<Shown<Timestamp>>,
    pub(crate) from: Option<Shown<SocketAddr>>,
    pub(crate) to: Option<Shown<SocketAddr>>,
    /// The root's name, e.g. `ProbeMatch`.
    pub(crate) root: Option<&'a str>,
    /// What it is for: request, report, hello, goodbye, command-reply, or
    /// frame for others of the link layer.
    pub(crate) message: Option<&'static str>,
    pub(crate) types: Option<String>,
    pub(crate) uuid: Option<Shown<Uuid>>,
    pub(crate) mac: Option<Shown<MacAddr>>,
    /// Whether it could be read to its end.
    pub(crate) complete: Option<bool>,
    /// Why it could not be read.
    pub(crate) error: Option<String>,
    pub(crate) fields: Option<Raw<'a>>,
}

impl Row for MessageLine<'_> {
    const LIST: &'static str = "messages have";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        rows.iter().try_for_each(|message| {
            let mut text = String::new();
            write_text(&mut text, message).map_err(io::Error::other)?;
            write!(out, "{}", fold(&text, layout.width))
        })
    }
}

fn write_text(out: &mut String, message: &MessageLine<'_>) -> fmt::Result {
    if message.number > 1 {
        writeln!(out)?;
    }
    let types = message.types.as_deref().filter(|types| !types.is_empty());
    let what = [message.message, types].into_iter().flatten();
    let what = what.collect::<Vec<_>>().join(" ");
    writeln!(out, "{BOLD}{}. {}{BOLD:#}", message.number, clean(&what))?;
    let mut line = |label: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "  {label:<8}  {}", clean(&value)),
        None => Ok(()),
    };
    line("packet", message.packet.map(|packet| packet.to_string()))?;
    line("at", shown(message.at.as_ref()))?;
    line("from", shown(message.from.as_ref()))?;
    line("to", shown(message.to.as_ref()))?;
    line("root", message.root.map(Into::into))?;
    line("UUID", shown(message.uuid.as_ref()))?;
    if let Some(error) = &message.error {
        writeln!(out, "  {RED}unreadable{RED:#}  {}", clean(error))?;
    }
    if message.complete == Some(false) {
        writeln!(
            out,
            "  {RED}incomplete{RED:#}  it could not be read to its end"
        )?;
    }
    for (name, text) in message.fields.iter().flat_map(|fields| fields.0.iter()) {
        writeln!(out, "    {}: {}", clean(name), clean(text))?;
    }
    Ok(())
}

fn shown<T: ToString>(value: Option<&Shown<T>>) -> Option<String> {
    value.map(|value| value.0.to_string())
}

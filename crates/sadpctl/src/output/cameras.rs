//! The cameras behind recorders.

use std::io::{self, Write};

use sadp_model::Serial;
use sadp_ops::DeviceRef;
use sadp_reset::RecorderCamera;
use sadp_text::camera_state;
use serde::Serialize;

use super::{
    Layout, Row, Who, json,
    table::{CellColumn, Column, Table, harmless, known},
};
use crate::{
    fold::fold,
    terminal::{BOLD, GREEN, RED, YELLOW},
};

/// A camera and the recorder that it is behind.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CameraRow {
    recorder: Who,
    #[serde(flatten)]
    camera: ShownCamera,
}

/// A camera behind a recorder. What is not known is null. The names and their order are a
/// contract.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownCamera {
    channel: Option<u32>,
    name: Option<String>,
    address: Option<String>,
    mac: Option<String>,
    serial: Option<String>,
    label: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    protocol: Option<String>,
    online: Option<bool>,
    /// The recorder's word.
    reason: Option<String>,
    activated: Option<bool>,
    /// How it stands, in words.
    message: String,
}

impl From<&RecorderCamera> for ShownCamera {
    fn from(camera: &RecorderCamera) -> Self {
        let it = camera.clone();
        Self {
            message: camera_state(camera),
            channel: it.channel,
            name: it.name,
            address: it.address,
            mac: it.mac.map(|mac| mac.to_string()),
            label: it.serial.as_ref().map(Serial::short),
            serial: it.serial.map(|serial| serial.to_string()),
            model: it.model,
            firmware: it.firmware,
            protocol: it.protocol,
            online: it.online,
            reason: it.result,
            activated: it.activated,
        }
    }
}

impl CameraRow {
    pub(crate) fn new(recorder: &DeviceRef, camera: &RecorderCamera) -> Self {
        let (recorder, camera) = (Who::from(recorder), camera.into());
        Self { recorder, camera }
    }

    fn recorder(&self) -> String {
        let who = &self.recorder;
        let address = who.address.map(|it| it.to_string());
        let names = [
            who.called.clone(),
            who.model.clone(),
            address,
            who.mac.clone(),
            who.number.clone(),
        ];
        let names: Vec<_> = names.into_iter().flatten().collect();
        harmless(&names.join("  "))
    }
}

impl Row for CameraRow {
    const LIST: &'static str = "a list of cameras has";

    const COLUMNS: &'static str = "recorder recorder_mac channel name address mac serial label model \
                                   firmware protocol online reason activated message";

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        let mut cells = json::cells(rows, &Self::titles())?;
        for (Self { recorder, .. }, cells) in rows.iter().zip(&mut cells) {
            let address = recorder.address.map(|it| it.to_string());
            let names = [address, recorder.mac.clone()];
            for (cell, name) in cells.iter_mut().zip(names) {
                *cell = name.unwrap_or_default();
            }
        }
        Ok(cells)
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("STATE"), |it| it.camera.state().into()),
            (Column::whole("CHANNEL"), |it| known(it.camera.channel)),
            (Column::whole("ADDRESS"), |it| known(&it.camera.address)),
            (Column::text("NAME", 10), |it| known(&it.camera.name)),
            (Column::text("MODEL", 12), |it| known(&it.camera.model)),
            (Column::whole("LABEL"), |it| known(&it.camera.label)),
            (Column::extra("MAC"), |it| known(&it.camera.mac)),
            (Column::text("MESSAGE", 24), |it| it.camera.detail().into()),
        ];
        let styles = &[("online", GREEN), ("offline", RED), ("unknown", YELLOW)];
        let table = Table { columns, styles };
        let by_recorder = rows.chunk_by(|one, other| one.recorder() == other.recorder());
        for (number, rows) in by_recorder.enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            let heading = rows.first().map(Self::recorder).unwrap_or_default();
            writeln!(out, "{BOLD}{}{BOLD:#}", fold(&heading, layout.width))?;
            table.write(out, rows, layout.width)?;
        }
        Ok(())
    }
}

impl ShownCamera {
    fn state(&self) -> &'static str {
        match (self.online, self.channel) {
            (Some(true), _) => "online",
            (Some(false), _) => "offline",
            (None, Some(_)) => "unknown",
            (None, None) => "found",
        }
    }

    /// The message without the word that stands under STATE already.
    fn detail(&self) -> &str {
        let rest = self.message.strip_prefix(self.state());
        rest.map_or(&*self.message, |rest| rest.trim_start_matches(": "))
    }
}

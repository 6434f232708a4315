//! How a forgotten password comes back.

mod app;
mod button;
mod cases;
pub(super) mod errand;
mod export;
mod guid;
mod import;
mod mail;
mod qr;
mod questions;
mod renewal;
mod ways;

use sadp_model::Device;

use crate::{
    args::{GlobalArgs, ResetCommand},
    failure::{Exit, Failure},
    output,
    terminal::Terminal,
};

pub(super) fn run(
    command: &ResetCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        ResetCommand::Ways(args) => ways::run(args, global, terminal),
        ResetCommand::Export(args) => export::run(args, global, terminal),
        ResetCommand::Import(args) => import::run(args, global, terminal),
        ResetCommand::Cases(args) => cases::run(args, global, terminal),
        ResetCommand::Guid(command) => guid::run(command, global, terminal),
        ResetCommand::Questions(command) => questions::run(command, global, terminal),
        ResetCommand::Mail(command) => mail::run(command, global, terminal),
        ResetCommand::Button(args) => button::run(args, global, terminal),
        ResetCommand::App(args) => app::run(args, global, terminal),
    }
}

/// A device by all that is printed on its label, and its address:
/// `DS-2CD2143G0-I C06891926, MAC c4:2f:90:2a:21:4d, at 192.168.1.101`.
fn name(device: &Device) -> String {
    let model = device.model.as_deref();
    let number = device.serial.as_ref().map(output::short_serial);
    let kind = [model.map(String::from), number];
    let kind: Vec<_> = kind.into_iter().flatten().collect();
    let kind = (!kind.is_empty()).then(|| kind.join(" "));
    let mac = device.mac.map(|mac| format!("MAC {mac}"));
    let address = device.ipv4.address.map(|address| format!("at {address}"));
    let parts: Vec<_> = [kind, mac, address].into_iter().flatten().collect();
    parts.join(", ")
}

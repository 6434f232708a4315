//! All that is known of one device.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{Device, State as DeviceState};
use sadp_ops::DiscoveredDevice;
use sadp_text::{capitalised, fields::Section, words::state};

use super::{devices::state_class, shown};
use crate::{
    error::WebError,
    page::{Tab, page},
    site::Site,
    wording::device_title,
};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/device/{number}", get(show))
}

async fn show(State(site): State<Site>, Path(number): Path<u64>) -> Response {
    let is_online = site.live.now().device(number).is_some_and(|it| it.online);
    let found = site.device(number);
    shown(
        &site,
        Tab::Devices,
        found.map(|it| details(&site, number, &it, is_online)),
    )
}

fn details(site: &Site, number: u64, found: &DiscoveredDevice, is_online: bool) -> Markup {
    let body = html! {
        @let device = &found.entry.device;
        p {
            span .state.(state_class(device)) { (capitalised(state(device))) }
            @if !is_online { ", and offline: it sent no reply of late" }
            @if let Some(page) = own_page(device) {
                ". " a href=(page) target="_blank" rel="noreferrer" { "Open its own web page" }
            }
        }
        (section(Section::Warnings, found))
        div .actions role="group" aria-label="Actions" {
            @if device.state != Some(DeviceState::Active) {
                a .button.primary[device.state == Some(DeviceState::Unactivated)]
                    href=(format!("/activate?device={number}")) { "Activate" }
            }
            @for (path, name) in [
                ("network", "Network settings"),
                ("prepare", "Prepare recovery"),
                ("recovery", "Recovery methods"),
                ("locate", "Blink its lamp"),
                ("name", "Name it"),
                ("history", "History"),
                ("check", "Check it over HTTP"),
            ] {
                a .button href=(format!("/{path}?device={number}")) { (name) }
            }
        }
        @for &it in Section::ALL.iter().filter(|it| **it != Section::Warnings) {
            (section(it, found))
        }
    };
    page(site, Tab::Devices, &device_title(found), &body)
}

fn section(section: Section, found: &DiscoveredDevice) -> Markup {
    let lines = section.lines(found);
    html! {
        @if !lines.is_empty() {
            @if let Some(title) = section.title() { h2 { (title) } }
            dl { @for line in lines { dt { (line.label) } dd { (line.value) } } }
        }
    }
}

/// The address of a device's own web page. It is made of numbers alone.
fn own_page(device: &Device) -> Option<String> {
    match (device.ipv4.address?, device.ports.http?) {
        (address, 80) => Some(format!("http://{address}/")),
        (address, port) => Some(format!("http://{address}:{port}/")),
    }
}

impl Site {
    /// The device of this number.
    pub(crate) fn device(&self, number: u64) -> Result<DiscoveredDevice, WebError> {
        let now = self.live.now();
        let device = now
            .device(number)
            .map(|it| DiscoveredDevice::clone(&it.found));
        device.ok_or_else(|| {
            WebError::gone("this device is no longer in the list").next("go back to the devices")
        })
    }
}

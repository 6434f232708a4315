//! All that is known of one device.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_ops::DiscoveredDevice;
use sadp_text::fields::Section;

use super::shown;
use crate::{
    error::WebError,
    page::{Tab, device_title, page},
    site::Site,
};

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/device/{number}", get(show))
}

async fn show(State(site): State<Site>, Path(number): Path<u64>) -> Response {
    let found = site.device(number);
    shown(
        &site,
        Tab::Devices,
        found.map(|it| details(&site, number, &it)),
    )
}

fn details(site: &Site, number: u64, found: &DiscoveredDevice) -> Markup {
    let body = html! {
        div .actions role="group" aria-label="Actions" {
            @for (path, name) in [
                ("activate", "Activate"),
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
        @for section in Section::ALL {
            @let lines = section.lines(found);
            @if !lines.is_empty() {
                @if let Some(title) = section.title() { h2 { (title) } }
                dl { @for line in lines { dt { (line.label) } dd { (line.value) } } }
            }
        }
    };
    page(site, Tab::Devices, &device_title(found), &body)
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

//! The vault of GUIDs: what it holds, exports into it, and GUIDs sent to their devices.

mod export;
mod import;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::text::{clean, local_minute};
use sadp_ops::recovery::guid::{self, ListedGuid, VaultContents};
use sadp_reset::{DeviceKey, Digest, SiteName, VaultError, read_bounded};
use sadp_text::{NOT_ENCRYPTED, Remedy as _, count, guid_notes, guid_state, with_cause};

use super::{problem, shown};
use crate::{
    error::WebError,
    kept::download,
    live::LiveState,
    page::{Tab, notice, page, sentence, table},
    site::Site,
};

/// Where the vault is shown.
pub(super) const GUIDS: &str = "/guids";

/// No file of the vault is longer.
const MAX_FILE: u64 = 64 * 1024;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route(GUIDS, get(show))
        .route("/live/guids", get(list))
        .route("/guids/file/{number}", get(file))
        .merge(export::routes())
        .merge(import::routes())
}

async fn show(State(site): State<Site>) -> Response {
    let body = content(&site).await.map(|content| {
        html! {
            div .actions role="group" aria-label="Actions" {
                a .button href=(export::PATH) { "Export GUIDs of the marked devices" }
                a .button href=(import::PATH) { "Reset the marked devices by their GUIDs" }
            }
            div #guids data-live="/live/guids" data-on="job" { (content) }
        }
    });
    let body = body.map(|it| page(&site, Tab::Vault, "GUID vault", &it));
    shown(&site, Tab::Vault, body)
}

async fn list(State(site): State<Site>) -> Response {
    shown(&site, Tab::Vault, content(&site).await)
}

async fn content(site: &Site) -> Result<Markup, WebError> {
    let VaultContents {
        folder,
        guids,
        unrecorded,
    } = site.vault().await?;
    let usable = guids.iter().filter(|it| guid_state(it) == "valid").count();
    let is_open = guids.iter().any(|it| it.exists && !it.record.encrypted);
    let now = site.live.now();
    let rows = html! { @for guid in &guids { (row(guid, &now)) } };
    let titles = [
        "Device",
        "State",
        "Exported",
        "Encrypted",
        "What to know",
        "What to do",
    ];
    Ok(html! {
        p .counts {
            (count(guids.len() as u64, "GUID", "GUIDs")) ", " (usable) " usable, in "
            (clean(&folder.to_string_lossy())) "."
        }
        @if guids.is_empty() {
            p { "A GUID resets the password of its recorder, once. Export it while the password is known." }
        } @else {
            (table("GUIDs in the vault", &titles, &rows))
        }
        @if is_open { (notice("limit", NOT_ENCRYPTED, None)) }
        @for path in &unrecorded {
            (notice("limit", &format!("{} is in the vault's folder but not in its list: an export may have been interrupted", path.display()), None))
        }
    })
}

fn row(guid: &ListedGuid, now: &LiveState) -> Markup {
    let record = &guid.record;
    let state = guid_state(guid);
    let number = now.all().find(|it| it.found.is(&record.device));
    let number = number.map(|it| it.number).filter(|_| state == "valid");
    let id = record.id.number();
    html! {
        tr {
            th scope="row" { (device(&record.device, guid.site_name.as_ref())) }
            td { span .state.(state) { (state) } }
            td { (local_minute(record.exported_at)) }
            td { @if record.encrypted { "yes" } @else { "no" } }
            td { @let notes = guid_notes(guid); @if !notes.is_empty() { (sentence(&notes)) } }
            td {
                @if guid.exists {
                    a id=(format!("file-{id}")) href=(format!("/guids/file/{id}")) { "Download" } " "
                }
                @if let Some(number) = number {
                    a id=(format!("use-{id}")) href=(import::path(number)) { "Reset the password" }
                }
            }
        }
    }
}

fn device(key: &DeviceKey, called: Option<&SiteName>) -> Markup {
    let called = called.and_then(SiteName::called);
    html! {
        @if let Some(called) = &called { (clean(called)) br; }
        @if let Some(serial) = key.serial() { (clean(serial.as_str())) br; }
        @if let Some(mac) = key.mac() { (mac) }
    }
}

async fn file(State(site): State<Site>, Path(number): Path<i64>) -> Response {
    let file = site.read(move |session, _| {
        let mut guids = guid::list(session)?.guids.into_iter();
        let guid = guids.find(|it| it.record.id.number() == number);
        let guid = guid.ok_or_else(|| WebError::gone("no GUID in the vault has this number"))?;
        let bytes = read_bounded(&guid.path, MAX_FILE);
        let bytes = bytes.map_err(|_| VaultError::Missing(guid.path.clone()))?;
        if Digest::of(&bytes) != guid.record.sha256 {
            return Err(VaultError::Changed(guid.path).into());
        }
        Ok((guid.record.file_name, bytes))
    });
    match file.await {
        Ok((name, bytes)) => download(&name, "application/octet-stream", bytes),
        Err(error) => problem(&site, Tab::Vault, &error),
    }
}

impl Site {
    /// What the vault holds.
    async fn vault(&self) -> Result<VaultContents, WebError> {
        self.read(|session, _| Ok(guid::list(session)?)).await
    }
}

impl From<VaultError> for WebError {
    fn from(error: VaultError) -> Self {
        Self::bad(with_cause(&error)).next(error.remedy())
    }
}

//! Sets a new password by a GUID of the vault, or of a file.

use std::path::PathBuf;

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use maud::{Markup, html};
use sadp_model::{
    SecretKind,
    text::{clean, local_minute},
};
use sadp_ops::{
    Guard, Overrides,
    job::{Job, Task},
    recovery::guid::import::GuidSource,
};
use sadp_reset::{Action, GuidBytes, VaultError};
use sadp_text::{count, guid_state};
use secrecy::SecretString;

use crate::{
    draft::FormDraft,
    error::WebError,
    form::{SentForm, Upload, UploadedFile},
    page::{self, FormField, Tab, page},
    pages::{begun, shown, with_status},
    site::Site,
    targets::{TargetQuery, Targets},
};

pub(super) const PATH: &str = "/guids/import";

pub(super) fn routes() -> Router<Site> {
    Router::new().route(PATH, get(show).post(begin))
}

/// The form for one device of the list.
pub(super) fn path(number: u64) -> String {
    format!("{PATH}?device={number}")
}

async fn show(State(site): State<Site>, Query(query): Query<TargetQuery>) -> Response {
    let page = match Targets::of(&site, query) {
        Ok(targets) => form(&site, &targets, &FormDraft::new(PATH)).await,
        Err(error) => Err(error),
    };
    shown(&site, Tab::Vault, page)
}

async fn form(site: &Site, targets: &Targets, draft: &FormDraft) -> Result<Markup, WebError> {
    let guids = site.vault().await?.guids;
    let usable = guids.iter().filter(|it| guid_state(it) == "valid");
    let usable = usable.filter(|guid| {
        let mut devices = targets.devices().iter();
        devices.any(|it| it.found.is(&guid.record.device))
    });
    let usable: Vec<_> = usable.collect();
    let is_encrypted = usable.iter().any(|it| it.record.encrypted);
    let fields = html! {
        (targets.render())
        @match (&*usable, targets.single()) {
            ([], Some(_)) => p { "The vault holds no usable GUID of it: choose a file." },
            ([], None) => p { "The vault holds no usable GUID of them." },
            ([guid, ..], Some(_)) => p { "The vault holds a GUID of it, exported " (local_minute(guid.record.exported_at)) "." },
            (all, None) => p { "The vault holds " (count(all.len() as u64, "usable GUID", "usable GUIDs")) " of them." },
        }
        @if targets.single().is_some() {
            div .field {
                label for="guid" { "A GUID file, in place of the vault's" }
                input id="guid" name="guid" type="file" required[usable.is_empty()];
            }
        }
        (FormField {
            required: false,
            ..FormField::secret("passphrase", "Passphrase")
        }.hint(if is_encrypted {
            "The file in the vault is encrypted."
        } else {
            "Only where the file is encrypted."
        }).render(draft))
        (page::new_password(draft))
        (targets.after_reset(draft))
        (targets.guards(Action::GuidImport, draft))
    };
    let body = html! {
        p { "A GUID sets a new password on its own device, once. You see the plan before anything is sent." }
        (page::upload_form(site, draft, "Look and plan", &fields))
    };
    Ok(page(site, Tab::Vault, "Reset by GUID", &body))
}

async fn begin(State(site): State<Site>, upload: Upload) -> Response {
    let Upload { form: sent, files } = upload;
    let error = match start(&site, &sent, files).await {
        Ok(()) => return begun(&site, Tab::Vault, Ok(())),
        Err(error) => error,
    };
    let status = error.status();
    let page = match Targets::of_form(&site, &sent) {
        Ok(targets) => form(&site, &targets, &FormDraft::refused(PATH, sent, error)).await,
        Err(error) => Err(error),
    };
    with_status(&site, Tab::Vault, status, page)
}

async fn start(site: &Site, form: &SentForm, files: Vec<UploadedFile>) -> Result<(), WebError> {
    let targets = Targets::of_form(site, form)?;
    let overrides = targets.lifted(form)?;
    let password = form.new_password(overrides)?;
    let passphrase = form.optional_secret("passphrase", SecretKind::Passphrase, "passphrase")?;
    let source = match files.into_iter().next() {
        None => GuidSource::Vault { passphrase },
        Some(_) if targets.single().is_none() => {
            return Err(WebError::bad("a GUID file is for one device")
                .next("open the page of that device; nothing was sent"));
        }
        Some(file) => read(site, file, passphrase, overrides).await?,
    };
    let job = Job {
        devices: targets.keys()?,
        task: Task::ImportGuids(source, password),
    };
    site.begin(job, form.reset_settings(site, overrides))
}

/// Reads a GUID that was uploaded. To decrypt one takes about a second.
async fn read(
    site: &Site,
    file: UploadedFile,
    passphrase: Option<SecretString>,
    overrides: Overrides,
) -> Result<GuidSource, WebError> {
    let UploadedFile { name, bytes } = file;
    let path = PathBuf::from(&*clean(&name));
    let read = site.read(move |_, _| {
        let bytes = GuidBytes::received(&path, bytes).map_err(VaultError::from)?;
        let takes_any = overrides.lifts(Guard::RefusedBefore);
        let guid = if takes_any {
            GuidBytes::any_guid
        } else {
            GuidBytes::guid
        };
        let file = Box::new(guid(&bytes, passphrase.as_ref())?);
        Ok(GuidSource::File { path, file })
    });
    read.await
}

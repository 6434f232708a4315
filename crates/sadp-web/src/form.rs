//! Forms that the pages send. One that begins something carries a ticket, which is taken
//! once; the others carry the session's key.

use std::time::Duration;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Multipart, Request},
    http::StatusCode,
};
use sadp_model::{SecretKind, SecretText};
use sadp_ops::{Overrides, job::JobSettings};
use sadp_proto::{Mailbox, MailboxError, seal::UpdateDigest};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::{error::WebError, site::Site};

/// The name of a form's ticket.
pub(crate) const TICKET: &str = "ticket";

/// The name of the session's key in a form.
pub(crate) const KEY: &str = "key";

/// The names of the boxes of `Targets::after_reset`.
pub(crate) const VERIFY: &str = "verify";
pub(crate) const SYNC: &str = "sync-cameras";

/// The longest form: 5,000 devices are less.
const MAX_FORM: usize = 1 << 20;

/// What uploaded files may have together, and how many they may be.
pub(crate) const MAX_UPLOAD: usize = 64 << 20;
const MAX_FILES: usize = 1000;

/// How long a browser may take to send a form.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was typed into a form. Its ticket is taken.
pub(crate) struct SentForm {
    pairs: Vec<(String, Zeroizing<String>)>,
}

/// A form that may be sent again: what it does twice is as if done once.
pub(crate) struct KeyedForm(pub(crate) SentForm);

/// A form with files.
pub(crate) struct Upload {
    pub(crate) form: SentForm,
    pub(crate) files: Vec<UploadedFile>,
}

/// A file as the browser sent it. Its name is the sender's word.
pub(crate) struct UploadedFile {
    pub(crate) name: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl SentForm {
    /// A field without blanks at its ends; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field where something was typed into it.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|it| !it.is_empty())
    }

    /// Whether a box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.pairs.iter().any(|(it, _)| it == name)
    }

    /// Every field of this name, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.pairs.iter().filter(move |(it, _)| it == name);
        all.map(|(_, value)| value.as_str())
    }

    /// The fields of this name with a number behind it, by their numbers.
    pub(crate) fn numbered<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.pairs.iter().filter_map(move |(it, value)| {
            let number = it.strip_prefix(name)?.parse().ok()?;
            Some((number, value.trim()))
        })
    }

    /// A secret, where it is what was most likely meant. `what` names it.
    pub(crate) fn secret(
        &self,
        name: &str,
        kind: SecretKind,
        what: &str,
    ) -> Result<SecretString, WebError> {
        let read = SecretText::read(self.raw(name), kind);
        match read.problem {
            Some(problem) if kind != SecretKind::NewPassword => {
                Err(WebError::bad(format!("the {what} {problem}"))
                    .at(name)
                    .next("type it again"))
            }
            _ if read.text.is_empty() => Err(WebError::bad(format!("the {what} is empty"))
                .at(name)
                .next("type it")),
            _ => Ok(SecretString::from(read.text)),
        }
    }

    /// The same where something was typed.
    pub(crate) fn optional_secret(
        &self,
        name: &str,
        kind: SecretKind,
        what: &str,
    ) -> Result<Option<SecretString>, WebError> {
        let is_given = !self.raw(name).is_empty();
        is_given.then(|| self.secret(name, kind, what)).transpose()
    }

    /// The new password of `page::new_password`, for the
    /// device's user `admin`.
    pub(crate) fn new_password(&self, overrides: Overrides) -> Result<SecretString, WebError> {
        let password = self.secret("new-password", SecretKind::NewPassword, "new password")?;
        if self.raw("new-password") != self.raw("again") {
            return Err(
                WebError::bad("the new password typed twice is not the same")
                    .at("again")
                    .next("type it again; nothing was sent"),
            );
        }
        let user = UpdateDigest::DEFAULT_USER;
        match sadp_text::new_password_problem(password.expose_secret(), user, overrides) {
            Some(problem) => Err(WebError::from(problem).at("new-password")),
            None => Ok(password),
        }
    }

    /// The settings of a job that sets a new password: see `Targets::after_reset`.
    pub(crate) fn reset_settings(&self, site: &Site, overrides: Overrides) -> JobSettings {
        JobSettings {
            sync_cameras: self.is_ticked(SYNC),
            verify: self.is_ticked(VERIFY),
            ..site.job_settings(overrides)
        }
    }

    /// An e-mail address, where one was typed.
    pub(crate) fn mailbox(&self, name: &str) -> Result<Option<Mailbox>, WebError> {
        let given = self.given(name).map(str::parse).transpose();
        given.map_err(|error: MailboxError| WebError::bad(error.to_string()).at(name))
    }

    /// The passphrase to encrypt files by, where one was typed.
    pub(crate) fn new_passphrase(&self) -> Result<Option<SecretString>, WebError> {
        if self.raw("passphrase") != self.raw("passphrase-again") {
            return Err(WebError::bad("the passphrase typed twice is not the same")
                .at("passphrase-again")
                .next("type it again; nothing was sent"));
        }
        self.optional_secret("passphrase", SecretKind::Passphrase, "passphrase")
    }

    /// The current password of `page::current_password`.
    pub(crate) fn current_password(&self) -> Result<SecretString, WebError> {
        self.secret("password", SecretKind::CurrentPassword, "current password")
    }

    /// The first field of this name as it was sent.
    pub(crate) fn sent(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value.as_str())
    }

    fn raw(&self, name: &str) -> &str {
        self.sent(name).unwrap_or_default()
    }
}

impl SentForm {
    async fn read(request: Request) -> Result<Self, WebError> {
        let body = timeout(PATIENCE, to_bytes(request.into_body(), MAX_FORM)).await;
        let body = body
            .map_err(|_| too_slow())?
            .map_err(|_| WebError::new(StatusCode::PAYLOAD_TOO_LARGE, "the form is too long"))?;
        let pairs = form_urlencoded::parse(&body);
        let pairs = pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into())));
        Ok(Self {
            pairs: pairs.collect(),
        })
    }
}

impl FromRequest<Site> for SentForm {
    type Rejection = WebError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, WebError> {
        let form = Self::read(request).await?;
        site.access.take(form.raw(TICKET))?;
        Ok(form)
    }
}

impl FromRequest<Site> for KeyedForm {
    type Rejection = WebError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, WebError> {
        let form = SentForm::read(request).await?;
        site.access.is_key(form.raw(KEY))?;
        Ok(Self(form))
    }
}

impl FromRequest<Site> for Upload {
    type Rejection = WebError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, WebError> {
        let parts = Multipart::from_request(request, site).await;
        let mut parts = parts.map_err(|_| WebError::bad("this is no form with files"))?;
        let mut upload = Self {
            form: SentForm { pairs: Vec::new() },
            files: Vec::new(),
        };
        let mut left = MAX_UPLOAD;
        let read = async {
            while let Some(part) = parts.next_field().await.map_err(|_| too_large())? {
                let name = part.name().unwrap_or_default().to_owned();
                let file = part.file_name().map(str::to_owned);
                // The ticket comes first: nothing more is read of a form without one.
                let is_first = upload.form.pairs.is_empty();
                if is_first && (file.is_some() || name != TICKET) {
                    return Err(no_ticket());
                }
                let bytes = Zeroizing::new(part.bytes().await.map_err(|_| too_large())?.to_vec());
                left = left.checked_sub(bytes.len()).ok_or_else(too_large)?;
                match file {
                    Some(_) if bytes.is_empty() => {}
                    Some(name) => upload.files.push(UploadedFile { name, bytes }),
                    None => {
                        let value = String::from_utf8_lossy(&bytes).into_owned();
                        if is_first {
                            site.access.take(&value)?;
                        }
                        upload.form.pairs.push((name, Zeroizing::new(value)));
                    }
                }
                if upload.files.len() > MAX_FILES {
                    return Err(too_large());
                }
            }
            Ok(())
        };
        timeout(PATIENCE, read).await.map_err(|_| too_slow())??;
        if upload.form.pairs.is_empty() {
            return Err(no_ticket());
        }
        Ok(upload)
    }
}

fn no_ticket() -> WebError {
    WebError::bad("the form has no ticket").next("open the page again")
}

fn too_slow() -> WebError {
    WebError::new(StatusCode::REQUEST_TIMEOUT, "the form came too slowly").next("send it again")
}

fn too_large() -> WebError {
    let message = "the files are too large: 64 MB and 1,000 files can be sent at a time";
    WebError::new(StatusCode::PAYLOAD_TOO_LARGE, message).next("send fewer of them")
}

//! Answers of the vendor's support that were uploaded, until they are sent. They are in
//! memory alone, and wiped once they are dropped.

use std::{collections::BTreeMap, sync::Mutex};

use axum::http::StatusCode;
use sadp_reset::Collected;

use crate::{error::WebError, locked};

/// The most uploads at a time. The oldest are dropped.
const MAX_UPLOADS: usize = 16;

/// Uploads by their numbers.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<UploadState>);

#[derive(Default)]
struct UploadState {
    last: u64,
    all: BTreeMap<u64, Collected>,
}

impl Uploads {
    /// Keeps answers, and returns their number.
    pub(crate) fn keep(&self, answers: Collected) -> u64 {
        let mut uploads = locked(&self.0);
        uploads.last += 1;
        let number = uploads.last;
        uploads.all.insert(number, answers);
        if uploads.all.len() > MAX_UPLOADS {
            uploads.all.pop_first();
        }
        number
    }

    /// Looks at the answers of this number, or changes what is known of them.
    pub(crate) fn with<T>(
        &self,
        number: u64,
        look: impl FnOnce(&mut Collected) -> T,
    ) -> Result<T, WebError> {
        let mut uploads = locked(&self.0);
        uploads.all.get_mut(&number).map(look).ok_or_else(gone)
    }

    /// Takes the answers of this number out.
    pub(crate) fn take(&self, number: u64) -> Result<Collected, WebError> {
        locked(&self.0).all.remove(&number).ok_or_else(gone)
    }
}

fn gone() -> WebError {
    WebError::new(
        StatusCode::NOT_FOUND,
        "these answers were sent already, or are no longer here",
    )
    .next("choose the files once more")
}

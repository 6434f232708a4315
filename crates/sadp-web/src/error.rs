use std::{
    fmt,
    panic::{self, AssertUnwindSafe},
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use sadp_ops::OpsError;
use sadp_reset::LedgerError;
use sadp_text::{ErrorText, Explanation, Sentence};

use crate::wording::told;

/// Why a page cannot be shown or a form not be taken, and what to do.
#[derive(Debug)]
pub(crate) struct WebError {
    status: StatusCode,
    text: ErrorText,
    /// The name of the field that it is about.
    field: Option<String>,
    /// Where to go back to, and what is there.
    back: Option<(String, &'static str)>,
}

impl WebError {
    /// The message is in lower case without a full stop, as all of sadp-text.
    pub(crate) fn new(status: StatusCode, message: impl Into<Sentence>) -> Self {
        Self {
            status,
            text: ErrorText {
                message: message.into(),
                hints: Vec::new(),
            },
            field: None,
            back: None,
        }
    }

    /// What was typed or uploaded cannot be used.
    pub(crate) fn bad(message: impl Into<Sentence>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// There is nothing of this name any more.
    pub(crate) fn gone(message: impl Into<Sentence>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Adds what to do.
    pub(crate) fn next(mut self, next: impl Into<Sentence>) -> Self {
        self.text.hints.push(next.into());
        self
    }

    /// Names the field that it is about.
    pub(crate) fn at(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    pub(crate) fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Names where to go back to, and what is there.
    pub(crate) fn back(self, path: impl Into<String>, name: &'static str) -> Self {
        Self {
            back: Some((path.into(), name)),
            ..self
        }
    }

    pub(crate) fn way_back(&self) -> Option<&(String, &'static str)> {
        self.back.as_ref()
    }

    /// What is so and what to do, as a part of a page.
    pub(crate) fn notice(&self) -> Markup {
        problem(&self.text)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// A page of its own, for those who are not let in.
    pub(crate) fn bare(&self) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head { meta charset="utf-8"; link rel="icon" href="data:,"; title { "sadpctl" } }
                body { h1 { "sadpctl" } (self.notice()) }
            }
        };
        (self.status, page).into_response()
    }
}

/// An operation could not begin or go on.
impl From<OpsError> for WebError {
    fn from(error: OpsError) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            text: ErrorText::from(&error),
            field: None,
            back: None,
        }
    }
}

/// The ledger cannot be read.
impl From<LedgerError> for WebError {
    fn from(error: LedgerError) -> Self {
        OpsError::from(error).into()
    }
}

impl From<Explanation> for WebError {
    fn from(Explanation { message, next }: Explanation) -> Self {
        let error = Self::bad(message);
        next.into_iter().fold(error, Self::next)
    }
}

/// Does what may fail, on a thread that nobody joins. A panic is reported like any other
/// failure, so that no page waits for its end.
pub(crate) fn or_defect<T>(work: impl FnOnce() -> Result<T, ErrorText>) -> Result<T, ErrorText> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        Err(ErrorText {
            message: "sadpctl ended this unexpectedly: this is a defect of sadpctl".into(),
            hints: vec![
                "the history tells what was sent; look at the devices before you try again".into(),
            ],
        })
    })
}

/// What went wrong and what to do.
pub(crate) fn problem(text: &ErrorText) -> Markup {
    html! {
        div .notice .problem role="alert" {
            (told(&text.message, None))
            @for hint in &text.hints { (told(hint, None)) }
        }
    }
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.message.fmt(f)
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        self.bare()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_as_a_failure() {
        let failure = or_defect(|| -> Result<(), ErrorText> { panic!("of this test") });
        let message = failure.unwrap_err().message.to_string();
        assert!(message.contains("a defect"), "{message}");
    }
}

//! A form as it is shown: empty, or again with what was typed and why it was refused.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::{error::WebError, form::SentForm};

/// The identifier of what is wrong with a form.
const PROBLEM: &str = "form-problem";

/// What a form that is shown is filled in with.
pub(crate) struct FormDraft {
    /// Where it is sent.
    pub(crate) path: Cow<'static, str>,
    refused: Option<(SentForm, WebError)>,
}

impl FormDraft {
    /// A form that nobody has sent yet.
    pub(crate) fn new(path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.into(),
            refused: None,
        }
    }

    /// A form that was sent and refused. Nothing that was typed is lost but secrets.
    pub(crate) fn refused(
        path: impl Into<Cow<'static, str>>,
        form: SentForm,
        error: WebError,
    ) -> Self {
        Self {
            path: path.into(),
            refused: Some((form, error)),
        }
    }

    /// What was typed into a field. Never ask for that of a secret: it would be shown.
    pub(crate) fn typed(&self, name: &str) -> Option<&str> {
        let (form, _) = self.refused.as_ref()?;
        form.sent(name)
    }

    /// What stands in a field: what was typed, else `value`.
    pub(crate) fn value<'a>(&'a self, name: &str, value: &'a str) -> &'a str {
        match &self.refused {
            Some(_) => self.typed(name).unwrap_or_default(),
            None => value,
        }
    }

    /// Whether a box is ticked: as it was sent, else as `usual`.
    pub(crate) fn is_ticked(&self, name: &str, usual: bool) -> bool {
        match &self.refused {
            Some((form, _)) => form.is_ticked(name),
            None => usual,
        }
    }

    /// Whether one of the boxes of this name was ticked.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        let form = self.refused.as_ref().map(|(form, _)| form);
        form.is_some_and(|form| form.all(name).any(|it| it == value))
    }

    /// What describes a field for screen readers: that it is wrong, and its hint.
    pub(crate) fn description(&self, name: &str, hint: Option<&str>) -> Option<String> {
        let problem = self.is_wrong(name).then_some(PROBLEM);
        let all: Vec<_> = problem.into_iter().chain(hint).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// Whether something was typed into a field, or its box ticked.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.typed(name).is_some_and(|it| !it.trim().is_empty())
    }

    /// Whether the form was refused for what stands in this field.
    pub(crate) fn is_wrong(&self, name: &str) -> bool {
        let error = self.refused.as_ref().map(|(_, error)| error);
        error.is_some_and(|it| it.field() == Some(name))
    }

    /// Why it was refused, above the form.
    pub(crate) fn problem(&self) -> Markup {
        html! {
            @if let Some((_, error)) = &self.refused {
                div #(PROBLEM) {
                    (error.notice())
                    @if let Some(field) = error.field() {
                        p { a href=(format!("#{field}")) { "Go to the field" } }
                    }
                    p { "What you typed is kept, but for passwords and other secrets: type those again." }
                }
            }
        }
    }
}

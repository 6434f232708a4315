//! The frame around all pages, and the pieces they are made of.

use maud::{DOCTYPE, Markup, html};
use sadp_text::Sentence;

use crate::{
    draft::FormDraft,
    form::{KEY, TICKET},
    live::LiveDevice,
    site::Site,
    wording::told,
};

/// The places that every page leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Devices,
    Recovery,
    Requests,
    Vault,
    Audit,
    Doctor,
    History,
    /// What is done right now.
    Job,
}

impl Tab {
    /// Where it is, and its name.
    pub(crate) fn link(self) -> Option<(&'static str, &'static str)> {
        let mut all = Self::ALL.into_iter();
        let (_, path, name) = all.find(|(it, ..)| *it == self)?;
        Some((path, name))
    }

    const ALL: [(Self, &str, &str); 7] = [
        (Self::Devices, "/", "Devices"),
        (Self::Recovery, "/recovery", "Recovery"),
        (Self::Requests, "/requests", "Requests"),
        (Self::Vault, "/guids", "GUID vault"),
        (Self::Audit, "/audit", "Audit and report"),
        (Self::Doctor, "/doctor", "Doctor"),
        (Self::History, "/history", "History"),
    ];
}

/// A page.
pub(crate) fn page(site: &Site, place: Tab, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="session-key" content=(site.access.key());
                title { (title) " - sadpctl" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/app.css";
                script src="/assets/app.js" defer {}
            }
            body {
                a .skip href="#main" { "Skip to the content" }
                header {
                    span .brand { "sadpctl" }
                    nav aria-label="Pages" {
                        @for (it, path, name) in Tab::ALL {
                            @if it == place {
                                a href=(path) aria-current="page" { (name) }
                            } @else {
                                a href=(path) { (name) }
                            }
                        }
                    }
                }
                div #lost .notice .problem role="alert" hidden {
                    p { strong { "The connection to sadpctl is lost." }
                        " This page is connected again as soon as possible. If it stays like this, sadpctl web has ended: start it again." }
                }
                @if place != Tab::Job {
                    div #status role="status" data-live="/live/status" data-on="job" {
                        (site.jobs.status_line())
                    }
                }
                main #main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    }
}

/// What a form carries that may be sent again.
pub(crate) fn key(site: &Site) -> Markup {
    html! { input type="hidden" name=(KEY) value=(site.access.key()); }
}

/// The ticket that a form carries first which begins something.
pub(crate) fn ticket(site: &Site) -> Markup {
    html! { input type="hidden" name=(TICKET) value=(site.access.ticket()); }
}

/// A form with the button that sends it, and above it why it was refused.
pub(crate) fn form(site: &Site, draft: &FormDraft, button: &str, fields: &Markup) -> Markup {
    html! {
        (draft.problem())
        form method="post" action=(draft.path) {
            (ticket(site))
            (fields)
            p .buttons { button .primary type="submit" { (button) } }
        }
    }
}

/// The same with files, which can be dropped on it.
pub(crate) fn upload_form(site: &Site, draft: &FormDraft, button: &str, fields: &Markup) -> Markup {
    html! {
        (draft.problem())
        form .drop method="post" action=(draft.path) enctype="multipart/form-data" {
            (ticket(site))
            (fields)
            p .buttons { button .primary type="submit" { (button) } }
        }
    }
}

/// A field with its label. `hint` stands below it.
pub(crate) struct FormField<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// The type of the input, e.g. `text`, `password`, `file`.
    pub(crate) kind: &'a str,
    pub(crate) value: &'a str,
    pub(crate) hint: &'a str,
    pub(crate) required: bool,
    /// Whether what is typed is never shown again.
    pub(crate) secret: bool,
    /// The most characters.
    pub(crate) most: Option<usize>,
}

impl<'a> FormField<'a> {
    pub(crate) const fn text(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            value: "",
            hint: "",
            required: false,
            secret: false,
            most: None,
        }
    }

    /// A secret. Browsers do not offer to keep it.
    pub(crate) const fn secret(name: &'a str, label: &'a str) -> Self {
        Self {
            kind: "password",
            required: true,
            secret: true,
            ..Self::text(name, label)
        }
    }

    pub(crate) const fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    pub(crate) const fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(crate) const fn optional(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }

    pub(crate) const fn most(self, characters: usize) -> Self {
        Self {
            most: Some(characters),
            ..self
        }
    }

    pub(crate) fn render(&self, draft: &FormDraft) -> Markup {
        let autocomplete = match self.kind {
            "password" => "new-password",
            _ => "off",
        };
        let is_kept = !self.secret && self.kind != "password" && self.kind != "file";
        let value = is_kept.then(|| draft.value(self.name, self.value));
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        html! {
            div .field {
                label for=(self.name) { (self.label) }
                input id=(self.name) name=(self.name) type=(self.kind) value=[value]
                    autocomplete=(autocomplete) spellcheck="false" required[self.required] maxlength=[self.most]
                    aria-invalid=[draft.is_wrong(self.name).then_some("true")]
                    aria-describedby=[draft.description(self.name, hint.as_deref())];
                @if let Some(id) = &hint {
                    p .hint id=(id) { (self.hint) }
                }
            }
        }
    }
}

/// The fields of a passphrase that files are encrypted by.
pub(crate) fn new_passphrase(draft: &FormDraft) -> Markup {
    html! {
        (FormField::secret("passphrase", "Passphrase for the files").optional()
            .hint("Leave it empty to keep the files as they are: whoever has one can take its device over.").render(draft))
        (FormField::secret("passphrase-again", "Type the passphrase again").optional().render(draft))
    }
}

/// The fields of a new password.
pub(crate) fn new_password(draft: &FormDraft) -> Markup {
    html! {
        (FormField::secret("new-password", "New password")
            .hint("8 to 16 characters of two kinds or more: digits, lower case, upper case, special.").render(draft))
        (FormField::secret("again", "Type it again").render(draft))
    }
}

/// The field of the password that devices have.
pub(crate) fn current_password(draft: &FormDraft) -> Markup {
    FormField::secret("password", "Current password").render(draft)
}

/// Where else to go for a device.
pub(crate) fn device_links(device: &LiveDevice) -> Markup {
    let number = device.number;
    html! {
        p .actions {
            a href=(format!("/recovery?device={number}")) { "All recovery methods of this device" }
            a href=(format!("/device/{number}")) { "All that is known of it" }
        }
    }
}

/// A sentence without a command as a paragraph: lines are kept, and a device's words are
/// made harmless.
pub(crate) fn sentence(text: &str) -> Markup {
    told(&Sentence::from(text.to_owned()), None)
}

/// What is so, and what to do about it.
pub(crate) fn notice(class: &str, message: &str, next: Option<&str>) -> Markup {
    html! {
        div .notice .(class) {
            (sentence(message))
            @if let Some(next) = next { (sentence(next)) }
        }
    }
}

/// The way from one page of a list to the next, where there are several. `path` leads to
/// the page of a number, from 1.
pub(crate) fn paging(
    list: &str,
    number: usize,
    pages: usize,
    path: impl Fn(usize) -> String,
) -> Markup {
    html! {
        @if pages > 1 {
            nav .paging aria-label=(format!("Pages of the {list}")) {
                @if number > 1 { a id="previous" href=(path(number - 1)) rel="prev" { "Previous" } }
                span { "Page " (number) " of " (pages) }
                @if number < pages { a id="next" href=(path(number + 1)) rel="next" { "Next" } }
            }
        }
    }
}

/// A table that scrolls by itself where it is wider than the page.
pub(crate) fn table(caption: &str, titles: &[&str], rows: &Markup) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption .hidden { (caption) }
                thead { tr { @for title in titles { th scope="col" { (title) } } } }
                tbody { (rows) }
            }
        }
    }
}

//! Sentences of sadp-text on a page: what is a command in a terminal is a link here, or a
//! box in a form.

use maud::{Markup, html};
use sadp_model::text::clean;
use sadp_text::{LinkedPage, Sentence, SentencePart, capitalised};

/// A sentence as a paragraph. Its lines are kept, and a device's words are made harmless.
/// Links lead to the device of this number in the list, where there is one.
pub(crate) fn told(sentence: &Sentence, device: Option<u64>) -> Markup {
    let parts = sentence.parts();
    let has_lines = parts
        .iter()
        .any(|it| matches!(it, SentencePart::Text(text) if text.contains('\n')));
    let content = html! {
        @for (number, it) in parts.iter().enumerate() { (part(it, number == 0, device)) }
    };
    html! {
        @if has_lines { pre .plan tabindex="0" { (content) } } @else { p { (content) } }
    }
}

fn part(part: &SentencePart, is_first: bool, device: Option<u64>) -> Markup {
    let words = |text: &str| {
        let lines: Vec<_> = text.split('\n').map(clean).collect();
        let text = lines.join("\n");
        if is_first { capitalised(&text) } else { text }
    };
    html! {
        @match part {
            SentencePart::Text(text) | SentencePart::Either { page: text, .. } => (words(text)),
            SentencePart::Shell(command) => code { (clean(command)) },
            SentencePart::TerminalOnly(command) => { (words("in a terminal, ")) code { (clean(command)) } },
            SentencePart::Lift(guard) => { (words("the box ")) "\"" (guard.word()) "\" in the form for one device" },
            SentencePart::Command { page, .. } => {
                @let (path, name) = place(*page, device);
                a href=(path) { (name) }
            },
        }
    }
}

/// Where a page is, and its name.
fn place(page: LinkedPage, device: Option<u64>) -> (String, &'static str) {
    let (path, name) = match page {
        LinkedPage::Devices => return ("/".into(), "the list of devices"),
        LinkedPage::NetworkPlan => return ("/network/plan".into(), "Plan many devices in a file"),
        LinkedPage::GuidVault => return ("/guids".into(), "the GUID vault"),
        LinkedPage::Doctor => return ("/doctor".into(), "Doctor"),
        LinkedPage::Activate => ("/activate", "Activate"),
        LinkedPage::NetworkSettings => ("/network", "Network settings"),
        LinkedPage::Prepare => ("/prepare", "Prepare recovery"),
        LinkedPage::RecoveryMethods => ("/recovery", "Recovery methods"),
        LinkedPage::Lamp => ("/locate", "Blink its lamp"),
        LinkedPage::Check => ("/check", "Check over HTTP"),
        LinkedPage::GuidExport => ("/guids/export", "Export GUIDs"),
        LinkedPage::GuidImport => ("/guids/import", "Reset by GUID"),
        LinkedPage::Questions => ("/questions", "Security questions"),
        LinkedPage::MailedCode => ("/mail", "Reset by e-mail"),
    };
    let path = device.map_or_else(|| path.into(), |it| format!("{path}?device={it}"));
    (path, name)
}

//! An answer or a key, and the request it is for.

use std::{fmt, path::PathBuf};

use sadp_reset::{Answer, KnownBy, Matched, NotAnAnswer, RequestKind, Target};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::outcome::Outcome;

/// What is to go to one device.
pub(super) struct Given {
    pub(super) target: Target,
    pub(super) source: Source,
    pub(super) known_by: KnownBy,
    text: Text,
}

/// Where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file.
    File(PathBuf),
    /// A person, who read or heard it.
    Key,
}

enum Text {
    Answer(Answer),
    /// What it is depends on the device.
    Typed(SecretString),
}

impl Given {
    pub(super) fn file(matched: Matched) -> Self {
        Self {
            target: matched.target,
            source: Source::File(matched.path),
            known_by: matched.known_by,
            text: Text::Answer(matched.answer),
        }
    }

    pub(super) fn typed(target: Target, key: SecretString) -> Self {
        Self {
            target,
            source: Source::Key,
            known_by: KnownBy::Name,
            text: Text::Typed(key),
        }
    }

    /// Whether it is a dated code for a device that takes no new password with it.
    pub(super) fn is_legacy(&self) -> bool {
        is_legacy(self.target.kind)
    }

    /// What goes out to a device that takes this.
    pub(super) fn answer(self, kind: RequestKind) -> Result<Answer, NotAnAnswer> {
        match (self.text, kind) {
            (Text::Answer(answer), RequestKind::LegacyCode) => Answer::dated_code(answer.expose()),
            (Text::Answer(answer), _) => Ok(answer),
            (Text::Typed(text), RequestKind::LegacyCode) => {
                Answer::dated_code(text.expose_secret())
            }
            (Text::Typed(text), _) => Answer::typed_key(text.expose_secret()),
        }
    }
}

/// Whether a device of this kind takes the vendor's code and no new password.
pub(super) fn is_legacy(kind: Option<RequestKind>) -> bool {
    kind == Some(RequestKind::LegacyCode)
}

impl Source {
    /// Adds to an outcome which file it is about.
    pub(super) fn add_data(&self, outcome: &mut Outcome) {
        if let Self::File(path) = self {
            let path = json!(path.to_string_lossy());
            outcome.data.insert("file".into(), path);
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Key => f.write_str("the key that was given"),
        }
    }
}

//! What a look at this machine came to, one fact each.

use serde::Serialize;
use serde_json::{Map, Value};

/// One fact, judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Check {
    /// What was looked at, the same word whatever came of it.
    #[serde(rename = "check")]
    pub(crate) topic: &'static str,
    /// Of which card, port or program.
    pub(crate) subject: String,
    pub(crate) verdict: Verdict,
    pub(crate) message: String,
    /// What to do about it. A command stands at the end, after a colon.
    pub(crate) remedy: Option<String>,
    /// The figures behind it.
    pub(crate) data: Map<String, Value>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It hides no device.
    Ok,
    /// It may hide devices, or cost something.
    Warning,
    /// It hides devices.
    Problem,
}

impl Verdict {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Check {
    pub(crate) fn new(
        topic: &'static str,
        subject: impl Into<String>,
        verdict: Verdict,
        message: impl Into<String>,
    ) -> Self {
        Self {
            topic,
            subject: subject.into(),
            verdict,
            message: message.into(),
            remedy: None,
            data: Map::new(),
        }
    }

    /// Adds what to do.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds a figure.
    pub(crate) fn data(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }
}

//! Sentences that name what the user does next. A command line types a command there; a
//! page has a link or a box in a form. Each front end puts its own into the sentence.

use std::{borrow::Cow, fmt};

use sadp_ops::Guard;

/// Words that are known beforehand, or are made.
type Words = Cow<'static, str>;

/// A sentence, in lower case and without a full stop. Its `Display` is for command lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    parts: Vec<SentencePart>,
}

/// A part of a [`Sentence`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentencePart {
    /// Words for every front end. They name no command or option of this program.
    Text(Words),
    /// A command of the system, to be typed in a terminal.
    Shell(Words),
    /// What a command of this program does, and a page as well.
    Command {
        /// The command to type.
        command: Words,
        /// Where a page does it.
        page: LinkedPage,
    },
    /// What only a command of this program does.
    TerminalOnly(Words),
    /// Words that differ.
    Either {
        /// Those for a command line.
        terminal: Words,
        /// Those for a page.
        page: Words,
    },
    /// The option or the box that lifts a guard.
    Lift(Guard),
}

/// What a front end with pages has a page for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what it is in its own words")]
pub enum LinkedPage {
    Devices,
    Activate,
    NetworkSettings,
    NetworkPlan,
    Prepare,
    RecoveryMethods,
    Lamp,
    Check,
    GuidVault,
    GuidExport,
    GuidImport,
    Questions,
    MailedCode,
    Doctor,
}

impl Sentence {
    /// Its parts, in order.
    pub fn parts(&self) -> &[SentencePart] {
        &self.parts
    }

    /// Words for every front end.
    pub(crate) fn new(text: impl Into<Words>) -> Self {
        Self::default().text(text)
    }

    pub(crate) fn text(self, text: impl Into<Words>) -> Self {
        self.part(SentencePart::Text(text.into()))
    }

    pub(crate) fn shell(self, command: impl Into<Words>) -> Self {
        self.part(SentencePart::Shell(command.into()))
    }

    pub(crate) fn command(self, command: impl Into<Words>, page: LinkedPage) -> Self {
        let command = command.into();
        self.part(SentencePart::Command { command, page })
    }

    pub(crate) fn terminal_only(self, command: impl Into<Words>) -> Self {
        self.part(SentencePart::TerminalOnly(command.into()))
    }

    pub(crate) fn or_on_page(self, terminal: impl Into<Words>, page: impl Into<Words>) -> Self {
        let (terminal, page) = (terminal.into(), page.into());
        self.part(SentencePart::Either { terminal, page })
    }

    pub(crate) fn lift(self, guard: Guard) -> Self {
        self.part(SentencePart::Lift(guard))
    }

    /// The parts of another one follow.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    fn part(mut self, part: SentencePart) -> Self {
        self.parts.push(part);
        self
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            SentencePart::Text(text)
            | SentencePart::Shell(text)
            | SentencePart::Command { command: text, .. }
            | SentencePart::TerminalOnly(text)
            | SentencePart::Either { terminal: text, .. } => f.write_str(text),
            SentencePart::Lift(guard) => write!(f, "--force {}", guard.word()),
        })
    }
}

impl<T: Into<Words>> From<T> for Sentence {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// As on a command line.
impl From<Sentence> for String {
    fn from(sentence: Sentence) -> Self {
        sentence.to_string()
    }
}

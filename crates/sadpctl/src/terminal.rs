//! The one place that prints.

use std::{
    fmt,
    io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write},
};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use sadp_model::text::clean;

use crate::failure::Failure;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Whether styles go to this stream.
    pub(crate) fn choice(self, stream: &impl RawStream) -> ColorChoice {
        match self {
            Self::Auto => AutoStream::choice(stream),
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

/// Data on stdout, everything else on stderr. Styles may always be written:
/// they are taken out where they are not wanted.
pub(crate) struct Terminal {
    out: BufWriter<AutoStream<Stdout>>,
    err: AutoStream<Stderr>,
    quiet: bool,
    verbose: bool,
    width: usize,
}

impl Terminal {
    /// The width that output fits when nobody tells another.
    pub(crate) const DEFAULT_WIDTH: usize = 100;

    pub(crate) fn new(color: Color, quiet: bool, verbose: bool) -> Self {
        let out = AutoStream::new(io::stdout(), color.choice(&io::stdout()));
        let width = terminal_size::terminal_size_of(io::stdout());
        Self {
            out: BufWriter::new(out),
            err: AutoStream::new(io::stderr(), color.choice(&io::stderr())),
            quiet,
            verbose,
            width: width.map_or(Self::DEFAULT_WIDTH, |(width, _)| width.0.into()),
        }
    }

    /// Where data goes.
    pub(crate) fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// How many columns fit.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Whether a line that moves may be shown on stderr.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// Tells what was done, unless quiet.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.say(format_args!("{}", lines(text)));
        }
    }

    /// Tells what must be read before a question, even when quiet.
    pub(crate) fn tell(&mut self, text: &str) {
        self.say(format_args!("{}", lines(text)));
    }

    /// Whether somebody is there to answer a question.
    pub(crate) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Puts a question on stderr. The answer is for the caller to read.
    pub(crate) fn ask(&mut self, question: &str) {
        let _ = self.out.flush();
        // There is nobody to tell that stderr is closed.
        let _ = write!(self.err, "{} ", lines(question));
        let _ = self.err.flush();
    }

    /// Tells what few want to know, where verbose.
    pub(crate) fn detail(&mut self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Tells what to do next, unless quiet.
    pub(crate) fn hint(&mut self, text: &str) {
        if !self.quiet {
            self.say(format_args!("{CYAN}hint:{CYAN:#} {}", lines(text)));
        }
    }

    /// Tells what limits the result, even when quiet.
    pub(crate) fn warn(&mut self, text: &str) {
        self.say(format_args!("{YELLOW}warning:{YELLOW:#} {}", lines(text)));
    }

    /// Tells why a command failed and what to do next, even when quiet.
    pub(crate) fn report(&mut self, failure: &Failure) {
        let message = format!("{:#}", failure.error);
        self.say(format_args!("{RED}error:{RED:#} {}", lines(&message)));
        for hint in &failure.hints {
            self.say(format_args!("{CYAN}hint:{CYAN:#} {}", lines(hint)));
        }
    }

    fn say(&mut self, line: fmt::Arguments<'_>) {
        // What was printed before stands before.
        let _ = self.out.flush();
        // There is nobody to tell that stderr is closed.
        let _ = writeln!(self.err, "{line}");
    }
}

/// Text that may hold words of devices, with our own line breaks kept.
fn lines(text: &str) -> String {
    let clean: Vec<_> = text.split('\n').map(clean).collect();
    clean.join("\n")
}

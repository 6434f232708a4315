//! The one place that prints.

use std::{
    env,
    io::{self, IsTerminal, Stderr, Stdout, Write},
    mem,
    process::{Command, Stdio},
};

use anstream::{
    AutoStream, ColorChoice,
    adapter::{strip_bytes, strip_str},
    stream::RawStream,
};
use anstyle::{AnsiColor, Style};
use clap::{ValueEnum, error::ErrorKind};
use sadp_model::text::clean;
use sadp_reset::NewFile;

use crate::{
    failure::{Failure, FailureJson},
    fold::{Width, fold, fold_labelled},
};

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

/// As much is written to stdout at once, in bytes.
const CHUNK: usize = 64 << 10;

/// Where data goes.
struct Out {
    target: OutTarget,
    /// What is not written yet.
    bytes: Vec<u8>,
}

enum OutTarget {
    /// In chunks of whole lines.
    Stdout(AutoStream<Stdout>),
    /// A new file, written once all of it is there.
    File {
        file: Option<NewFile>,
        /// Whether it is text, into which styles do not go.
        is_text: bool,
    },
}

impl Out {
    /// Writes what there is up to this place to stdout. No style may begin before it and end
    /// behind it.
    fn write_until(&mut self, end: usize) -> io::Result<()> {
        if let OutTarget::Stdout(stdout) = &mut self.target {
            let rest = self.bytes.split_off(end);
            let bytes = mem::replace(&mut self.bytes, rest);
            if stdout.current_choice() == ColorChoice::Never {
                io::stdout().write_all(&plain(bytes))?;
            } else {
                stdout.write_all(&bytes)?;
            }
        }
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= CHUNK && matches!(self.target, OutTarget::Stdout(_)) {
            let line = self.bytes.iter().rposition(|byte| *byte == b'\n');
            self.write_until(line.map_or(self.bytes.len(), |last| last + 1))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_until(self.bytes.len())?;
        match &mut self.target {
            OutTarget::Stdout(stdout) => stdout.flush(),
            OutTarget::File { .. } => Ok(()),
        }
    }
}

/// The text without styles.
fn plain(text: Vec<u8>) -> Vec<u8> {
    const ESCAPE: u8 = 0x1b;
    if text.contains(&ESCAPE) {
        strip_bytes(&text).into_vec()
    } else {
        text
    }
}

/// Data on stdout, everything else on stderr. Styles may always be written:
/// they are taken out where they are not wanted.
pub(crate) struct Terminal {
    out: Out,
    err: AutoStream<Stderr>,
    quiet: bool,
    verbose: bool,
    /// Whether a failure is reported as JSON.
    json: bool,
    /// That of stdout and that of stderr.
    widths: [Width; 2],
}

impl Terminal {
    pub(crate) fn new(color: Color, quiet: bool, verbose: bool) -> Self {
        let out = AutoStream::new(io::stdout(), color.choice(&io::stdout()));
        let sizes = [
            terminal_size::terminal_size_of(io::stdout()),
            terminal_size::terminal_size_of(io::stderr()),
        ];
        Self {
            out: Out {
                target: OutTarget::Stdout(out),
                bytes: Vec::new(),
            },
            err: AutoStream::new(io::stderr(), color.choice(&io::stderr())),
            quiet,
            verbose,
            json: false,
            widths: sizes.map(|size| size.map(|(width, _)| width.0.into())),
        }
    }

    /// Reports a failure as one JSON object on one line, if so.
    #[must_use]
    pub(crate) fn with_json(self, json: bool) -> Self {
        Self { json, ..self }
    }

    /// Sends data into this file, once all of it is there.
    #[must_use]
    pub(crate) fn with_file(mut self, file: NewFile, is_text: bool) -> Self {
        self.out.target = OutTarget::File {
            file: Some(file),
            is_text,
        };
        self.widths[0] = None;
        self
    }

    /// Writes the file, if there is one and data for it. Nothing else goes into it.
    pub(crate) fn finish_file(&mut self) -> Result<(), Failure> {
        let Out { target, bytes } = &mut self.out;
        let OutTarget::File { file, is_text } = target else {
            return Ok(());
        };
        let (Some(file), false) = (file.take(), bytes.is_empty()) else {
            return Ok(());
        };
        let path = file.path().to_owned();
        let bytes = mem::take(bytes);
        let bytes = if *is_text { plain(bytes) } else { bytes };
        file.finish(&bytes)
            .map_err(|error| Failure::unwritable(&path, error))?;
        self.note(&format!("written: {}", path.display()));
        Ok(())
    }

    /// Where data goes.
    pub(crate) fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// How many columns fit where data goes.
    pub(crate) fn width(&self) -> Width {
        self.widths[0]
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
            self.tell(text);
        }
    }

    /// Tells what must be read before a question, even when quiet: by a pager where the
    /// terminal shows less than all of it.
    pub(crate) fn tell_all(&mut self, text: &str) {
        let height = terminal_size::terminal_size_of(io::stderr()).map(|(_, height)| height.0);
        let folded = fold(&lines(text), self.widths[1]).into_owned();
        let fits = height.is_none_or(|height| folded.lines().count() < height.into());
        let shown = !fits && Self::can_ask() && page(&folded).is_ok();
        // What the pager showed may be gone from the screen.
        let text = if shown {
            let heading = text.lines().next().unwrap_or_default();
            heading.trim_end_matches(':')
        } else {
            text
        };
        self.tell(text);
    }

    /// The same, whatever its length.
    pub(crate) fn tell(&mut self, text: &str) {
        self.say("", Style::new(), text);
    }

    /// Whether somebody is there to answer a question.
    pub(crate) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Puts a question on stderr. The answer is for the caller to read.
    pub(crate) fn ask(&mut self, question: &str) {
        let question = lines(question);
        let question = fold(&question, self.widths[1]);
        self.write(&format!("{question} "));
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
            self.say("hint: ", CYAN, text);
        }
    }

    /// Tells what limits the result, even when quiet.
    pub(crate) fn warn(&mut self, text: &str) {
        self.say("warning: ", YELLOW, text);
    }

    /// Tells why a command failed and what to do next, even when quiet.
    pub(crate) fn report(&mut self, failure: &Failure) {
        if self.json
            && let Ok(object) = serde_json::to_string(&FailureJson::from(failure))
        {
            return self.write(&format!("{object}\n"));
        }
        self.say("error: ", RED, &failure.message());
        for hint in &failure.hints {
            self.say("hint: ", CYAN, hint);
        }
    }

    /// Writes what the parser of arguments says: its help, or an error.
    pub(crate) fn parser(&mut self, error: &clap::Error) -> Result<(), Failure> {
        let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        if error.use_stderr() && (self.json || !is_help) {
            self.report(&error.into());
            return Ok(());
        }
        let text = error.render().ansi().to_string();
        if error.use_stderr() {
            let text = fold(&text, self.widths[1]);
            self.write(&text);
            return Ok(());
        }
        self.out.write_all(fold(&text, self.widths[0]).as_bytes())?;
        self.flush()
    }

    fn say(&mut self, label: &str, style: Style, text: &str) {
        let text = lines(text);
        let text = fold_labelled(label, &text, self.widths[1]);
        self.write(&format!("{style}{label}{style:#}{text}\n"));
    }

    /// Writes a text by one call, so that nothing of others stands in it.
    fn write(&mut self, text: &str) {
        // What was printed before stands before.
        let _ = self.out.flush();
        let plain;
        let text = if self.err.current_choice() == ColorChoice::Never {
            plain = strip_str(text).to_string();
            &plain
        } else {
            text
        };
        // There is nobody to tell that stderr is closed.
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }
}

/// Shows a text by `$PAGER`, or by `less`, where the questions stand.
fn page(text: &str) -> io::Result<()> {
    let pager = env::var("PAGER")
        .ok()
        .filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less".into());
    let mut words = pager.split_whitespace();
    let mut pager = Command::new(words.next().unwrap_or_default());
    if env::var_os("LESS").is_none() {
        pager.env("LESS", "-R -Pspace\\: next page, q\\: to the question$");
    }
    for (name, _) in env::vars_os() {
        // Secrets among them.
        if name.to_string_lossy().starts_with("SADPCTL_") {
            pager.env_remove(name);
        }
    }
    let mut pager = pager
        .args(words)
        .stdin(Stdio::piped())
        .stdout(io::stderr())
        .spawn()?;
    // It may end before it has read all.
    let written = pager
        .stdin
        .take()
        .map(|mut input| input.write_all(text.as_bytes()));
    drop(written);
    pager
        .wait()?
        .success()
        .then_some(())
        .ok_or_else(|| io::ErrorKind::Other.into())
}

/// Text that may hold words of devices, with our own line breaks kept.
fn lines(text: &str) -> String {
    let clean: Vec<_> = text.split('\n').map(clean).collect();
    clean.join("\n")
}

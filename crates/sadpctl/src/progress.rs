//! How far a command is, in a line on stderr that the next one replaces. There is none
//! where stderr is no terminal, or with `--quiet`.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sadp_text::Progress;

use crate::terminal::Terminal;

/// The line.
#[derive(Debug)]
pub(crate) struct ProgressLine {
    bar: ProgressBar,
    /// Until when something is waited for that looks do not end.
    until: Option<Instant>,
}

impl ProgressLine {
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let bar = if terminal.shows_progress() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        bar.finish_and_clear();
        Self { bar, until: None }
    }

    /// Draws the line from now on, also where nothing new is known.
    fn start(&self) {
        if self.bar.is_finished() {
            self.bar.reset();
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// Shows how far an operation is. Returns whether somebody sees it.
    pub(crate) fn show(&mut self, progress: &Progress) -> bool {
        let Progress { text, done, left } = progress;
        let now = Instant::now();
        let waits = self.until.is_some_and(|until| now < until);
        if !self.bar.is_hidden() && (!waits || left.is_some() || done.is_some()) {
            let until = left.map(|left| now + left);
            self.until = until.filter(|_| done.is_none());
            // What is drawn first has its style already.
            self.bar.set_style(style(done.is_some(), until));
            self.bar.set_message(text.clone());
            self.start();
            if let &Some((done, all)) = done {
                if self.bar.length() != Some(all) || done == 0 {
                    self.bar.reset();
                }
                self.bar.set_length(all);
                self.bar.set_position(done);
            }
        }
        !self.bar.is_hidden()
    }

    /// Shows what is done, where nothing tells how far that is.
    pub(crate) fn say(&mut self, text: &str) {
        let (done, left) = (None, None);
        self.until = None;
        self.show(&Progress {
            text: text.into(),
            done,
            left,
        });
    }

    /// Takes the line away while something else is printed.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Removes the line until there is something to show: what is printed meanwhile
    /// would be mixed up with it.
    pub(crate) fn clear(&mut self) {
        self.until = None;
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }
}

/// Reads a file, or standard input for `-`, and shows how far that is.
pub(crate) fn read(path: &Path, terminal: &Terminal) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path)?;
    let line = ProgressLine::new(terminal);
    line.bar.set_length(file.metadata()?.len());
    line.bar.set_style(style(true, None));
    line.bar.set_message("reading");
    line.start();
    Ok(Box::new(line.bar.wrap_read(file)))
}

/// A bar where it is known how much is done. The time left is that of `until`, or what
/// the pace so far promises.
fn style(has_bar: bool, until: Option<Instant>) -> ProgressStyle {
    let template = if has_bar {
        "{spinner} [{bar:20}] {msg}{left}"
    } else {
        "{spinner} {msg}{left} (Ctrl-C ends it)"
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    let style = style.progress_chars("=> ");
    style.with_key(
        "left",
        move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
            let rest = rest.unwrap_or_else(|| if has_bar { state.eta() } else { Duration::ZERO });
            // Shorter times are not worth reading.
            if rest >= Duration::from_secs(3) {
                let rest = humantime::format_duration(Duration::from_secs(rest.as_secs()));
                let _ = write!(out, ", {rest} left");
            }
        },
    )
}

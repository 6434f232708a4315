//! The command line: arguments in, tables and documents out. It holds no
//! protocol and no rule of its own; those are in the other crates.
//!
//! This is a library so that what reads files can be fuzzed; it promises no
//! interface. What scripts can rely on is the program's.

mod advice;
mod app;
mod args;
mod commands;
mod completion;
mod failure;
mod files;
mod fold;
mod interrupt;
mod output;
mod progress;
mod run;
#[cfg(test)]
mod samples;
mod secret;
mod state;
mod survey;
mod terminal;
mod view;
#[cfg(test)]
mod widths;

pub use app::run;

/// Reading files of others, for fuzzing. What is no such file is an error, not
/// a crash.
#[doc(hidden)]
pub mod fuzzing {
    /// Reads a plan as `net apply` does.
    pub fn plan(bytes: &[u8]) {
        let _ = sadp_ops::network::plan_file::read(bytes);
    }

    /// Reads a file as `decode` does.
    pub fn input(bytes: &[u8]) {
        let _ = sadp_discovery::messages::MessageFile::from_reader(bytes, None);
    }
}

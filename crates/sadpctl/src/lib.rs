//! The command line: arguments in, tables and documents out. It holds no
//! protocol and no rule of its own; those are in the other crates.
//!
//! It is a library that promises no interface. What scripts can rely on is the
//! program's.

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

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
mod select;
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

    /// Reads what `--where` takes, and asks a device for it. Returns the filter
    /// as it will be told.
    pub fn filter(text: &str) -> Option<String> {
        let filter: crate::select::Filter = text.parse().ok()?;
        let mut registry = sadp_model::Registry::new();
        let sighting = sadp_model::Sighting {
            interface: "".into(),
            from: [192, 168, 1, 5].into(),
            protocol: sadp_model::Protocol::Sadp,
            via: sadp_model::Via::Unicast,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        registry.record(sadp_model::Device::unknown(), sighting);
        for found in sadp_ops::DiscoveredDevice::assess_all(registry.into_entries(), &[]) {
            let _ = filter.holds(&found);
        }
        Some(filter.as_str().into())
    }
}

//! The devices, before a batch and after it.

use std::cell::Cell;

use ipnet::Ipv4Net;
use sadp_discovery::{ScanConfig, ScanReport};
use sadp_model::DeviceRecord;
use sadp_ops::DiscoveredDevice;
use sadp_proto::SurveyProgress;
use tokio::runtime::Runtime;

use crate::{
    advice,
    args::GlobalArgs,
    commands::survey,
    failure::{Exit, Failure},
    state,
    terminal::Terminal,
};

/// The devices found by one scan.
#[derive(Debug, Default)]
pub(in crate::commands) struct Site {
    pub(in crate::commands) devices: Vec<DiscoveredDevice>,
    /// This machine's networks there.
    pub(in crate::commands) local: Vec<Ipv4Net>,
    /// How many devices the scan brought, whatever became of the list.
    heard: usize,
}

impl Site {
    /// Scans, and marks the devices remembered as locked. Ctrl-C ends the
    /// command: what was to be sent is not, to half a site.
    pub(in crate::commands) fn look(
        runtime: &Runtime,
        config: &ScanConfig,
        global: &GlobalArgs,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let interrupted = Cell::new(false);
        let stop = async {
            survey::interrupted().await;
            interrupted.set(true);
        };
        let mut report = runtime.block_on(survey::run_for(|_, _| false, config, stop, terminal))?;
        if interrupted.get() {
            let message = "interrupted before anything was sent";
            return Err(Failure::words(Exit::Refused, message).hint("run it again to go on"));
        }
        let mut entries = std::mem::take(&mut report.entries);
        if entries.is_empty() {
            return Err(advice::nothing_found(&report, config.sweep.is_some()));
        }
        state::mark_locks(&mut entries, global, terminal);
        report.entries = entries;
        Ok(Self::of(report))
    }

    fn of(report: ScanReport) -> Self {
        Self {
            heard: report.entries.len(),
            devices: DiscoveredDevice::assess_all(report.entries, &report.local),
            local: report.local,
        }
    }

    /// Scans again after what leaves devices where they are: only until as many
    /// were heard as before.
    pub(in crate::commands) fn look_after(
        &self,
        runtime: &Runtime,
        config: &ScanConfig,
        terminal: &mut Terminal,
    ) -> Self {
        let as_many =
            |progress: &SurveyProgress, _: &[DeviceRecord]| progress.devices >= self.heard;
        let scan = survey::run_for(as_many, config, survey::interrupted(), terminal);
        let report = runtime.block_on(scan);
        Self::looked(report, terminal)
    }

    fn looked(report: Result<ScanReport, Failure>, terminal: &mut Terminal) -> Self {
        match report {
            Ok(report) => Self::of(report),
            Err(failure) => {
                let error = failure.error;
                terminal.warn(&format!("could not look what became of it: {error:#}"));
                Self::default()
            }
        }
    }

    /// The same device, as this scan saw it.
    pub(in crate::commands) fn same(&self, before: &DiscoveredDevice) -> Option<&DiscoveredDevice> {
        let wanted = before.key()?;
        self.devices.iter().find(|found| found.is(&wanted))
    }
}

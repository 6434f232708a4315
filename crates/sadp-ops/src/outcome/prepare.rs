use sadp_reset::Action;

use super::{Outcome, OutcomeData, OutcomeStatus, Preparation, owner::CloudStatus};
use crate::DiscoveredDevice;

/// What is prepared on a device, and what became of the rest.
#[derive(Clone, Debug)]
pub struct PreparedDevice {
    /// Its preparations, as far as it offers them and they were asked for.
    pub steps: Vec<PreparedStep>,
    /// Whether it is ready for Hik-Connect, as far as it reports.
    pub cloud: CloudStatus,
}

/// One preparation.
#[derive(Clone, Debug)]
pub struct PreparedStep {
    /// Which.
    pub preparation: Preparation,
    /// What became of it. `None` where it was prepared before.
    pub outcome: Option<Outcome>,
}

impl PreparedDevice {
    pub(crate) fn new(device: &DiscoveredDevice, steps: Vec<PreparedStep>) -> Self {
        Self {
            steps,
            cloud: CloudStatus::new(&device.entry.device, None),
        }
    }

    /// The outcome of the device: that of its worst step.
    pub(crate) fn into_outcome(self, device: &DiscoveredDevice) -> Outcome {
        let outcomes = self.steps.iter().filter_map(|step| step.outcome.as_ref());
        let worst = outcomes.max_by_key(|it| it.status.severity());
        let outcome = worst
            .cloned()
            .unwrap_or_else(|| Outcome::new(device, Action::SetUpRead, OutcomeStatus::Done));
        Outcome {
            data: OutcomeData::Prepared(self),
            ..outcome
        }
    }
}

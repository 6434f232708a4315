//! Settings of devices that are shown or set over HTTP: the plan of either.

use sadp_reset::{Action, LedgerError};

use super::ChosenDevices;
use crate::{Outcome, OutcomeData, Selection, Session};

/// Devices whose settings are shown or set.
#[derive(Debug)]
pub struct SettingsPlan<W> {
    /// The devices that are asked, and the others.
    pub selection: Selection,
    /// What is set. `None`: it is shown.
    pub(crate) wanted: Option<W>,
}

impl<W> SettingsPlan<W> {
    /// Plans one of two actions: to show, and to set what is wanted.
    pub(crate) fn new(
        session: &Session,
        devices: ChosenDevices,
        wanted: Option<W>,
        [show, set]: [Action; 2],
    ) -> Result<Self, LedgerError> {
        let action = if wanted.is_some() { set } else { show };
        let selection = devices.select(session, action)?;
        Ok(Self { selection, wanted })
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome>
    where
        for<'w> &'w W: Into<OutcomeData>,
    {
        let wanted = self.wanted;
        self.selection.into_outcomes_with(|outcome| {
            if let Some(wanted) = &wanted {
                outcome.data = wanted.into();
            }
        })
    }
}

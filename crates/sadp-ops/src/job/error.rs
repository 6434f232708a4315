use std::io;

use sadp_discovery::{ScanReport, messages::MessageFileError};
use sadp_reset::LedgerError;

use crate::{
    OpsError,
    network::{ApplyError, ProposalError, ResultFileError, SetError},
    recovery::prepare::PrepareError,
};

/// Why a job ended without a report. Nothing was sent that changes a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// An operation could not begin or go on.
    #[error(transparent)]
    Ops(#[from] OpsError),
    /// The look found no device at all.
    #[error("no device answered")]
    NothingFound(Box<ScanReport>),
    /// Devices were found, but none that the job is for.
    #[error("none of these devices answers now")]
    NoneAnswers,
    /// The person said no, or stopped the job while it was asked for.
    #[error("not confirmed: nothing was sent")]
    NotConfirmed,
    /// The device cannot have the settings.
    #[error(transparent)]
    Settings(#[from] SetError),
    /// The range has no addresses for the devices.
    #[error(transparent)]
    Range(#[from] ProposalError),
    /// The addresses of the range cannot be given.
    #[error(transparent)]
    Addresses(ApplyError),
    /// The rows of a plan cannot be applied.
    #[error(transparent)]
    Plan(ApplyError),
    /// The file of the results cannot be begun.
    #[error(transparent)]
    Results(#[from] ResultFileError),
    /// The scan cannot be recorded.
    #[error("cannot record the scan")]
    Recording(#[source] io::Error),
    /// The recording cannot be redacted. It is kept.
    #[error("cannot redact the recording")]
    Redaction(#[source] MessageFileError),
    /// The vault holds nothing for the devices.
    #[error("the vault holds no usable GUID of these devices")]
    NoGuid,
    /// Recovery cannot be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

impl From<LedgerError> for JobError {
    fn from(error: LedgerError) -> Self {
        Self::Ops(error.into())
    }
}

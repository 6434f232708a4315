use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use sadp_discovery::{CaptureRecorder, ScanConfig};
use sadp_model::SenderConflict;
use sadp_reset::{
    Account, Action, AttemptResult, Claim, ClaimAttempt, ClaimHolder, DeviceKey, Ledger,
    LedgerError, PasswordNumber, RememberedMove,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    DiscoveredDevice, Event, Observer, OpsError,
    memory::{SecretMemory, sends_current_password},
};

/// How often the claim is tried again while another run has it.
const CLAIM_EVERY: Duration = Duration::from_millis(100);

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// How devices are found and reached.
    pub scan: ScanConfig,
    /// The state folder, which holds the ledger.
    pub state: PathBuf,
    /// What the operations need of the ledger.
    pub access: LedgerAccess,
    /// When to stop.
    pub cancellation: Cancellation,
}

/// What operations need of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerAccess {
    /// It is read where it exists, and looks go on without it where it cannot be
    /// read. It is opened for writing, or made, by the first command.
    Optional,
    /// The same, but a session does not open where it exists and cannot be read.
    Read,
    /// It is written, and made before the first command where there is none.
    /// Operations that send need it.
    Write,
    /// The same, for commands that change nothing of a device that lasts: they need no
    /// [claim](Session::claim).
    Record,
    /// There is none, for want of a folder: nothing is remembered, and nothing is
    /// sent but looks.
    Unavailable,
}

/// Requests to stop, handed in by the front end.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    /// Nothing more is sent. Replies to what was sent are still awaited, and the
    /// devices are looked at again.
    pub stop: CancellationToken,
    /// Looks end at once.
    pub abandon: CancellationToken,
}

/// What all operations of one run share. The ledger is opened once, here.
#[derive(Debug)]
pub struct Session {
    pub(crate) scan: ScanConfig,
    pub(crate) cancellation: Cancellation,
    ledger: Option<Ledger>,
    /// Why an optional ledger cannot be read.
    pub(crate) unreadable: Option<LedgerError>,
    /// Whether the ledger was opened for writing.
    writable: bool,
    /// Held until the session ends.
    claim: Option<Claim>,
    state: PathBuf,
    access: LedgerAccess,
}

impl Session {
    /// Opens the ledger as `access` says. Nothing is sent.
    ///
    /// Fails where the ledger cannot be opened: no operation that sends commands
    /// goes on without it.
    pub fn open(config: SessionConfig) -> Result<Self, OpsError> {
        let SessionConfig { state, access, .. } = config;
        let writes = matches!(access, LedgerAccess::Write | LedgerAccess::Record);
        let writable = writes && state.join(Ledger::FILE_NAME).exists();
        let opened = match access {
            LedgerAccess::Unavailable => Ok(None),
            _ if writable => Ledger::open(&state).map(Some),
            _ => Ledger::open_existing(&state),
        };
        let (ledger, unreadable) = match opened {
            Err(error) if access == LedgerAccess::Optional => (None, Some(error)),
            opened => (opened?, None),
        };
        Ok(Self {
            scan: config.scan,
            cancellation: config.cancellation,
            ledger,
            unreadable,
            writable,
            claim: None,
            state,
            access,
        })
    }

    /// Looks alone: there is no state folder, so nothing is remembered and nothing else is
    /// sent.
    pub fn without_state(scan: ScanConfig, cancellation: Cancellation) -> Result<Self, OpsError> {
        Self::open(SessionConfig {
            scan,
            state: PathBuf::new(),
            access: LedgerAccess::Unavailable,
            cancellation,
        })
    }

    /// Takes the claim on the state folder, until the session ends: no other run changes
    /// devices meanwhile. Waits for a run that has it, `wait` at most, and then fails
    /// with [`OpsError::Claimed`]. What the ledger holds by then is known afterwards.
    pub async fn claim(
        &mut self,
        command: &str,
        wait: Duration,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let until = Instant::now() + wait;
        let mut told = None;
        while self.claim.is_none() {
            let this = ClaimHolder::this(command, self.now());
            match Claim::try_take(&self.state, &this).map_err(LedgerError::from)? {
                ClaimAttempt::Taken(claim) => self.claim = Some(claim),
                ClaimAttempt::Held(holder) if Instant::now() >= until => {
                    return Err(OpsError::Claimed(holder));
                }
                ClaimAttempt::Held(holder) => {
                    if told.as_ref() != Some(&holder) {
                        observer.observe(Event::WaitingForClaim {
                            holder: holder.as_ref(),
                            at_most: until.saturating_duration_since(Instant::now()),
                        });
                        told = Some(holder);
                    }
                    tokio::select! {
                        () = self.cancellation.stop.cancelled() => return Err(OpsError::Stopped),
                        () = tokio::time::sleep(CLAIM_EVERY) => {}
                    }
                }
            }
        }
        // The other run may have made it.
        if self.ledger.is_none() && self.unreadable.is_none() {
            self.ledger = Ledger::open_existing(&self.state)?;
        }
        Ok(())
    }

    /// When each of these devices refused a secret of the kind that an action sends,
    /// where it did within [`REFUSAL_REMEMBERED`](crate::REFUSAL_REMEMBERED) and has
    /// accepted none since.
    pub fn refused_before<'d>(
        &self,
        action: Action,
        devices: impl IntoIterator<Item = &'d DiscoveredDevice>,
    ) -> Result<Vec<(&'d DiscoveredDevice, Timestamp)>, LedgerError> {
        let mut refused = Vec::new();
        let Some(ledger) = self.ledger() else {
            return Ok(refused);
        };
        for device in devices {
            let Some(attempts) = device.attempts() else {
                continue;
            };
            let memory = SecretMemory::read(ledger, &attempts, action, self.now())?;
            refused.extend(memory.refused.map(|at| (device, at)));
        }
        Ok(refused)
    }

    /// Those of these devices that have accepted no secret before, as far as the ledger
    /// knows, where an action sends the current password: somebody may have invented
    /// them to be given it.
    pub fn never_seen<'d>(
        &self,
        action: Action,
        devices: impl IntoIterator<Item = &'d DiscoveredDevice>,
    ) -> Result<Vec<&'d DiscoveredDevice>, LedgerError> {
        let mut new = Vec::new();
        if !sends_current_password(action) {
            return Ok(new);
        }
        for device in devices {
            let known = match (self.ledger(), device.key(), device.attempts()) {
                (Some(ledger), Some(key), _) => ledger.has_accepted(&key)?,
                (Some(ledger), None, Some(own)) => {
                    let attempts = ledger.attempts(&own)?;
                    attempts.iter().any(|it| it.result() == AttemptResult::Done)
                }
                _ => false,
            };
            if !known {
                new.push(device);
            }
        }
        Ok(new)
    }

    /// The time: the system's, or that of a network inside this process.
    pub fn now(&self) -> Timestamp {
        self.scan.link.now()
    }

    /// Has looks recorded: every datagram sent and received by them.
    pub fn record(&mut self, recorder: CaptureRecorder) {
        self.scan.link.recorder = Some(recorder);
    }

    /// The ledger. `None` where there is none yet.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.ledger.as_ref()
    }

    /// Why an optional ledger cannot be read.
    pub fn ledger_error(&self) -> Option<&LedgerError> {
        self.unreadable.as_ref()
    }

    /// How devices are found and reached.
    pub fn scan_config(&self) -> &ScanConfig {
        &self.scan
    }

    /// The state folder. Empty where there is none.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The requests to stop.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// The ledger, made where there is none yet.
    pub(crate) fn ledger_mut(&mut self) -> Result<&mut Ledger, LedgerError> {
        let ledger = match self.ledger.take_if(|_| self.writable) {
            Some(ledger) => ledger,
            None if self.access != LedgerAccess::Unavailable => Ledger::open(&self.state)?,
            None => return Err(LedgerError::NoFolder),
        };
        self.writable = true;
        Ok(self.ledger.insert(ledger))
    }

    /// The number of the password that a device is known to have.
    pub(crate) fn password_of(
        &self,
        device: &DiscoveredDevice,
    ) -> Result<Option<PasswordNumber>, LedgerError> {
        match (device.key(), self.ledger()) {
            (Some(key), Some(ledger)) => ledger.password_of(&key),
            _ => Ok(None),
        }
    }

    /// Writes down that a device carried out a command to which no reply came: a
    /// look after it proves that.
    pub(crate) fn record_success(
        &mut self,
        device: &DiscoveredDevice,
        action: Action,
    ) -> Result<(), LedgerError> {
        let at = self.now();
        record_success(self.ledger_mut()?, device, action, at)
    }

    /// The same for a command with the current password, which the device accepted.
    pub(crate) fn record_accepted(
        &mut self,
        device: &DiscoveredDevice,
        action: Action,
        number: &mut PasswordNumber,
    ) -> Result<(), LedgerError> {
        self.record_success(device, action)?;
        let at = self.now();
        if let Some(key) = device.key() {
            let ledger = self.ledger_mut()?;
            *number = ledger.record_accepted_password(&key, *number, at)?;
        }
        Ok(())
    }

    /// Writes down the account of a device that was just activated.
    pub(crate) fn remember_account(
        &mut self,
        device: &DeviceKey,
        account: &Account,
    ) -> Result<(), LedgerError> {
        let at = self.now();
        self.ledger_mut()?
            .remember_account(device, Some(account), at)
    }

    /// Writes down which devices answered from a new address a moment ago, and which
    /// are back where they were. Nothing is written in a run that sends no secrets.
    pub(crate) fn note_moves(&mut self, devices: &[DiscoveredDevice]) -> Result<(), LedgerError> {
        if self.access != LedgerAccess::Write {
            return Ok(());
        }
        let at = self.now();
        for device in devices {
            let (Some(key), Some(origin)) = (device.key(), device.entry.reply_address()) else {
                continue;
            };
            match (origin.conflict, self.ledger()) {
                (Some(SenderConflict::RecentMove(former)), _) => {
                    let moved = RememberedMove { former, at };
                    self.ledger_mut()?.remember_move(&key, moved)?;
                }
                (None, Some(ledger)) => {
                    let moved = ledger.move_of(&key)?;
                    if moved.is_some_and(|it| it.former == origin.from) {
                        self.ledger_mut()?.forget_move(&key)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes down that a device carried out a command at `at`: with a secret, that proves
/// its account, and where it is.
pub(crate) fn record_success(
    ledger: &mut Ledger,
    device: &DiscoveredDevice,
    action: Action,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let Some(key) = device.key() else {
        return Ok(());
    };
    if action.spec().carries_secret {
        // What it has after its first password, the next look shows.
        let lasts = !matches!(action, Action::Activate | Action::Deactivate);
        let account = lasts.then(|| Account::of(&device.entry.device));
        ledger.remember_account(&key, account.as_ref(), at)?;
    }
    ledger.record_success(&key, action, at)
}

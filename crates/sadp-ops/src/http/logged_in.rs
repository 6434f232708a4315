//! A device that took the password, and the requests that follow.

use std::cell::RefCell;

use jiff::Timestamp;
use sadp_isapi::{
    Client, HttpRefusal, IsapiDocument, IsapiReply, IsapiRequest, LoginOutcome, ResponseStatus,
    Withheld, digest::LoginCredentials, read_list,
};
use sadp_reset::{Account, Action};

use super::{HttpFinding, HttpRun, finish, login::LoginBatch, write_down};
use crate::{DiscoveredDevice, OpsError, Outcome, OutcomeData, OutcomeStatus, Seen, Session};

/// A device that took the password.
pub(crate) struct LoggedIn<'a, 's> {
    pub(super) run: HttpRun<'a>,
    pub(crate) device: &'a DiscoveredDevice,
    pub(super) client: Client,
    pub(super) account: Account,
    pub(super) batch: &'a RefCell<LoginBatch<'s>>,
    /// Why nothing more is sent to the device.
    pub(super) ended: Option<HttpFinding>,
}

impl LoggedIn<'_, '_> {
    /// The login that goes with each request.
    pub(crate) fn credentials(&self) -> LoginCredentials<'_> {
        LoginCredentials {
            user: &self.account.user_name,
            password: self.run.login.password,
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.batch.borrow().session.now()
    }

    /// Sends a request that changes nothing. Each has a login of its own, on a challenge
    /// of its own: nothing more is sent once one is not accepted.
    pub(crate) async fn send(&mut self, request: &IsapiRequest) -> Result<IsapiReply, HttpFinding> {
        if let Some(finding) = &self.ended {
            return Err(finding.clone());
        }
        let basic = self.run.access.basic;
        let ended = self.client.login(request, self.credentials(), basic).await;
        let finding = match ended {
            LoginOutcome::Accepted(reply) | LoginOutcome::Withheld(Withheld::NotNeeded(reply)) => {
                return Ok(reply);
            }
            LoginOutcome::Refused(refusal) | LoginOutcome::Withheld(Withheld::Refused(refusal)) => {
                HttpFinding::Refused(refusal)
            }
            other => HttpFinding::of(other),
        };
        let goes_on = match &finding {
            HttpFinding::Refused(refusal) => !matches!(refusal, HttpRefusal::Locked { .. }),
            HttpFinding::NotReached(_) => true,
            _ => false,
        };
        if !goes_on {
            self.ended = Some(finding.clone());
            self.batch.borrow_mut().heed(&finding);
        }
        Err(finding)
    }

    /// Reads a document. `None` where this firmware has none.
    pub(crate) async fn read<D: IsapiDocument>(
        &mut self,
        request: &IsapiRequest,
    ) -> Result<Option<D>, HttpFinding> {
        let received = self.read_whole(request).await?;
        Ok(received.map(|it| it.document))
    }

    /// The same, to be written back with a change.
    pub(crate) async fn read_whole<D: IsapiDocument>(
        &mut self,
        request: &IsapiRequest,
    ) -> Result<Option<ReceivedDocument<D>>, HttpFinding> {
        let Some(reply) = self.send_where_known(request).await? else {
            return Ok(None);
        };
        let document = reply.document().ok_or(HttpFinding::NotReadable)?;
        let bytes = reply.body;
        Ok(Some(ReceivedDocument { document, bytes }))
    }

    /// Reads a list of documents. `None` where this firmware has none.
    pub(crate) async fn read_list<D: IsapiDocument>(
        &mut self,
        request: &IsapiRequest,
    ) -> Result<Option<Vec<D>>, HttpFinding> {
        let reply = self.send_where_known(request).await?;
        let list = reply.map(|it| read_list(&it.body)).transpose();
        list.map_err(|_| HttpFinding::NotReadable)
    }

    /// `None` where this firmware has nothing of the kind.
    async fn send_where_known(
        &mut self,
        request: &IsapiRequest,
    ) -> Result<Option<IsapiReply>, HttpFinding> {
        match self.send(request).await {
            Err(HttpFinding::Refused(HttpRefusal::NoSuchUrl)) => Ok(None),
            sent => sent.map(Some),
        }
    }

    /// Sends a request that changes the device, once, and writes it down before.
    pub(crate) async fn change(
        &mut self,
        action: Action,
        request: &IsapiRequest,
    ) -> Result<IsapiReply, HttpFinding> {
        let attempt = write_down(self.batch.borrow_mut().session, self.device, action);
        let attempt = attempt.map_err(|error| self.fail(error))?;
        let reply = match self.send(request).await {
            Ok(reply) => match reply.document::<ResponseStatus>() {
                Some(status) if !status.is_done() => Err(HttpFinding::NotDone(status.sub_status)),
                _ => Ok(reply),
            },
            Err(HttpFinding::Unanswered(failure)) => Err(HttpFinding::Unconfirmed(failure)),
            Err(finding) => Err(finding),
        };
        let finding = reply.as_ref().err();
        let finished = finish(self.batch.borrow_mut().session, attempt, finding);
        finished.map_err(|error| self.fail(error))?;
        reply
    }

    /// The outcome of the device that told this, or of which this is found.
    pub(crate) fn told(&self, told: Result<OutcomeData, HttpFinding>) -> Outcome {
        match told {
            Ok(data) => self.outcome_with(Ok((OutcomeStatus::Done, None)), data),
            Err(finding) => self.outcome_with(Err(finding), OutcomeData::None),
        }
    }

    /// The outcome of the device with this data: what it shows of a change, or why there is none.
    pub(crate) fn outcome_with(
        &self,
        ended: Result<(OutcomeStatus, Option<Seen>), HttpFinding>,
        data: OutcomeData,
    ) -> Outcome {
        let outcome = match ended {
            Ok((status, seen)) => Outcome {
                seen,
                ..Outcome::new(self.device, self.run.action, status)
            },
            Err(finding) => finding.outcome(self.device, self.run.action),
        };
        Outcome { data, ..outcome }
    }

    /// Does something with the session, between requests.
    pub(crate) fn with_session<R>(&self, work: impl FnOnce(&mut Session) -> R) -> R {
        work(self.batch.borrow_mut().session)
    }

    /// Ends the batch: this computer failed.
    pub(crate) fn fail(&mut self, error: impl Into<OpsError>) -> HttpFinding {
        self.batch.borrow_mut().fail(error);
        self.ended.insert(HttpFinding::NotWrittenDown).clone()
    }
}

/// A document as a device wrote it.
pub(crate) struct ReceivedDocument<D> {
    pub(crate) document: D,
    pub(crate) bytes: Vec<u8>,
}

//! An operation's audit event, filled in while the operation goes on and made durable before its answer leaves.

use super::{CommitError, Engine};
use crate::access::{ActionId, Caller};
use crate::audit::{Entry, Event, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EventId, Key};

impl Engine {
    /// The event of an operation that begins.
    pub(crate) fn event(&self, caller: &Caller, action: ActionId) -> Result<Event> {
        let Caller { identity, region, facts, dry_run, .. } = caller;
        let begun = self.bare_event(facts.dialect, facts.operation, action.as_str())?;
        Ok(Event {
            tenant: Some(caller.tenant()),
            principal: Some(identity.principal()),
            access_id: identity.access_id().to_owned(),
            source: Some(facts.source),
            agent: facts.agent.clone(),
            request: facts.request.clone(),
            region: region.to_string(),
            dry_run: *dry_run,
            ..begun
        })
    }

    /// An event that says when and what, and nothing else yet.
    pub(crate) fn bare_event(
        &self,
        dialect: &'static str,
        operation: &'static str,
        action: &'static str,
    ) -> Result<Event> {
        Ok(Event {
            id: EventId::random()?,
            time_ms: self.now_ms(),
            dialect,
            operation,
            action,
            tenant: None,
            principal: None,
            access_id: String::new(),
            source: None,
            agent: String::new(),
            request: String::new(),
            region: String::new(),
            key: None,
            spec: None,
            version: None,
            exportable: None,
            algorithm: None,
            input_bytes: None,
            output_bytes: None,
            outcome: Outcome::Success,
            dry_run: false,
        })
    }

    /// Makes the event of an operation that changed nothing durable, then gives its result.
    pub(crate) async fn conclude<T>(&self, mut event: Event, result: Result<T>) -> Result<T> {
        let result = match result {
            Ok(_) if event.dry_run => Err(Error::new(ErrorKind::DryRun, "it would have been done")),
            result => result,
        };
        match result {
            Ok(value) => {
                self.append(&event).await?;
                Ok(value)
            }
            Err(error) => {
                if event.key.is_none() {
                    event.key = error.key();
                }
                event.outcome = if error.is_denial() {
                    Outcome::Denied
                } else {
                    Outcome::Failure(format!("{:?}", error.kind()))
                };
                // A failure that cannot be recorded is still a failure: nothing secret leaves with it.
                match self.append(&event).await {
                    Ok(()) => Err(error.mark_recorded()),
                    Err(unrecorded) => {
                        tracing::error!(error = ?unrecorded, "a failed operation was not recorded");
                        Err(error)
                    }
                }
            }
        }
    }

    /// Ends an operation whose commit was not acknowledged. Where the store took it, its event is in the outbox already.
    pub(crate) async fn conclude_commit<T>(&self, event: Event, error: CommitError) -> Result<T> {
        match error {
            // The failure has an id of its own: if the store did take the change, its event is logged later as done.
            CommitError::Store(cause) => {
                let event = Event { id: EventId::random()?, ..event };
                self.conclude(event, Err(cause.into())).await
            }
            CommitError::DryRun => self.conclude(event, Err(error.into())).await,
            logged_later => Err(Error::from(logged_later).mark_recorded()),
        }
    }

    async fn append(&self, event: &Event) -> Result<()> {
        let entry = Entry { id: event.id, bytes: event.encode(), generation: None };
        self.audit.append(vec![entry]).await.map_err(|cause| {
            Error::new(ErrorKind::Unavailable, "the operation could not be recorded")
                .caused_by(cause)
        })
    }

    /// Records that an authenticated request was refused before any operation began.
    /// `reason` is the vendor's own code, never input.
    pub async fn record_refusal(&self, caller: &Caller, reason: &str) -> Result<()> {
        let mut event = self.event(caller, ActionId::DescribeKey)?;
        event.action = "None";
        event.outcome = Outcome::Failure(reason.to_owned());
        self.append(&event).await
    }
}

impl Event {
    pub(crate) fn about(&mut self, key: &Key) {
        self.key = Some(key.id);
        self.spec = Some(key.spec.as_str());
        self.exportable = Some(key.exportable);
    }
}

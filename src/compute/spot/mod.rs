//! Spot requests: launches that wait for spare capacity. Capacity costs nothing here, so nothing ever outbids an instance.
//!
//! ```text
//!            launched            its instance ends
//!   open ---------------> active ----------------> closed     (persistent: open again)
//!     |                    |  ^
//!     | cancelled,     stop|  |start
//!     | expired            v  |
//!     +--> cancelled     disabled
//! ```
//!
//! The loop looks at open requests as it looks at instances; what is to be done next is `step::next`, which is pure.

mod act;
mod step;
mod wish;

pub use wish::{Interruption, SpotWish};

use super::launch::LaunchRequest;
use super::records::{self, Kept, Record};
use crate::db::tags::{self, Resource};
use crate::db::{self, Conn};
use crate::id;
use serde::{Deserialize, Serialize};

/// A request for one instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpotRequest {
    pub wish: SpotWish,
    /// A launch of one instance.
    pub launch: LaunchRequest,
    pub state: State,
    pub status: Status,
    /// When state or status last changed, in milliseconds since the epoch.
    pub changed_at: i64,
    /// Why it failed: code and message.
    pub fault: Option<(String, String)>,
    pub instance: Option<String>,
    /// The zone of the instance.
    pub zone: Option<String>,
}

/// EC2's states of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Open,
    Active,
    /// Its instance is stopped.
    Disabled,
    Closed,
    Cancelled,
    Failed,
}

impl State {
    pub fn text(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Active => "active",
            State::Disabled => "disabled",
            State::Closed => "closed",
            State::Cancelled => "cancelled",
            State::Failed => "failed",
        }
    }
}

/// EC2's status codes, of those that can come up here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    PendingEvaluation,
    NotScheduledYet,
    CapacityNotAvailable,
    Fulfilled,
    ScheduleExpired,
    BadParameters,
    CanceledBeforeFulfillment,
    RequestCanceledAndInstanceRunning,
    InstanceStoppedByUser,
    InstanceTerminatedByUser,
}

impl Status {
    /// Code and message.
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Status::PendingEvaluation => {
                ("pending-evaluation", "Your Spot request has been submitted for review, and is pending evaluation.")
            }
            Status::NotScheduledYet => {
                ("not-scheduled-yet", "Your Spot request will not be evaluated until the scheduled date.")
            }
            Status::CapacityNotAvailable => {
                ("capacity-not-available", "There is no Spot capacity available that matches your request.")
            }
            Status::Fulfilled => ("fulfilled", "Your Spot request is fulfilled."),
            Status::ScheduleExpired => (
                "schedule-expired",
                "Your Spot request has expired because it was not fulfilled before the specified date.",
            ),
            Status::BadParameters => ("bad-parameters", "Your Spot request failed: its parameters were not valid."),
            Status::CanceledBeforeFulfillment => {
                ("canceled-before-fulfillment", "Your Spot request is canceled before it was fulfilled.")
            }
            Status::RequestCanceledAndInstanceRunning => (
                "request-canceled-and-instance-running",
                "Your Spot request is canceled, but your instance is still running.",
            ),
            Status::InstanceStoppedByUser => ("instance-stopped-by-user", "Your Spot instance was stopped by you."),
            Status::InstanceTerminatedByUser => {
                ("instance-terminated-by-user", "Your Spot instance was terminated by you.")
            }
        }
    }
}

impl SpotRequest {
    /// A request that nobody looked at yet.
    pub fn new(wish: SpotWish, launch: LaunchRequest, now: i64) -> SpotRequest {
        SpotRequest {
            wish,
            launch: LaunchRequest { min_count: 1, max_count: 1, client_token: None, spot: None, ..launch },
            state: State::Open,
            status: Status::PendingEvaluation,
            changed_at: now,
            fault: None,
            instance: None,
            zone: None,
        }
    }

    /// Keep it under this id, with its tags.
    pub(super) fn keep(self, c: &Conn, id: String) -> Result<Kept<SpotRequest>, db::Error> {
        let (account, region) = (self.launch.account.clone(), self.launch.region.clone());
        let kept = records::insert(c, id, &account, &region, self)?;
        let on = Resource { account: &account, region: &region, id: &kept.id, kind: "spot-instances-request" };
        tags::put(c, on, &kept.it.wish.tags)?;
        Ok(kept)
    }

    /// Note that it has its instance.
    pub fn fulfil(&mut self, instance: String, zone: String, now: i64) {
        (self.state, self.status, self.changed_at) = (State::Active, Status::Fulfilled, now);
        (self.instance, self.zone) = (Some(instance), Some(zone));
    }
}

impl Record for SpotRequest {
    const KIND: id::Kind = id::Kind::SpotRequest;

    fn is_open(&self) -> bool {
        match self.state {
            State::Open | State::Active | State::Disabled => true,
            // Until its instance ends, too.
            State::Cancelled => self.status == Status::RequestCanceledAndInstanceRunning,
            State::Closed | State::Failed => false,
        }
    }
}

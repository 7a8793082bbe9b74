//! Fleets: a capacity to be reached out of several kinds of launches (pools), on demand or on spare capacity.
//!
//! An instant fleet launches once, while its maker waits. One of the kind `request` goes on until it was complete once, one to be
//! maintained for as long as it is there. The loop looks at the fleets that may lack something; what is to be done next is
//! `step::next`, which is pure.

mod act;
mod step;

use super::launch::LaunchRequest;
use super::records::Record;
use super::spot::SpotWish;
use crate::db::tags::Tag;
use crate::db::{self, Conn};
use crate::id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use act::Failure;

/// How long a fleet is worked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Instant,
    Request,
    Maintain,
}

impl Kind {
    pub fn text(self) -> &'static str {
        match self {
            Kind::Instant => "instant",
            Kind::Request => "request",
            Kind::Maintain => "maintain",
        }
    }

    /// The value of EC2's word.
    pub fn parse(text: &str) -> Option<Kind> {
        [Kind::Instant, Kind::Request, Kind::Maintain].into_iter().find(|k| k.text() == text)
    }
}

/// What capacity an instance runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    OnDemand,
    Spot,
}

impl Lifecycle {
    pub fn text(self) -> &'static str {
        match self {
            Lifecycle::OnDemand => "on-demand",
            Lifecycle::Spot => "spot",
        }
    }

    /// The value of EC2's word.
    pub fn parse(text: &str) -> Option<Lifecycle> {
        [Lifecycle::OnDemand, Lifecycle::Spot].into_iter().find(|l| l.text() == text)
    }
}

/// A kind of launch, and what an instance of it counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pool {
    /// Of one instance.
    pub launch: LaunchRequest,
    pub weight: f64,
    /// The lower, the sooner; of pools without one the order counts.
    pub priority: Option<f64>,
    /// JSON of template and overrides, for those who ask.
    pub shown: String,
    /// Nothing is launched of it any more; it is there for the instances that were.
    #[serde(default)]
    pub retired: bool,
}

/// What a fleet is to reach, in units of capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub total: i64,
    pub on_demand: i64,
    pub spot: i64,
    /// What the rest of the total is to be.
    pub default: Lifecycle,
}

impl Target {
    /// How much there is to be of a lifecycle.
    pub fn of(&self, lifecycle: Lifecycle) -> i64 {
        let named = match lifecycle {
            Lifecycle::OnDemand => self.on_demand,
            Lifecycle::Spot => self.spot,
        };
        let rest = (self.total - self.on_demand - self.spot).max(0);
        named + if lifecycle == self.default { rest } else { 0 }
    }
}

/// How the capacity of a lifecycle is spread over the pools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Evenly, rather than all in the first pool that has room.
    pub diversified: bool,
    /// By the pools' priorities.
    pub prioritized: bool,
    /// With less than this, nothing is launched (instant fleets).
    pub minimum: i64,
}

/// An instance of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub instance: String,
    /// Index of its pool.
    pub pool: usize,
    pub lifecycle: Lifecycle,
}

/// EC2's states of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Active,
    /// Its instances are to end.
    DeletedTerminating,
    /// Its instances run on.
    DeletedRunning,
    Deleted,
}

impl State {
    pub fn text(self) -> &'static str {
        match self {
            State::Active => "active",
            State::DeletedTerminating => "deleted_terminating",
            State::DeletedRunning => "deleted_running",
            State::Deleted => "deleted",
        }
    }
}

/// A launch that did not work, for those who ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub pool: usize,
    pub lifecycle: Lifecycle,
    pub code: String,
    pub message: String,
}

/// A fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fleet {
    pub kind: Kind,
    pub state: State,
    pub pools: Vec<Pool>,
    pub target: Target,
    pub on_demand: Spread,
    pub spot: Spread,
    /// How its spot instances are asked for.
    pub spot_wish: SpotWish,
    /// Whether instances beyond a lowered target end.
    pub ends_excess: bool,
    pub members: Vec<Member>,
    /// What its maker has every instance tagged with.
    #[serde(default)]
    pub instance_tags: Vec<Tag>,
    /// It once had all that it was to have.
    pub was_complete: bool,
    pub errors: Vec<Told>,
    /// JSON of its maker's parameters, for those who ask.
    pub shown: String,
    pub client_token: Option<String>,
}

impl Fleet {
    fn spread(&self, lifecycle: Lifecycle) -> Spread {
        match lifecycle {
            Lifecycle::OnDemand => self.on_demand,
            Lifecycle::Spot => self.spot,
        }
    }

    /// Launch out of other pools from now on. A pool that is among the new ones stays as it is, one that still has members retires.
    pub fn set_pools(&mut self, pools: Vec<Pool>) {
        let before = std::mem::replace(&mut self.pools, pools);
        let mut places = BTreeMap::new();
        for (old, pool) in before.into_iter().enumerate() {
            let place = match self.pools.iter().position(|new| !new.retired && new.shown == pool.shown) {
                Some(place) => {
                    self.pools[place] = Pool { retired: false, ..pool };
                    place
                }
                None if self.members.iter().any(|m| m.pool == old) => {
                    self.pools.push(Pool { retired: true, ..pool });
                    self.pools.len() - 1
                }
                None => continue,
            };
            places.insert(old, place);
        }
        self.members.iter_mut().for_each(|m| m.pool = places[&m.pool]);
        self.errors.clear();
    }

    /// The fleet with only those of its members that live.
    pub fn living(&self, c: &Conn) -> Result<Fleet, db::Error> {
        let mut living = self.clone();
        act::keep_living(c, &mut living)?;
        Ok(living)
    }

    /// The capacity of its members, or of those of a lifecycle.
    pub fn capacity(&self, of: Option<Lifecycle>) -> f64 {
        let counted = self.members.iter().filter(|m| of.is_none_or(|lifecycle| m.lifecycle == lifecycle));
        counted.map(|m| self.pools[m.pool].weight).sum()
    }
}

impl Record for Fleet {
    const KIND: id::Kind = id::Kind::Fleet;

    fn is_open(&self) -> bool {
        match self.state {
            State::Active => match self.kind {
                Kind::Instant => false,
                Kind::Request => !self.was_complete,
                Kind::Maintain => true,
            },
            State::DeletedTerminating | State::DeletedRunning => true,
            State::Deleted => false,
        }
    }
}

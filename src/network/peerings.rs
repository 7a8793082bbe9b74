//! VPC peering connections: one VPC asks, the other one's account accepts.
//!
//! ```text
//! ask ─ pending ─┬─ accept ─ active ─ delete (either side) ─ deleted
//!       │        ├─ reject (accepter) ─ rejected
//!       │        └─ delete ─ deleted       after a week: expired
//!       └─ failed: no such VPC, or their ranges overlap
//! ```
//!
//! Both accounts see the one record, each in its VPC's region, and for a while after it ended. It is a record: packets do not
//! go from VPC to VPC yet.

use super::records::{self, Kept, Record};
use super::vpcs::Vpc;
use super::{Cidr, Error};
use crate::clock;
use crate::db::{self, Conn};
use crate::id::Kind;
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
/// How long a request waits to be accepted.
const OPEN_MS: i64 = 7 * 24 * HOUR_MS;
/// How long whoever ended it, and the other side, see an ended peering.
const SEEN_BY_ENDER_MS: i64 = 2 * HOUR_MS;
const SEEN_BY_OTHER_MS: i64 = 48 * HOUR_MS;

/// A peering.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Peering {
    pub requester: Side,
    pub accepter: Side,
    /// Milliseconds since the epoch.
    pub asked_at: i64,
    stage: Stage,
    ended: Option<Ended>,
}

/// One of its two ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Side {
    pub account: String,
    pub region: String,
    pub vpc: String,
    pub options: Options,
}

/// What a side lets the other one do. Records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Options {
    pub resolves_names: bool,
}

/// What was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Asked,
    Active,
    Rejected,
    Deleted,
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ended {
    by: String,
    at: i64,
}

/// Which of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Requester,
    Accepter,
}

impl Record for Peering {
    const KIND: Kind = Kind::PeeringConnection;

    fn vpc(&self) -> &str {
        &self.requester.vpc
    }
}

impl Peering {
    /// When a request that nobody accepts ends (milliseconds since the epoch).
    pub fn expires_at(&self) -> i64 {
        self.asked_at + OPEN_MS
    }

    /// Whether routes lead through it.
    pub fn is_active(&self) -> bool {
        self.stage == Stage::Active
    }

    /// Whether it waits to be accepted, at `now`.
    pub fn is_open(&self, now: i64) -> bool {
        self.stage == Stage::Asked && now < self.expires_at()
    }

    /// AWS's word and sentence for how it stands at `now`.
    pub fn status(&self, now: i64) -> (&'static str, String) {
        let by = || self.ended.as_ref().map_or("", |ended| &ended.by);
        match self.stage {
            Stage::Asked if self.is_open(now) => {
                ("pending-acceptance", format!("Pending Acceptance by {}", self.accepter.account))
            }
            Stage::Asked => ("expired", "Expired".into()),
            Stage::Active => ("active", "Active".into()),
            Stage::Rejected => ("rejected", format!("Rejected by {}", by())),
            Stage::Deleted => ("deleted", format!("Deleted by {}", by())),
            Stage::Failed => ("failed", "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".into()),
        }
    }

    /// Whether an account sees it at `now`.
    fn is_seen_by(&self, account: &str, now: i64) -> bool {
        match (&self.ended, self.stage) {
            (Some(ended), Stage::Failed) => account == self.requester.account && now < ended.at + SEEN_BY_ENDER_MS,
            (Some(ended), _) if ended.by == account => now < ended.at + SEEN_BY_ENDER_MS,
            (Some(ended), _) => now < ended.at + SEEN_BY_OTHER_MS,
            (None, Stage::Asked) => now < self.expires_at() + SEEN_BY_OTHER_MS,
            (None, _) => true,
        }
    }

    /// Whether one of its ends is here.
    fn is_of(&self, account: &str, region: &str) -> bool {
        [&self.requester, &self.accepter].iter().any(|side| side.account == account && side.region == region)
    }

    fn end(&mut self, stage: Stage, by: &str) {
        self.stage = stage;
        self.ended = Some(Ended { by: by.to_owned(), at: clock::now_ms() });
    }

    /// The VPC at the other end of this one.
    pub fn other_end(&self, vpc: &str) -> &Side {
        if self.requester.vpc == vpc { &self.accepter } else { &self.requester }
    }
}

/// Ask `accepter` to peer with a VPC. What cannot be is `failed` from the beginning.
pub fn ask(c: &Conn, vpc: &Vpc, accepter: Side) -> Result<Kept<Peering>, Error> {
    let now = clock::now_ms();
    let everybodys = records::of_everybody::<Peering>(c)?;
    for old in everybodys {
        let ends = [&old.it.requester.vpc, &old.it.accepter.vpc];
        if !old.it.is_seen_by(&old.it.requester.account, now) && !old.it.is_seen_by(&old.it.accepter.account, now) {
            records::delete(c, &old.id)?;
        } else if (old.it.is_active() || old.it.is_open(now))
            && ends.contains(&&vpc.id)
            && ends.contains(&&accepter.vpc)
        {
            return Err(Error::PeeringExists(old.id));
        }
    }
    let (account, region) = (vpc.account.clone(), vpc.region.clone());
    let other = db::network::vpc(c, &accepter.vpc)?
        .filter(|other| other.account == accepter.account && other.region == accepter.region)
        .map(Vpc::try_from)
        .transpose()?;
    let fits = other.is_some_and(|other| !vpc.ranges().any(|r| other.ranges().any(|o| o.overlaps(r))));
    let requester = Side { account: account.clone(), region, vpc: vpc.id.clone(), options: Options::default() };
    let mut peering = Peering { requester, accepter, asked_at: now, stage: Stage::Asked, ended: None };
    if !fits {
        peering.end(Stage::Failed, &account);
    }
    records::keep(c, &vpc.account, &vpc.region, peering)
}

/// All peerings that an account sees in a region at `now`.
pub fn all(c: &Conn, account: &str, region: &str, now: i64) -> Result<Vec<Kept<Peering>>, Error> {
    let mut all = records::of_everybody::<Peering>(c)?;
    all.retain(|p| p.it.is_of(account, region) && p.it.is_seen_by(account, now));
    Ok(all)
}

/// The peering of that id, which the account must see.
pub fn need(c: &Conn, account: &str, region: &str, id: &str, now: i64) -> Result<Kept<Peering>, Error> {
    let found = all(c, account, region, now)?.into_iter().find(|p| p.id == id);
    found.ok_or_else(|| Error::NoSuch(Kind::PeeringConnection, id.to_owned()))
}

/// The peerings that hold a VPC: active ones, and those that wait.
pub fn holding(c: &Conn, vpc: &str, now: i64) -> Result<Vec<Kept<Peering>>, Error> {
    let mut all = records::of_everybody::<Peering>(c)?;
    all.retain(|p| p.it.requester.vpc == vpc || p.it.accepter.vpc == vpc);
    all.retain(|p| p.it.is_active() || p.it.is_open(now));
    Ok(all)
}

/// The ranges of an end's VPC; none of one that is gone.
pub fn ranges(c: &Conn, side: &Side) -> Result<Vec<Cidr>, Error> {
    let vpc = db::network::vpc(c, &side.vpc)?.map(Vpc::try_from).transpose()?;
    Ok(vpc.iter().flat_map(Vpc::ranges).collect())
}

fn refuse(peering: &Kept<Peering>, to: &'static str) -> Error {
    let (from, _) = peering.it.status(clock::now_ms());
    Error::PeeringState { id: peering.id.clone(), from, to }
}

/// What only the accepter may do, in its region.
fn check_accepter(peering: &Kept<Peering>, account: &str, region: &str, verb: &'static str) -> Result<(), Error> {
    let accepter = &peering.it.accepter;
    if accepter.account != account {
        return Err(Error::NotAccepter { account: account.to_owned(), verb, id: peering.id.clone() });
    }
    if accepter.region != region {
        let (region, wanted) = (region.to_owned(), accepter.region.clone());
        return Err(Error::OtherRegion { region, id: peering.id.clone(), wanted });
    }
    Ok(())
}

/// The accepter accepts.
pub fn accept(c: &Conn, peering: &mut Kept<Peering>, account: &str, region: &str) -> Result<(), Error> {
    check_accepter(peering, account, region, "accept")?;
    if !peering.it.is_open(clock::now_ms()) {
        return Err(refuse(peering, "active"));
    }
    peering.it.stage = Stage::Active;
    records::update(c, peering)
}

/// The accepter rejects.
pub fn reject(c: &Conn, peering: &mut Kept<Peering>, account: &str, region: &str) -> Result<(), Error> {
    check_accepter(peering, account, region, "reject")?;
    if !peering.it.is_open(clock::now_ms()) {
        return Err(refuse(peering, "rejected"));
    }
    peering.it.end(Stage::Rejected, account);
    records::update(c, peering)
}

/// Either side ends it; one that waits only the requester. Its routes lead nowhere then.
pub fn delete(c: &Conn, peering: &mut Kept<Peering>, account: &str) -> Result<(), Error> {
    if peering.it.is_open(clock::now_ms()) && peering.it.requester.account != account {
        return Err(Error::NotAccepter { account: account.to_owned(), verb: "delete", id: peering.id.clone() });
    }
    if !peering.it.is_active() && !peering.it.is_open(clock::now_ms()) {
        return Err(refuse(peering, "deleting"));
    }
    peering.it.end(Stage::Deleted, account);
    records::update(c, peering)
}

/// Change what a side of an active peering lets the other one do; its account only may.
pub fn set_options(peering: &mut Kept<Peering>, account: &str, end: End, options: Options) -> Result<(), Error> {
    if !peering.it.is_active() {
        return Err(Error::PeeringNotActive(peering.id.clone()));
    }
    let (side, name) = match end {
        End::Requester => (&mut peering.it.requester, "requester"),
        End::Accepter => (&mut peering.it.accepter, "accepter"),
    };
    if side.account != account {
        return Err(Error::NotThatSide { account: account.to_owned(), side: name, id: peering.id.clone() });
    }
    side.options = options;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peering(stage: Stage, ended: Option<(&str, i64)>) -> Peering {
        let side = |account: &str, vpc: &str| Side {
            account: account.into(),
            region: "us-east-1".into(),
            vpc: vpc.into(),
            options: Options::default(),
        };
        let ended = ended.map(|(by, at)| Ended { by: by.into(), at });
        Peering { requester: side("1", "vpc-1"), accepter: side("2", "vpc-2"), asked_at: 0, stage, ended }
    }

    #[test]
    fn an_ended_peering_is_seen_for_a_while() {
        let deleted = peering(Stage::Deleted, Some(("1", 0)));
        assert!(deleted.is_seen_by("1", HOUR_MS) && !deleted.is_seen_by("1", 3 * HOUR_MS));
        assert!(deleted.is_seen_by("2", 47 * HOUR_MS) && !deleted.is_seen_by("2", 49 * HOUR_MS));
        let failed = peering(Stage::Failed, Some(("1", 0)));
        assert!(failed.is_seen_by("1", HOUR_MS) && !failed.is_seen_by("2", 0));
        let active = peering(Stage::Active, None);
        assert!(active.is_seen_by("2", 1000 * HOUR_MS));
    }

    #[test]
    fn a_request_expires_after_a_week() {
        let asked = peering(Stage::Asked, None);
        assert_eq!(asked.status(OPEN_MS - 1).0, "pending-acceptance");
        assert_eq!(asked.status(OPEN_MS).0, "expired");
        assert!(asked.is_seen_by("2", OPEN_MS + HOUR_MS) && !asked.is_seen_by("2", OPEN_MS + 49 * HOUR_MS));
    }
}

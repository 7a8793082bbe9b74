//! Instance profiles: which one an instance has. It has one at most, and every giving of one is an association with an id.

use super::Compute;
use super::intent::{IntentError, owned};
use super::spec::{Instance, InstanceProfile, Spec, both};
use super::state::{State, visible};
use crate::db::instances::InstanceRow;
use crate::{clock, db, id};

impl InstanceProfile {
    /// A new association with the profile of this ARN and id.
    pub fn new(arn: String, profile_id: String) -> InstanceProfile {
        InstanceProfile {
            arn,
            id: profile_id,
            association: id::new(id::Kind::ProfileAssociation),
            since: clock::now_ms(),
        }
    }
}

impl Compute {
    /// Give an instance that has none a profile.
    pub async fn associate_profile(
        &self,
        account: &str,
        region: &str,
        instance: String,
        profile: InstanceProfile,
    ) -> Result<Instance, IntentError> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let job = move |c: &db::Conn| {
            let row = owned(c, &account, &region, vec![instance])?.remove(0);
            let (desired, observed) = both(&row)?;
            match visible(desired, observed) {
                State::Running | State::Stopped => {}
                State::Pending | State::Stopping | State::ShuttingDown | State::Terminated => {
                    return Err(IntentError::NeitherRunningNorStopped(row.id));
                }
            }
            if Spec::parse(&row.spec)?.profile.is_some() {
                return Err(IntentError::HasProfile(row.id));
            }
            put(c, row, Some(profile))
        };
        self.db.write(job).await
    }

    /// Give an instance another profile than that of the association, or with `None` no other. Gives the association that ended,
    /// and the instance as it is now.
    pub async fn replace_profile(
        &self,
        account: &str,
        region: &str,
        association: String,
        profile: Option<InstanceProfile>,
    ) -> Result<(InstanceProfile, Instance), IntentError> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let job = move |c: &db::Conn| {
            for row in db::instances::of_account(c, &account, &region)? {
                if let Some(ended) = Spec::parse(&row.spec)?.profile.filter(|p| p.association == association) {
                    return Ok((ended, put(c, row, profile)?));
                }
            }
            Err(IntentError::NoSuchAssociation(association))
        };
        self.db.write(job).await
    }
}

fn put(c: &db::Conn, mut row: InstanceRow, profile: Option<InstanceProfile>) -> Result<Instance, IntentError> {
    let mut spec = Spec::parse(&row.spec)?;
    spec.profile = profile;
    row.spec = spec.to_json();
    let generation = row.generation;
    row.generation += 1;
    row.changed_at = clock::now_ms();
    db::instances::update(c, &row, generation)?;
    Ok(Instance::load(c, row)?)
}

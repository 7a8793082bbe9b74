//! Instance profiles: which one an instance has. It has one at most, and every giving of one is an association with an id.

use super::owned;
use crate::compute::spec::{Instance, InstanceProfile, Spec, both};
use crate::compute::state::{State, visible};
use crate::compute::{Compute, Error};
use crate::db;
use crate::db::instances::InstanceRow;

impl Compute {
    /// Give an instance that has none a profile.
    pub async fn associate_profile(
        &self,
        account: &str,
        region: &str,
        instance: String,
        profile: InstanceProfile,
    ) -> Result<Instance, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let job = move |c: &db::Conn| {
            let row = owned(c, &account, &region, vec![instance])?.remove(0);
            let (desired, observed) = both(&row)?;
            match visible(desired, observed) {
                State::Running | State::Stopped => {}
                State::Pending | State::Stopping | State::ShuttingDown | State::Terminated => {
                    return Err(Error::NeitherRunningNorStopped(row.id));
                }
            }
            if Spec::parse(&row.spec)?.profile.is_some() {
                return Err(Error::HasProfile(row.id));
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
    ) -> Result<(InstanceProfile, Instance), Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let job = move |c: &db::Conn| {
            for row in db::instances::of_account(c, &account, &region)? {
                if let Some(ended) = Spec::parse(&row.spec)?.profile.filter(|p| p.association == association) {
                    return Ok((ended, put(c, row, profile)?));
                }
            }
            Err(Error::NoSuchAssociation(association))
        };
        self.db.write(job).await
    }
}

fn put(c: &db::Conn, mut row: InstanceRow, profile: Option<InstanceProfile>) -> Result<Instance, Error> {
    let mut spec = Spec::parse(&row.spec)?;
    spec.profile = profile;
    row.spec = spec.to_json();
    super::write(c, &mut row)?;
    Ok(Instance::load(c, row)?)
}

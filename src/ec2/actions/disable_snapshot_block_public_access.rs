//! Let snapshots of the account in the region be made public again; those that were public before are so once more.

use super::enable_snapshot_block_public_access::{Output, set};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::volumes::sharing::PublicAccess;
use crate::wire::query::Params;

pub struct DisableSnapshotBlockPublicAccess;

impl Action for DisableSnapshotBlockPublicAccess {
    const NAME: &'static str = "DisableSnapshotBlockPublicAccess";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableSnapshotBlockPublicAccess)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        set(cx, PublicAccess::Unblocked).await
    }
}

//! Take rules for traffic out of members away from a security group, by what they say or by their ids.

use crate::ec2::groups::{Revocation, Revoked};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct RevokeSecurityGroupEgress(Revocation);

impl Action for RevokeSecurityGroupEgress {
    const NAME: &'static str = "RevokeSecurityGroupEgress";
    type Output = Revoked;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RevokeSecurityGroupEgress(Revocation::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Revoked, Error> {
        self.0.write(cx, true).await
    }
}

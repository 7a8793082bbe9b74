//! Take rules for traffic in to members away from a security group, by what they say or by their ids.

use crate::ec2::groups::{Revocation, Revoked};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct RevokeSecurityGroupIngress(Revocation);

impl Action for RevokeSecurityGroupIngress {
    const NAME: &'static str = "RevokeSecurityGroupIngress";
    type Output = Revoked;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RevokeSecurityGroupIngress(Revocation::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Revoked, Error> {
        self.0.write(cx, false).await
    }
}

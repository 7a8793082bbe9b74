//! Add rules to a security group for traffic out of members of it.

use crate::ec2::groups::{Authorization, Authorized};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct AuthorizeSecurityGroupEgress(Authorization);

impl Action for AuthorizeSecurityGroupEgress {
    const NAME: &'static str = "AuthorizeSecurityGroupEgress";
    type Output = Authorized;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(AuthorizeSecurityGroupEgress(Authorization::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Authorized, Error> {
        self.0.write(cx, true).await
    }
}

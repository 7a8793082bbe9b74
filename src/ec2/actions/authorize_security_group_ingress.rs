//! Add rules to a security group for traffic in to members of it.

use crate::ec2::groups::{Authorization, Authorized};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct AuthorizeSecurityGroupIngress(Authorization);

impl Action for AuthorizeSecurityGroupIngress {
    const NAME: &'static str = "AuthorizeSecurityGroupIngress";
    type Output = Authorized;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(AuthorizeSecurityGroupIngress(Authorization::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Authorized, Error> {
        self.0.write(cx, false).await
    }
}

//! Describe rules for traffic in to members of a security group anew; a rule that is named without a description loses its own.

use crate::ec2::groups::Descriptions;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct UpdateSecurityGroupRuleDescriptionsIngress(Descriptions);

impl Action for UpdateSecurityGroupRuleDescriptionsIngress {
    const NAME: &'static str = "UpdateSecurityGroupRuleDescriptionsIngress";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Descriptions::read(p).map(UpdateSecurityGroupRuleDescriptionsIngress)
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0.write(cx, false).await
    }
}

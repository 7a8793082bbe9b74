//! Describe rules for traffic out of members of a security group anew; a rule that is named without a description loses its own.

use crate::ec2::groups::Descriptions;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct UpdateSecurityGroupRuleDescriptionsEgress(Descriptions);

impl Action for UpdateSecurityGroupRuleDescriptionsEgress {
    const NAME: &'static str = "UpdateSecurityGroupRuleDescriptionsEgress";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Descriptions::read(p).map(UpdateSecurityGroupRuleDescriptionsEgress)
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        self.0.write(cx, true).await
    }
}

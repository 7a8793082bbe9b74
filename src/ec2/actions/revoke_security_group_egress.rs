//! Take rules for traffic out of members away from a security group, by what they say or by their ids.

use crate::ec2::groups::{self, Named, Revoked, Wanted};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};

pub struct RevokeSecurityGroupEgress {
    group: Named,
    rules: Vec<Wanted>,
    ids: Vec<String>,
}

impl Action for RevokeSecurityGroupEgress {
    const NAME: &'static str = "RevokeSecurityGroupEgress";
    type Output = Revoked;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.ids("SecurityGroupRuleId", Kind::SecurityGroupRule)?.into_iter().map(str::to_owned).collect();
        let revoke = RevokeSecurityGroupEgress { group: Named::read(p)?, rules: groups::wanted(p)?, ids };
        if revoke.rules.is_empty() && revoke.ids.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        Ok(revoke)
    }

    async fn run(self, cx: &Cx) -> Result<Revoked, Error> {
        groups::revoke(cx, self.group, true, self.rules, self.ids).await
    }
}

//! Add rules to a security group for traffic out of members of it.

use crate::db::tags::Tag;
use crate::ec2::groups::{self, Authorized, Named, Wanted};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::{self, Params};

pub struct AuthorizeSecurityGroupEgress {
    group: Named,
    rules: Vec<Wanted>,
    tags: Vec<Tag>,
}

impl Action for AuthorizeSecurityGroupEgress {
    const NAME: &'static str = "AuthorizeSecurityGroupEgress";
    type Output = Authorized;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let rules = groups::wanted(p)?;
        if rules.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        let specifications = tagging::specifications(p, &["security-group-rule"])?;
        let tags = tagging::of(&specifications, "security-group-rule");
        Ok(AuthorizeSecurityGroupEgress { group: Named::read(p)?, rules, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Authorized, Error> {
        groups::authorize(cx, self.group, true, self.rules, self.tags).await
    }
}

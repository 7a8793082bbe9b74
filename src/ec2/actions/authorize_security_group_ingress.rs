//! Add rules to a security group for traffic in to members of it.

use crate::db::tags::Tag;
use crate::ec2::groups::{self, Authorized, Named, Wanted};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::{self, Params};

pub struct AuthorizeSecurityGroupIngress {
    group: Named,
    rules: Vec<Wanted>,
    tags: Vec<Tag>,
}

impl Action for AuthorizeSecurityGroupIngress {
    const NAME: &'static str = "AuthorizeSecurityGroupIngress";
    type Output = Authorized;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let rules = groups::wanted(p)?;
        if rules.is_empty() {
            return Err(query::Error::Missing("ipPermissions".into()).into());
        }
        let specifications = tagging::specifications(p, &["security-group-rule"])?;
        let tags = tagging::of(&specifications, "security-group-rule");
        Ok(AuthorizeSecurityGroupIngress { group: Named::read(p)?, rules, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Authorized, Error> {
        groups::authorize(cx, self.group, false, self.rules, self.tags).await
    }
}

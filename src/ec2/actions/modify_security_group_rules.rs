//! Make rules of a security group say something else, under the ids that they have.

use crate::db;
use crate::ec2::groups::{Wanted, wanted_one};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::groups::Group;
use crate::network::records;
use crate::wire::query::{self, Params};

pub struct ModifySecurityGroupRules {
    group: String,
    rules: Vec<(String, Wanted)>,
}

impl Action for ModifySecurityGroupRules {
    const NAME: &'static str = "ModifySecurityGroupRules";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for item in p.structs("SecurityGroupRule") {
            let id = item.id("SecurityGroupRuleId", Kind::SecurityGroupRule)?.to_owned();
            let rule = item.nested("SecurityGroupRule");
            let rule = rule.ok_or_else(|| query::Error::Missing(item.name("SecurityGroupRule")))?;
            rules.push((id, wanted_one(&rule)?));
        }
        if rules.is_empty() {
            return Err(query::Error::Missing("SecurityGroupRule".into()).into());
        }
        Ok(ModifySecurityGroupRules { group: p.id("GroupId", Kind::SecurityGroup)?.to_owned(), rules })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &db::Conn, account: &str, region: &str| {
            let mut group = records::need::<Group>(c, account, region, &self.group)?;
            for (id, rule) in self.rules {
                let (allow, description) = rule.resolve(c, &group)?;
                group.it.replace(&id, allow, description)?;
            }
            records::update(c, &group)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}

//! Have a VPC's instances no longer be dedicated. A record: every instance shares its host.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::network::vpcs;
use crate::wire::query::Params;

pub struct ModifyVpcTenancy {
    id: String,
}

impl Action for ModifyVpcTenancy {
    const NAME: &'static str = "ModifyVpcTenancy";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let tenancy = p.req("InstanceTenancy")?;
        if tenancy != "default" {
            return Err(p.invalid("InstanceTenancy", tenancy, "Expecting default.").into());
        }
        Ok(ModifyVpcTenancy { id: p.id("VpcId", Kind::Vpc)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut vpc = vpcs::need(c, account, region, &self.id)?;
            vpc.attributes.tenancy = "default".into();
            vpcs::update(c, &vpc)?;
            Ok(Done::YES)
        };
        cx.change(job).await
    }
}

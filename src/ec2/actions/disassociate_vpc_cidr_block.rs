//! Take a range that no subnet lies in from its VPC; the one that the VPC was made with stays.

use crate::db::Conn;
use crate::ec2::cidr_blocks::{BlockItem, Changed};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::cidr_blocks;
use crate::wire::query::Params;

pub struct DisassociateVpcCidrBlock {
    id: String,
}

impl Action for DisassociateVpcCidrBlock {
    const NAME: &'static str = "DisassociateVpcCidrBlock";
    type Output = Changed;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisassociateVpcCidrBlock { id: p.id("AssociationId", Kind::VpcCidrAssociation)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Changed, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let (vpc, block) = cidr_blocks::disassociate(c, account, region, &self.id)?;
            Ok(Changed { vpc_id: vpc.id, cidr_block_association: BlockItem::new(block, "disassociating") })
        };
        cx.change(job).await
    }
}

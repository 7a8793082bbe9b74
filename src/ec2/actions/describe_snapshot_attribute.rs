//! One attribute of a snapshot, for its owner.

use crate::ec2::attribute;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::volumes::snapshots;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeSnapshotAttribute {
    id: String,
    attribute: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    snapshot_id: String,
    create_volume_permission: Option<Vec<Permission>>,
    product_codes: Option<Vec<()>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    group: Option<&'static str>,
    user_id: Option<String>,
}

impl Action for DescribeSnapshotAttribute {
    const NAME: &'static str = "DescribeSnapshotAttribute";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let attribute = p.req("Attribute")?.to_owned();
        Ok(DescribeSnapshotAttribute { id: p.id("SnapshotId", Kind::Snapshot)?.to_owned(), attribute })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let snapshot = cx.look(|c, account, region| Ok(snapshots::need(c, account, region, &self.id)?)).await?;
        let mut out = Output { snapshot_id: self.id, ..Output::default() };
        match self.attribute.as_str() {
            "createVolumePermission" => {
                let all = snapshot.is_public.then_some(Permission { group: Some("all"), user_id: None });
                let some = snapshot.shared_with.into_iter().map(|a| Permission { group: None, user_id: Some(a) });
                out.create_volume_permission = Some(all.into_iter().chain(some).collect());
            }
            "productCodes" => out.product_codes = Some(Vec::new()),
            other => return Err(attribute::unknown(other)),
        }
        Ok(out)
    }
}

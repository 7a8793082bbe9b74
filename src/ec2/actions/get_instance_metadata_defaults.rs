//! How new instances of the account in the region use the metadata service where their launch does not say it.

use crate::compute::defaults;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetInstanceMetadataDefaults;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    account_level: Level,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    http_tokens: Option<&'static str>,
    http_put_response_hop_limit: Option<u32>,
    http_endpoint: Option<&'static str>,
    instance_metadata_tags: Option<&'static str>,
    managed_by: &'static str,
}

impl Action for GetInstanceMetadataDefaults {
    const NAME: &'static str = "GetInstanceMetadataDefaults";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetInstanceMetadataDefaults)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let set = cx.cloud.db.read(|c| defaults::metadata(c, &cx.caller.account, &cx.region))?;
        let able = |on| if on { "enabled" } else { "disabled" };
        let account_level = Level {
            http_tokens: set.tokens_required.map(|on| if on { "required" } else { "optional" }),
            http_put_response_hop_limit: set.hop_limit,
            http_endpoint: set.enabled.map(able),
            instance_metadata_tags: set.tags.map(able),
            managed_by: "account",
        };
        Ok(Output { account_level })
    }
}

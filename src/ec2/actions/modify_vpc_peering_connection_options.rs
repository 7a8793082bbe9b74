//! Change what the caller's side of an active peering lets the other one do. Names are not resolved across it yet.

use crate::clock;
use crate::db::Conn;
use crate::ec2::peerings::OptionsItem;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::peerings::{self, End, Options};
use crate::network::records;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct ModifyVpcPeeringConnectionOptions {
    id: String,
    requester: Option<Options>,
    accepter: Option<Options>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    requester_peering_connection_options: Option<OptionsItem>,
    accepter_peering_connection_options: Option<OptionsItem>,
}

/// What went with EC2-Classic, and what does not exist here.
const GONE: &[&str] = &[
    "AllowEgressFromLocalClassicLinkToRemoteVpc",
    "AllowEgressFromLocalVpcToRemoteClassicLink",
    "AllowMultipathResilience",
    "MultipathResilienceMode",
];

fn options(p: &Params<'_>, name: &str) -> Result<Option<Options>, Error> {
    let Some(side) = p.nested(name) else { return Ok(None) };
    if let Some(gone) = GONE.iter().find(|gone| side.opt(gone).is_some_and(|text| !["", "false"].contains(&text))) {
        return Err(Error::Unsupported(side.name(gone)));
    }
    Ok(Some(Options { resolves_names: side.opt_bool("AllowDnsResolutionFromRemoteVpc")?.unwrap_or(false) }))
}

impl Action for ModifyVpcPeeringConnectionOptions {
    const NAME: &'static str = "ModifyVpcPeeringConnectionOptions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let requester = options(p, "RequesterPeeringConnectionOptions")?;
        let accepter = options(p, "AccepterPeeringConnectionOptions")?;
        if requester.is_none() && accepter.is_none() {
            return Err(query::Error::Missing("accepterPeeringConnectionOptions".into()).into());
        }
        let id = p.id("VpcPeeringConnectionId", Kind::PeeringConnection)?.to_owned();
        Ok(ModifyVpcPeeringConnectionOptions { id, requester, accepter })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut peering = peerings::need(c, account, region, &self.id, clock::now_ms())?;
            let answer = Output {
                requester_peering_connection_options: self.requester.as_ref().map(OptionsItem::from),
                accepter_peering_connection_options: self.accepter.as_ref().map(OptionsItem::from),
            };
            for (end, options) in [(End::Requester, self.requester), (End::Accepter, self.accepter)] {
                if let Some(options) = options {
                    peerings::set_options(&mut peering, account, end, options)?;
                }
            }
            records::update(c, &peering)?;
            Ok(answer)
        };
        cx.change(job).await
    }
}

//! Make an internet gateway.

use super::describe_internet_gateways::Item;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::network::gateways::InternetGateway;
use crate::network::records;
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateInternetGateway {
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    internet_gateway: Item,
}

impl Action for CreateInternetGateway {
    const NAME: &'static str = "CreateInternetGateway";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["internet-gateway"])?;
        let tags = tagging::of(&specifications, "internet-gateway");
        Ok(CreateInternetGateway { tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = records::insert(c, account, region, InternetGateway::default())?;
            let made = made.ok_or_else(|| Error::Internal("a gateway without a name has one".into()))?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "internet-gateway" }, &self.tags)?;
            Ok(Output { internet_gateway: Item::new(made, self.tags) })
        };
        cx.change(job).await
    }
}

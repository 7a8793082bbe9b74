//! Make an internet gateway.

use super::describe_internet_gateways::Item;
use crate::db::Conn;
use crate::db::tags::Tag;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, resource, tagging};
use crate::network::gateways::InternetGateway;
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
            let made = resource::make(c, account, region, InternetGateway::default(), &self.tags)?;
            Ok(Output { internet_gateway: Item::new(made, self.tags) })
        };
        cx.change(job).await
    }
}

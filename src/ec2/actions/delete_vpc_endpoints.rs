//! Delete endpoints with their routes and interfaces; those that could not be deleted are told.

use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::unsuccessful::Unsuccessful;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::endpoints::{self, VpcEndpoint};
use crate::network::records;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DeleteVpcEndpoints {
    ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    unsuccessful: Vec<Unsuccessful>,
}

impl Action for DeleteVpcEndpoints {
    const NAME: &'static str = "DeleteVpcEndpoints";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("VpcEndpointId", Kind::VpcEndpoint)?.into_iter().map(str::to_owned).collect();
        match ids.is_empty() {
            true => Err(query::Error::Missing("VpcEndpointId".into()).into()),
            false => Ok(DeleteVpcEndpoints { ids }),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut unsuccessful = Vec::new();
            for id in self.ids {
                match records::get::<VpcEndpoint>(c, account, region, &id)? {
                    Some(endpoint) => endpoints::delete(c, &endpoint)?,
                    None => {
                        let e = Error::no_such(Kind::VpcEndpoint, id.clone());
                        unsuccessful.push(Unsuccessful::new(id, "InvalidVpcEndpoint.NotFound".to_owned(), &e));
                    }
                }
            }
            Ok(Output { unsuccessful })
        };
        cx.change(job).await
    }
}

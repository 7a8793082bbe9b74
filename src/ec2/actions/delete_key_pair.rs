//! Forget a key pair, by name or by id. One that is not there is as good as deleted.

use crate::db;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub enum DeleteKeyPair {
    ByName(String),
    ById(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(rename = "return")]
    done: bool,
    key_pair_id: Option<String>,
}

impl Action for DeleteKeyPair {
    const NAME: &'static str = "DeleteKeyPair";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        match (p.opt("KeyName"), p.opt_id("KeyPairId", Kind::KeyPair)?) {
            (_, Some(id)) => Ok(DeleteKeyPair::ById(id.to_owned())),
            (Some(name), None) => Ok(DeleteKeyPair::ByName(name.to_owned())),
            (None, None) => Err(query::Error::Missing("KeyName".into()).into()),
        }
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (cx.caller.account.clone(), cx.region.clone());
        let deleted = cx.cloud.db.write(move |c| {
            let found = match &self {
                DeleteKeyPair::ByName(name) => db::keypairs::by_name(c, &account, &region, name)?,
                DeleteKeyPair::ById(id) => db::keypairs::by_id(c, &account, &region, id)?,
            };
            if let Some(row) = &found {
                db::keypairs::delete(c, &row.id)?;
            }
            Ok::<_, Error>(found.map(|row| row.id))
        });
        Ok(Output { done: true, key_pair_id: deleted.await? })
    }
}

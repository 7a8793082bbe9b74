//! Keep a public key that the caller has made.

use crate::compute::key_material::{self, PublicKey};
use crate::db::keypairs::KeyPairRow;
use crate::db::tags::Tag;
use crate::ec2::key_pairs::{self, check_name};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::Params;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

pub struct ImportKeyPair {
    name: String,
    public: PublicKey,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    key_name: String,
    key_fingerprint: String,
    key_pair_id: String,
    tag_set: Vec<Tag>,
}

impl Action for ImportKeyPair {
    const NAME: &'static str = "ImportKeyPair";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let name = check_name(p)?;
        let text: String = p.req("PublicKeyMaterial")?.split_whitespace().collect();
        let material = STANDARD.decode(text).map_err(|_| Error::KeyFormat)?;
        let public = key_material::import(&material).map_err(|_| Error::KeyFormat)?;
        let tags = tagging::of(&tagging::specifications(p, &["key-pair"])?, "key-pair");
        Ok(ImportKeyPair { name, public, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let KeyPairRow { id, name, fingerprint, .. } =
            key_pairs::keep(cx, self.name, self.public, self.tags.clone()).await?;
        Ok(Output { key_name: name, key_fingerprint: fingerprint, key_pair_id: id, tag_set: self.tags })
    }
}

//! Make a key pair; the private half is in the answer and nowhere else.

use crate::compute::key_material::{self, KeyType};
use crate::db::keypairs::KeyPairRow;
use crate::db::tags::Tag;
use crate::ec2::key_pairs::{self, check_name};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreateKeyPair {
    name: String,
    key_type: KeyType,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    key_name: String,
    key_fingerprint: String,
    key_material: String,
    key_pair_id: String,
    tag_set: Vec<Tag>,
}

impl Action for CreateKeyPair {
    const NAME: &'static str = "CreateKeyPair";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let key_type = match p.opt("KeyType") {
            None | Some("rsa") => KeyType::Rsa,
            Some("ed25519") => KeyType::Ed25519,
            Some(other) => return Err(p.invalid("KeyType", other, "Expecting rsa or ed25519.").into()),
        };
        match p.opt("KeyFormat") {
            None | Some("pem") => {}
            Some("ppk") => return Err(Error::Unsupported("KeyFormat ppk".into())),
            Some(other) => return Err(p.invalid("KeyFormat", other, "Expecting pem.").into()),
        }
        let tags = tagging::of(&tagging::specifications(p, &["key-pair"])?, "key-pair");
        Ok(CreateKeyPair { name: check_name(p)?, key_type, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let key_type = self.key_type;
        let (public, key_material) = tokio::task::spawn_blocking(move || key_material::generate(key_type))
            .await
            .map_err(|e| Error::Internal(e.to_string()))?
            .map_err(|e| Error::Internal(e.to_string()))?;
        let KeyPairRow { id, name, fingerprint, .. } =
            key_pairs::keep(cx, self.name, public, self.tags.clone()).await?;
        Ok(Output { key_name: name, key_fingerprint: fingerprint, key_material, key_pair_id: id, tag_set: self.tags })
    }
}

//! What the key pair actions share.

use super::{Cx, Error};
use crate::compute::key_material::PublicKey;
use crate::db::keypairs::KeyPairRow;
use crate::db::quotas::{self, Quota};
use crate::db::tags::{Resource, Tag};
use crate::wire::query::Params;
use crate::{clock, db, id};

/// The name for a new key pair: at most 255 ASCII characters, as AWS has it.
pub fn check_name(p: &Params<'_>) -> Result<String, Error> {
    let name = p.req("KeyName")?.trim();
    if name.is_empty() || name.len() > 255 || !name.is_ascii() {
        return Err(p
            .invalid("KeyName", name, "Character sets beyond ASCII, or more than 255 characters, are not supported.")
            .into());
    }
    Ok(name.to_owned())
}

/// Keep a key pair under its name. The name also becomes the comment of the public key, as on AWS.
pub async fn keep(cx: &Cx, name: String, public: PublicKey, tags: Vec<Tag>) -> Result<KeyPairRow, Error> {
    let row = KeyPairRow {
        id: id::new(id::Kind::KeyPair),
        account: cx.caller.account.clone(),
        region: cx.region.clone(),
        key_type: public.key_type.text().to_owned(),
        fingerprint: public.fingerprint,
        public_key: format!("{} {name}", public.openssh),
        name,
        created_at: clock::to_ms(cx.now),
    };
    cx.cloud
        .db
        .write(move |c| {
            let there = db::keypairs::all(c, &row.account, &row.region)?.len();
            if !quotas::allows(c, &row.account, Quota::KeyPairs, there)? {
                return Err(Error::TooManyKeyPairs);
            }
            if !db::keypairs::insert(c, &row)? {
                return Err(Error::KeyPairExists(row.name));
            }
            let on = Resource { account: &row.account, region: &row.region, id: &row.id, kind: "key-pair" };
            db::tags::put(c, on, &tags)?;
            Ok(row)
        })
        .await
}

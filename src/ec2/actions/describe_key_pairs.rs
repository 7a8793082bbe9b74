//! The caller's key pairs.

use crate::db::keypairs::KeyPairRow;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use crate::{clock, db};
use serde::Serialize;

pub struct DescribeKeyPairs {
    names: Vec<String>,
    ids: Vec<String>,
    with_public_key: bool,
    filters: Filters<KeyPair>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    key_set: Vec<KeyPair>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPair {
    key_name: String,
    key_pair_id: String,
    key_type: String,
    key_fingerprint: String,
    public_key: Option<String>,
    create_time: Time,
    tag_set: Vec<Tag>,
}

impl Filtered for KeyPair {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("fingerprint", |k| vec![k.key_fingerprint.as_str().into()]),
        ("key-name", |k| vec![k.key_name.as_str().into()]),
        ("key-pair-id", |k| vec![k.key_pair_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeKeyPairs {
    const NAME: &'static str = "DescribeKeyPairs";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeKeyPairs {
            names: p.list("KeyName").into_iter().map(str::to_owned).collect(),
            ids: p.ids("KeyPairId", Kind::KeyPair)?.into_iter().map(str::to_owned).collect(),
            with_public_key: p.opt_bool("IncludePublicKey")?.unwrap_or(false),
            filters: Filters::read(p)?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let (rows, mut tags) = cx.cloud.db.read(|c| {
            let rows = db::keypairs::all(c, account, region)?;
            Ok::<_, db::Error>((rows, db::tags::by_resource(c, account, region, "key-pair")?))
        })?;
        let missing = |wanted: &[String], of: fn(&KeyPairRow) -> &str| -> Vec<String> {
            wanted.iter().filter(|w| !rows.iter().any(|row| of(row) == *w)).cloned().collect()
        };
        if let Some(name) = missing(&self.names, |row| &row.name).into_iter().next() {
            return Err(Error::NoSuchKeyPair(name));
        }
        let ids = missing(&self.ids, |row| &row.id);
        if !ids.is_empty() {
            return Err(Error::NoSuch { kind: Kind::KeyPair, ids });
        }
        let key_set = rows
            .into_iter()
            .filter(|row| self.names.is_empty() || self.names.contains(&row.name))
            .filter(|row| self.ids.is_empty() || self.ids.contains(&row.id))
            .map(|row| KeyPair {
                tag_set: tags.remove(&row.id).unwrap_or_default(),
                public_key: self.with_public_key.then_some(row.public_key),
                create_time: Time(clock::from_ms(row.created_at)),
                key_name: row.name,
                key_pair_id: row.id,
                key_type: row.key_type,
                key_fingerprint: row.fingerprint,
            })
            .filter(|k| self.filters.accept(k))
            .collect();
        Ok(Output { key_set })
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const CREATE: &str = "Action=CreateKeyPair&KeyType=ed25519&KeyName";

    #[tokio::test]
    async fn a_made_key_pair_is_there_until_it_is_deleted() {
        let bench = Bench::new();
        let tag =
            "TagSpecification.1.ResourceType=key-pair&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
        let made = bench.call(&format!("{CREATE}=one&{tag}")).await;
        assert!(made.get("keyMaterial").unwrap().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"), "{}", made.xml);
        let again = bench.call(&format!("{CREATE}=one")).await;
        assert_eq!(again.code(), "InvalidKeyPair.Duplicate");
        assert_eq!(again.get("Message"), Some("The keypair 'one' already exists."));

        let seen =
            bench.call("Action=DescribeKeyPairs&IncludePublicKey=true&Filter.1.Name=tag:a&Filter.1.Value.1=?").await;
        assert_eq!(seen.get("keyFingerprint"), made.get("keyFingerprint"));
        assert_eq!(seen.get("keyPairId"), made.get("keyPairId"));
        assert!(
            seen.get("publicKey").unwrap().starts_with("ssh-ed25519 ")
                && seen.get("publicKey").unwrap().ends_with(" one")
        );
        assert!(bench.call_other("Action=DescribeKeyPairs").await.all("keyName").is_empty());

        let missing = bench.call("Action=DescribeKeyPairs&KeyName.1=two").await;
        assert_eq!(missing.get("Message"), Some("The key pair 'two' does not exist"));
        let deleted = bench.call("Action=DeleteKeyPair&KeyName=one").await;
        assert_eq!((deleted.get("return"), deleted.get("keyPairId")), (Some("true"), made.get("keyPairId")));
        assert_eq!(bench.call("Action=DeleteKeyPair&KeyName=one").await.status, 200);
        assert!(bench.call("Action=DescribeTags").await.all("key").is_empty());
    }

    #[tokio::test]
    async fn a_key_is_imported_with_its_fingerprint() {
        use base64::Engine;
        let bench = Bench::new();
        let line = include_str!("../../../fixtures/keys/rsa.pub");
        let material = base64::engine::general_purpose::STANDARD.encode(line).replace('+', "%2B");
        let form = format!("Action=ImportKeyPair&KeyName=mine&PublicKeyMaterial={material}");
        let made = bench.call(&form).await;
        assert_eq!(made.get("keyFingerprint"), Some(include_str!("../../../fixtures/keys/rsa.md5").trim()));
        assert_eq!(bench.call(&format!("{form}&DryRun=true")).await.status, 412);
        let bad = bench.call("Action=ImportKeyPair&KeyName=bad&PublicKeyMaterial=AAAA").await;
        assert_eq!(bad.code(), "InvalidKey.Format");
    }
}

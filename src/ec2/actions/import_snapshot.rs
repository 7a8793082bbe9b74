//! Make a snapshot of a disk file in a bucket: raw, qcow2, VMDK, VHD, VHDX, VDI or ISO.

use super::create_store_image_task::blocking;
use super::import_image::place;
use crate::db;
use crate::db::tags::Tag;
use crate::ec2::idempotency::Token;
use crate::ec2::image_tasks::{ImportSnapshotItem, answer_begun};
use crate::ec2::registry::Action;
use crate::ec2::volumes::{encryption, kms_key, own_key};
use crate::ec2::{Cx, Error, tagging};
use crate::id::{self, Kind};
use crate::images::tasks::Wanted;
use crate::wire::query::{self, Params};

pub struct ImportSnapshot {
    wanted: Wanted,
    tags: Vec<Tag>,
    token: Token,
}

impl Action for ImportSnapshot {
    const NAME: &'static str = "ImportSnapshot";
    /// Nobody has to be told who uploads.
    const IGNORED: &'static [&'static str] = &["ClientData", "RoleName"];
    type Output = ImportSnapshotItem;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["import-snapshot-task"])?;
        let disk = p.nested("DiskContainer").ok_or_else(|| query::Error::Missing("DiskContainer".into()))?;
        let (from, url, format) = place(&disk)?;
        let (encrypted, kms_key) = encryption(p)?;
        let wanted = Wanted::ImportSnapshot {
            from,
            bytes: 0,
            url,
            format,
            description: p.opt("Description").unwrap_or_default().to_owned(),
            disk_description: disk.opt("Description").unwrap_or_default().to_owned(),
            snapshot: id::new(Kind::Snapshot),
            encrypted: encrypted == Some(true),
            kms_key,
        };
        let tags = tagging::of(&specifications, "import-snapshot-task");
        Ok(ImportSnapshot { wanted, tags, token: Token::read(p, Self::NAME)? })
    }

    async fn run(mut self, cx: &Cx) -> Result<ImportSnapshotItem, Error> {
        let by_default = cx.look(|c, account, region| Ok(db::volumes::defaults(c, account, region)?)).await?;
        if let Wanted::ImportSnapshot { from, bytes, encrypted, kms_key: key, .. } = &mut self.wanted {
            let (images, account, from) = (cx.cloud.images.clone(), cx.caller.account.clone(), from.clone());
            *bytes = blocking(move || images.check_object(&account, &from)).await?;
            *encrypted |= by_default.0;
            let named = key.take().map(|named| kms_key(cx, &named)).or(by_default.1);
            *key = encrypted.then(|| named.unwrap_or_else(|| own_key(cx)));
        }
        answer_begun(cx, self.token, Kind::ImportSnapshotTask, self.wanted, self.tags, ImportSnapshotItem::new).await
    }
}

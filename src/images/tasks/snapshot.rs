//! A disk file of a bucket becomes a snapshot.

use super::super::format::{self, Format};
use super::super::reconcile::failure;
use super::super::unbundle::Failure;
use super::super::{Error, Images};
use super::work::as_qemu_reads;
use super::{Wanted, adopted};
use crate::clock;
use crate::db;
use crate::db::image_tasks::{self, TaskRow};
use crate::volumes;
use std::io;

impl Images {
    pub(super) fn import_snapshot(&self, row: &TaskRow, wanted: &Wanted) -> Result<(), Failure> {
        let Wanted::ImportSnapshot { from, format, description, snapshot, encrypted, kms_key, .. } = wanted else {
            return Err(Failure::Abandoned);
        };
        let (staged, _, disk) = self.download(row, from, format.as_deref())?;
        let description = match description.as_str() {
            "" => format!("Created by AWS-VMImport service for {}", row.id),
            said => said.to_owned(),
        };
        let bytes = disk.virtual_size as i64;
        let new = adopted::NewAdopted {
            id: snapshot.clone(),
            account: row.account.clone(),
            region: row.region.clone(),
            description,
            encrypted: *encrypted,
            kms_key: kms_key.clone(),
            bytes,
        };
        let task = row.id.clone();
        let begun = self.db.write_blocking(move |c| {
            let wanted = image_tasks::get(c, &task)?.is_some_and(|row| row.state == "active");
            if wanted { adopted::begin(c, &new).map(|()| true) } else { Ok(false) }
        });
        if !begun.map_err(ours)? {
            return Err(Failure::Abandoned);
        }
        self.stage_of(row, "converting", 70)?;
        let adopt = self.volumes.adopt(snapshot, |to| {
            let made = format::convert(staged.path(), as_qemu_reads(disk.format), to, Format::Qcow2);
            made.map_err(|e| io::Error::other(e.to_string()))
        });
        adopt.map_err(ours)?;
        let (task, made) = (row.id.clone(), snapshot.clone());
        let ended = self.db.write_blocking(move |c| {
            let there = db::snapshots::get(c, &made)?.is_some();
            let ended = there && image_tasks::end(c, &task, "completed", Some(&made), None, clock::now_ms())?;
            if ended {
                adopted::complete(c, &made, bytes)?;
            }
            Ok((there, ended))
        });
        let (there, ended) = ended.map_err(ours)?;
        if ended {
            return Ok(());
        }
        self.volumes.disown(snapshot).map_err(ours)?;
        self.volumes.wake();
        Err(if there { Failure::Abandoned } else { Failure::Bundle("The snapshot was deleted meanwhile.".into()) })
    }
}

fn ours(e: volumes::Error) -> Failure {
    failure(Error::from(e))
}

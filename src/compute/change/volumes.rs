//! Volumes that come to an instance after its launch, and leave it.
//!
//! The disks of a machine are read when it is started, so a stopped instance is given a volume, or gives one back, by a row alone.
//! Where volumes have no files, they always come and go by rows. To a running one a volume is `attaching`, and from
//! it `detaching`, until the instance's loop has seen to it (`reconcile/plug.rs`).

use super::owned;
use crate::compute::spec::{Spec, both};
use crate::compute::state::{State, visible};
use crate::compute::{Compute, Error};
use crate::db;
use crate::db::instances::InstanceRow;
use crate::db::volumes::AttachmentRow;
use crate::volumes::{self, Bytes, attachments};

impl Compute {
    /// Attach a volume of an account to one of its instances, as `device`.
    pub async fn attach_volume(
        &self,
        account: &str,
        region: &str,
        volume: String,
        instance: String,
        device: String,
    ) -> Result<AttachmentRow, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let bytes = self.volumes.bytes();
        let attached = self.db.write(move |c| {
            let volume = volumes::need(c, &account, &region, &volume)?;
            let row = owned(c, &account, &region, vec![instance])?.remove(0);
            let spec = Spec::parse(&row.spec)?;
            let live = match state(&row)? {
                State::Running => bytes == Bytes::Files,
                State::Stopped => false,
                State::Pending | State::Stopping | State::ShuttingDown | State::Terminated => {
                    return Err(Error::NotUp(row.id));
                }
            };
            let (root, root_volume) = (&spec.root_device_name, spec.root_volume);
            let at = attachments::At { instance: &row.id, zone: &row.zone, root, root_volume, live };
            let attached = attachments::attach(c, &volume, at, &device, false, bytes)?;
            if live {
                db::instances::touch(c, &row.id)?;
            }
            Ok(attached)
        });
        let attached = attached.await?;
        self.wake();
        Ok(attached)
    }

    /// Take a volume of an account from the instance that has it; `instance` and `device` may say which.
    pub async fn detach_volume(
        &self,
        account: &str,
        region: &str,
        volume: String,
        instance: Option<String>,
        device: Option<String>,
    ) -> Result<AttachmentRow, Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let detached = self.db.write(move |c| {
            let volume = volumes::need(c, &account, &region, &volume)?;
            if let Some(id) = &instance {
                owned(c, &account, &region, vec![id.clone()])?;
            }
            let attachment = attachments::find(&volume, instance.as_deref(), device.as_deref())?;
            let row = owned(c, &account, &region, vec![attachment.instance.clone()])?.remove(0);
            let state = state(&row)?;
            if attachment.target == attachments::ROOT && state != State::Stopped {
                return Err(Error::RootVolume { volume: volume.row.id.clone(), instance: row.id });
            }
            let live = match state {
                State::Running | State::Pending | State::Stopping => attachment.plugged,
                State::Stopped => false,
                State::ShuttingDown | State::Terminated => {
                    return Err(Error::CannotDetach { volume: volume.row.id.clone(), instance: row.id });
                }
            };
            attachments::detach(c, attachment, live)?;
            if live {
                db::instances::touch(c, &row.id)?;
            }
            Ok::<_, Error>(attachment.clone())
        });
        let detached = detached.await?;
        self.wake();
        Ok(detached)
    }

    /// Say of volumes at these devices of an instance whether they go with it.
    pub async fn set_delete_on_termination(
        &self,
        account: &str,
        region: &str,
        instance: String,
        devices: Vec<(String, bool)>,
    ) -> Result<(), Error> {
        let (account, region) = (account.to_owned(), region.to_owned());
        let set = self.db.write(move |c| {
            let row = owned(c, &account, &region, vec![instance])?.remove(0);
            let there = attachments::at(c, &row.id)?;
            for (device, delete_too) in devices {
                let found = there.iter().find(|a| a.device == device);
                let attachment = found.ok_or_else(|| Error::NoDevice(device.clone()))?;
                attachments::set_delete_too(c, attachment, delete_too)?;
            }
            Ok(())
        });
        set.await
    }
}

fn state(row: &InstanceRow) -> Result<State, db::Error> {
    let (desired, observed) = both(row)?;
    Ok(visible(desired, observed))
}

//! Attach a volume to a running or stopped instance. Which device the guest sees it as, the guest decides; its serial number is
//! the volume's id without the dash.

use crate::ec2::registry::Action;
use crate::ec2::volumes::{Attachment, device};
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct AttachVolume {
    volume: String,
    instance: String,
    device: String,
}

impl Action for AttachVolume {
    const NAME: &'static str = "AttachVolume";
    type Output = Attachment;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        p.opt_int("EbsCardIndex", 0..=0)?;
        Ok(AttachVolume {
            volume: p.id("VolumeId", Kind::Volume)?.to_owned(),
            instance: p.id("InstanceId", Kind::Instance)?.to_owned(),
            device: device(p, "Device")?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Attachment, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let attach = cx.cloud.compute.attach_volume(account, region, self.volume, self.instance, self.device);
        Ok(Attachment::new(attach.await?, Some("attaching")))
    }
}

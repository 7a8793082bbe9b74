//! Detach a volume from its instance. A running guest has to let go of it; `Force` does not make it.

use crate::ec2::registry::Action;
use crate::ec2::volumes::Attachment;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct DetachVolume {
    volume: String,
    instance: Option<String>,
    device: Option<String>,
}

impl Action for DetachVolume {
    const NAME: &'static str = "DetachVolume";
    const IGNORED: &'static [&'static str] = &["Force"];
    type Output = Attachment;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DetachVolume {
            volume: p.id("VolumeId", Kind::Volume)?.to_owned(),
            instance: p.opt_id("InstanceId", Kind::Instance)?.map(str::to_owned),
            device: p.opt("Device").filter(|text| !text.is_empty()).map(str::to_owned),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Attachment, Error> {
        let (account, region) = (&cx.caller.account, &cx.region);
        let detach = cx.cloud.compute.detach_volume(account, region, self.volume, self.instance, self.device);
        Ok(Attachment::new(detach.await?, Some("detaching")))
    }
}

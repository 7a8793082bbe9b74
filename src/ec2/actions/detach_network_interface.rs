//! Take a network interface from its instance; not the first one.

use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::id::Kind;
use crate::wire::query::Params;

pub struct DetachNetworkInterface {
    attachment: String,
}

impl Action for DetachNetworkInterface {
    const NAME: &'static str = "DetachNetworkInterface";
    /// A guest that holds on to its card is asked again and again; nobody hears what it sends.
    const IGNORED: &'static [&'static str] = &["Force"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DetachNetworkInterface { attachment: p.id("AttachmentId", Kind::Attachment)?.to_owned() })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.compute.detach_interface(&cx.caller.account, &cx.region, self.attachment).await?;
        Ok(Done::YES)
    }
}

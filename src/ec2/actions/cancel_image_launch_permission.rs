//! Give up a permission to launch somebody else's image.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct CancelImageLaunchPermission {
    id: String,
}

impl Action for CancelImageLaunchPermission {
    const NAME: &'static str = "CancelImageLaunchPermission";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(CancelImageLaunchPermission { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.decline(&cx.caller.account, &self.id).await?;
        Ok(Done::YES)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_permission_is_given_back_by_who_has_it() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        const CANCEL: &str = "Action=CancelImageLaunchPermission&ImageId=ami-12345678";
        assert_eq!(bench.call_other(CANCEL).await.code(), "InvalidAMIID.NotFound");
        assert_eq!(bench.call(CANCEL).await.code(), "InvalidParameterValue");
        bench.call("Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1.UserId=210987654321").await;
        assert_eq!(bench.call_other(CANCEL).await.get("return"), Some("true"));
        assert_eq!(bench.call_other(CANCEL).await.code(), "InvalidAMIID.NotFound");
    }
}

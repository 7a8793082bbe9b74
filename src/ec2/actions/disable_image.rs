//! Put an image out of use: nobody launches it, nobody but its owner sees it. Instances that run from it stay.

use super::describe_images::image_id;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;

pub struct DisableImage {
    id: String,
}

impl Action for DisableImage {
    const NAME: &'static str = "DisableImage";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableImage { id: image_id(p.req("ImageId")?)? })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.disable(&cx.caller.account, &self.id, true).await?;
        Ok(Done::YES)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn a_disabled_image_is_hidden_private_and_not_launched() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let modify = "Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1";
        bench.call(&format!("{modify}.UserId=210987654321")).await;
        assert_eq!(bench.call_other("Action=DisableImage&ImageId=ami-12345678").await.status, 403);
        for _ in 0..2 {
            let done = bench.call("Action=DisableImage&ImageId=ami-12345678").await;
            assert_eq!(done.get("return"), Some("true"), "{}", done.xml);
        }
        let see = "Action=DescribeImages&Owner.1=self";
        assert_eq!(bench.call(see).await.all("imageId").len(), 0);
        let seen = bench.call(&format!("{see}&IncludeDisabled=true")).await;
        assert_eq!((seen.get("imageState"), seen.get("isPublic")), (Some("disabled"), Some("false")));
        let other = bench.call_other("Action=DescribeImages&IncludeDisabled=true").await;
        assert_eq!(other.all("imageId").len(), 0);
        assert_eq!(bench.call(&format!("{modify}.Group=all")).await.code(), "IncorrectState");
        let run = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        assert_eq!(bench.call(run).await.code(), "InvalidAMIID.Unavailable");
        let copy = "Action=CopyImage&SourceImageId=ami-12345678&SourceRegion=us-east-1&Name=small";
        assert_eq!(bench.call(&copy.replace("small", "other")).await.code(), "IncorrectState");
        bench.call("Action=EnableImage&ImageId=ami-12345678").await;
        assert_eq!(bench.call(see).await.get("imageState"), Some("available"));
        assert_eq!(bench.call(copy).await.code(), "InvalidAMIName.Duplicate");
    }
}

//! Say who may launch an image, or describe it anew; one attribute a call.

use super::describe_images::image_id;
use crate::ec2::images::IMDS_V2;
use crate::ec2::registry::Action;
use crate::ec2::sharing::Sharing;
use crate::ec2::volumes::own_key;
use crate::ec2::{Cx, Done, Error, attribute};
use crate::images;
use crate::wire::query::Params;

pub struct ModifyImageAttribute {
    id: String,
    change: Change,
}

enum Change {
    Description(String),
    RequireTokens,
    Sharing(Sharing),
}

impl Action for ModifyImageAttribute {
    const NAME: &'static str = "ModifyImageAttribute";
    const REFUSED: &'static [&'static str] = &["ProductCode"];
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let id = image_id(p.req("ImageId")?)?;
        let value = attribute::new_value(p, &["description", "imdsSupport"])?;
        let sharing = Sharing::read(p, "LaunchPermission", &["description", "imdsSupport"])?;
        let change = match (value, sharing) {
            (Some(_), Some(_)) => {
                return Err(Error::ParameterCombination("Fields for multiple attribute types specified".into()));
            }
            (Some(("imdsSupport", IMDS_V2)), None) => Change::RequireTokens,
            (Some(("imdsSupport", other)), None) => {
                return Err(p.invalid("ImdsSupport", other, "Expecting v2.0.").into());
            }
            (Some((_, text)), None) => Change::Description(text.to_owned()),
            (None, Some(sharing)) => Change::Sharing(sharing),
            (None, None) => return Err(Error::ParameterCombination("No attributes specified.".into())),
        };
        Ok(ModifyImageAttribute { id, change })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        let (room, account) = (&cx.cloud.images, &cx.caller.account);
        match self.change {
            Change::Description(text) => room.describe_as(account, &self.id, text).await?,
            Change::RequireTokens => room.require_tokens(account, &self.id).await?,
            Change::Sharing(Sharing { public, add, remove }) => {
                let sharing = images::Sharing { public, add, remove, own_key: own_key(cx) };
                room.share(account, &cx.region, &self.id, sharing).await?
            }
        }
        Ok(Done::YES)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn an_image_is_shared_described_and_kept_again() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let modify = |form: &str| format!("Action=ModifyImageAttribute&ImageId=ami-12345678&{form}");
        let attribute = |name: &str| format!("Action=DescribeImageAttribute&ImageId=ami-12345678&Attribute={name}");
        const SEE: &str = "Action=DescribeImages&ImageId.1=ami-12345678";
        let add = bench.call(&modify("LaunchPermission.Add.1.UserId=2109-8765-4321")).await;
        assert_eq!(add.get("return"), Some("true"), "{}", add.xml);
        assert_eq!(bench.call_other(SEE).await.status, 200);
        assert_eq!(bench.call(&attribute("launchPermission")).await.get("userId"), Some("210987654321"));
        assert_eq!(bench.call_other(&attribute("launchPermission")).await.status, 403);
        let twice = "LaunchPermission.Add.1.UserId=210987654321&UserId.1=210987654321";
        assert_eq!(bench.call(&modify(twice)).await.get("return"), Some("true"));
        bench.call(&modify("Attribute=launchPermission&OperationType=add&UserGroup.1=all")).await;
        let both = bench.call(&attribute("launchPermission")).await;
        assert_eq!((both.get("group"), both.get("userId")), (Some("all"), Some("210987654321")));
        assert_eq!(
            bench.call("Action=ResetImageAttribute&ImageId=ami-12345678&Attribute=launchPermission").await.status,
            200
        );
        assert_eq!(bench.call_other(SEE).await.code(), "InvalidAMIID.NotFound");
        bench.call(&modify("Description.Value=small+%26+fine")).await;
        assert_eq!(bench.call(&attribute("description")).await.get("value"), Some("small &amp; fine"));
        for (form, code) in [
            ("LaunchPermission.Add.1.Group=some", "InvalidParameterValue"),
            ("LaunchPermission.Add.1.UserId=me", "InvalidParameterValue"),
            ("Attribute=launchPermission&UserId.1=210987654321", "MissingParameter"),
            ("", "InvalidParameterCombination"),
            ("Attribute=colour&Value=1", "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }
    }

    #[tokio::test]
    async fn instances_of_an_image_that_says_so_need_session_tokens() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=1";
        assert_eq!(bench.call(RUN).await.get("httpTokens"), Some("optional"));
        let modify = "Action=ModifyImageAttribute&ImageId=ami-12345678&ImdsSupport.Value";
        assert_eq!(bench.call(&format!("{modify}=v1.0")).await.code(), "InvalidParameterValue");
        bench.call(&format!("{modify}=v2.0")).await;
        let image = bench.call("Action=DescribeImages&ImageId.1=ami-12345678").await;
        assert_eq!(image.get("imdsSupport"), Some("v2.0"), "{}", image.xml);
        assert!(image.get("lastLaunchedTime").is_some());
        let run = bench.call(RUN).await;
        assert_eq!((run.get("httpTokens"), run.get("httpPutResponseHopLimit")), (Some("required"), Some("2")));
        let run = bench.call(&format!("{RUN}&MetadataOptions.HttpTokens=optional")).await;
        assert_eq!(run.get("httpTokens"), Some("optional"), "the request wins");
    }
}

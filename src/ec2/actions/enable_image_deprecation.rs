//! Say when an image is out of date. From then on others find it only when they ask for it; who knows its id still launches it.

use super::describe_images::image_id;
use crate::clock;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Done, Error};
use crate::wire::query::Params;
use crate::wire::timestamp;

pub struct EnableImageDeprecation {
    id: String,
    /// Milliseconds since the epoch.
    at: i64,
}

impl Action for EnableImageDeprecation {
    const NAME: &'static str = "EnableImageDeprecation";
    type Output = Done;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let text = p.req("DeprecateAt")?;
        let at = timestamp::parse(text)
            .ok_or_else(|| p.invalid("DeprecateAt", text, "Expecting a time: YYYY-MM-DDTHH:MM:SSZ."))?;
        Ok(EnableImageDeprecation { id: image_id(p.req("ImageId")?)?, at: clock::to_ms(at) })
    }

    async fn run(self, cx: &Cx) -> Result<Done, Error> {
        cx.cloud.images.deprecate(&cx.caller.account, &self.id, Some(self.at)).await?;
        Ok(Done::YES)
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;
    use crate::{clock, db};

    const SEE: &str = "Action=DescribeImages";

    #[tokio::test]
    async fn an_image_that_is_out_of_date_is_found_by_its_owner_and_by_who_asks() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        bench.call("Action=ModifyImageAttribute&ImageId=ami-12345678&LaunchPermission.Add.1.Group=all").await;
        let deprecate = |at: &str| format!("Action=EnableImageDeprecation&ImageId=ami-12345678&DeprecateAt={at}");
        for (at, code) in [("2001-01-01T00:00:00Z", "InvalidParameterValue"), ("soon", "InvalidParameterValue")] {
            assert_eq!(bench.call(&deprecate(at)).await.code(), code, "{at}");
        }
        assert_eq!(bench.call(&deprecate("2199-01-01T00:00:00Z")).await.code(), "InvalidParameterValue");
        let year = clock::now().year() + 1;
        assert_eq!(bench.call_other(&deprecate(&format!("{year}-01-01T00:00:31Z"))).await.status, 403);
        assert_eq!(bench.call(&deprecate(&format!("{year}-01-01T00:00:31Z"))).await.get("return"), Some("true"));
        let expected = format!("{year}-01-01T00:01:00.000Z");
        let seen = bench.call_other(SEE).await;
        assert_eq!(seen.get("deprecationTime"), Some(expected.as_str()), "{}", seen.xml);

        // As if a year had passed.
        let change = |c: &db::Conn| {
            let details = db::images::Details { deprecated_at: Some(1), ..Default::default() };
            db::images::set_details(c, "ami-12345678", &details)
        };
        bench.db().write(change).await.unwrap();
        assert_eq!(bench.call_other(SEE).await.all("imageId").len(), 0);
        assert_eq!(bench.call_other(&format!("{SEE}&IncludeDeprecated=true")).await.all("imageId").len(), 1);
        assert_eq!(bench.call_other(&format!("{SEE}&ImageId.1=ami-12345678")).await.all("imageId").len(), 1);
        assert_eq!(bench.call(SEE).await.all("imageId").len(), 1);
        bench.call("Action=DisableImageDeprecation&ImageId=ami-12345678").await;
        let seen = bench.call_other(SEE).await;
        assert_eq!((seen.all("imageId").len(), seen.get("deprecationTime")), (1, None));
    }
}

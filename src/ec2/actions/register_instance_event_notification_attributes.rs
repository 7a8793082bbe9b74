//! Have notifications of instances' events carry these tags. It is a record: no event is ever scheduled here.

use crate::compute::defaults::EventTags;
use crate::ec2::event_tags::{self, Output};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct RegisterInstanceEventNotificationAttributes(EventTags);

impl Action for RegisterInstanceEventNotificationAttributes {
    const NAME: &'static str = "RegisterInstanceEventNotificationAttributes";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(RegisterInstanceEventNotificationAttributes(event_tags::read(p)?))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        event_tags::change(cx, move |tags| {
            tags.all |= self.0.all;
            tags.keys.extend(self.0.keys);
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    #[tokio::test]
    async fn tags_are_registered_and_taken_away() {
        let bench = Bench::new();
        let call = async |verb: &str, more: &str| {
            let form = format!("Action={verb}InstanceEventNotificationAttributes&InstanceTagAttribute.{more}");
            let answer = bench.call(&form).await;
            let keys: Vec<String> = answer.all("item").iter().map(|key| (*key).to_owned()).collect();
            (keys, answer.get("includeAllTagsOfInstance").unwrap_or(answer.code()).to_owned())
        };
        let texts = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            call("Register", "InstanceTagKey.1=b&InstanceTagAttribute.InstanceTagKey.2=a").await,
            (texts(&["a", "b"]), "false".into())
        );
        assert_eq!(call("Register", "IncludeAllTagsOfInstance=true").await, (texts(&["a", "b"]), "true".into()));
        assert_eq!(call("Deregister", "InstanceTagKey.1=b").await, (texts(&["a"]), "true".into()));
        assert_eq!(call("Deregister", "IncludeAllTagsOfInstance=true").await, (texts(&["a"]), "false".into()));
        assert_eq!(call("Register", "IncludeAllTagsOfInstance=false").await.1, "InvalidParameterCombination");
        let seen = bench.call("Action=DescribeInstanceEventNotificationAttributes").await;
        assert_eq!((seen.all("item"), seen.get("includeAllTagsOfInstance")), (vec!["a"], Some("false")));
        let moved = "Action=ModifyInstanceEventStartTime&InstanceId=i-12345678&InstanceEventId=instance-event-0123456789abcdef0\
             &NotBefore=2030-01-01T00:00:00Z";
        assert_eq!(bench.call(moved).await.code(), "InvalidInstanceID.NotFound");
    }
}

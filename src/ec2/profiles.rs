//! Instance profiles as requests name them and as answers write them.

use super::filter::{Filtered, Values};
use super::{Cx, Error};
use crate::clock;
use crate::compute;
use crate::iam::profiles::{Name, find};
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params};
use serde::Serialize;

/// The profile that `IamInstanceProfile` names, if there is one.
pub fn named(p: &Params<'_>) -> Result<Option<Name>, Error> {
    let Some(profile) = p.nested("IamInstanceProfile") else { return Ok(None) };
    let owned = |name| profile.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
    match (owned("Arn"), owned("Name")) {
        (Some(_), Some(_)) => Err(Error::ParameterCombination(
            "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
                .into(),
        )),
        (Some(arn), None) => Ok(Some(Name::Arn(arn))),
        (None, name) => Ok(name.map(Name::Name)),
    }
}

/// [`named`], which must be there.
pub fn need_named(p: &Params<'_>) -> Result<Name, Error> {
    named(p)?.ok_or_else(|| query::Error::Missing("IamInstanceProfile".into()).into())
}

/// What a named profile is, for the caller.
pub fn look_up(cx: &Cx, name: &Name) -> Result<compute::InstanceProfile, Error> {
    let found = find(&cx.cloud.config.instance_profiles, &cx.caller.account, name);
    let found = found.ok_or_else(|| {
        Error::ParameterValue(match name {
            Name::Arn(arn) => format!(
                "Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"
            ),
            Name::Name(name) => format!(
                "Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
            ),
        })
    })?;
    Ok(compute::InstanceProfile::new(found.arn, found.id))
}

/// A profile.
#[derive(Serialize, Clone)]
pub struct ProfileItem<S = String> {
    pub arn: S,
    pub id: S,
}

impl<'a> From<&'a compute::InstanceProfile> for ProfileItem<&'a str> {
    fn from(profile: &'a compute::InstanceProfile) -> ProfileItem<&'a str> {
        ProfileItem { arn: &profile.arn, id: &profile.id }
    }
}

impl From<&compute::InstanceProfile> for ProfileItem {
    fn from(profile: &compute::InstanceProfile) -> ProfileItem {
        ProfileItem { arn: profile.arn.clone(), id: profile.id.clone() }
    }
}

/// A profile that an instance has.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationItem {
    pub association_id: String,
    instance_id: String,
    iam_instance_profile: ProfileItem,
    state: &'static str,
    timestamp: Option<Time>,
}

impl AssociationItem {
    /// `state` is AWS's word.
    pub fn new(instance: &str, profile: &compute::InstanceProfile, state: &'static str) -> AssociationItem {
        AssociationItem {
            association_id: profile.association.clone(),
            instance_id: instance.to_owned(),
            iam_instance_profile: profile.into(),
            state,
            timestamp: (state == "associated").then(|| Time(clock::from_ms(profile.since))),
        }
    }
}

impl Filtered for AssociationItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] =
        &[("instance-id", |a| vec![a.instance_id.as_str().into()]), ("state", |a| vec![a.state.into()])];
}

/// The answer of the calls that change one association.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub iam_instance_profile_association: AssociationItem,
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=t3.micro&MinCount=1&MaxCount=2";
    const ARN: &str = "arn:aws:iam::123456789012:instance-profile/web";

    #[tokio::test]
    async fn instances_are_launched_with_a_profile_that_is_replaced_and_taken() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let run = bench.call(&format!("{RUN}&IamInstanceProfile.Name=web")).await;
        assert_eq!(run.all("arn"), [ARN, ARN], "{}", run.xml);
        let describe = "Action=DescribeIamInstanceProfileAssociations";
        let seen = bench.call(describe).await;
        assert_eq!(seen.all("state"), ["associated", "associated"], "{}", seen.xml);
        let ids = seen.all("associationId");
        assert_ne!(ids[0], ids[1]);
        let one = seen.all("instanceId")[0];
        let filter = format!("Filter.1.Name=instance-id&Filter.1.Value.1={one}");
        assert_eq!(bench.call(&format!("{describe}&{filter}")).await.all("instanceId"), [one]);
        let replace = format!("Action=ReplaceIamInstanceProfileAssociation&AssociationId={}", ids[0]);
        let replaced = bench.call(&format!("{replace}&IamInstanceProfile.Arn={ARN}")).await;
        assert_eq!((replaced.get("state"), replaced.get("instanceId")), (Some("associating"), Some(one)));
        let again = bench.call(&format!("{replace}&IamInstanceProfile.Arn={ARN}")).await;
        assert_eq!(again.code(), "InvalidAssociationID.NotFound");
        let end = |id: &str| format!("Action=DisassociateIamInstanceProfile&AssociationId={id}");
        assert_eq!(bench.call_other(&end(ids[1])).await.code(), "InvalidAssociationID.NotFound");
        assert_eq!(bench.call(&end(ids[1])).await.get("state"), Some("disassociating"));
        assert_eq!(bench.call(describe).await.all("associationId"), [replaced.get("associationId").unwrap()]);
        let with = "Action=DescribeInstances&Filter.1.Name=iam-instance-profile.arn&Filter.1.Value.1=*web";
        assert_eq!(bench.call(with).await.all("instanceId"), [one]);
    }

    #[tokio::test]
    async fn what_is_no_profile_is_refused() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        for (form, code) in [
            ("IamInstanceProfile.Name=none", "InvalidParameterValue"),
            ("IamInstanceProfile.Arn=arn:aws:iam::1:instance-profile/web", "InvalidParameterValue"),
            ("IamInstanceProfile.Name=web&IamInstanceProfile.Arn=x", "InvalidParameterCombination"),
        ] {
            assert_eq!(bench.call(&format!("{RUN}&{form}")).await.code(), code, "{form}");
        }
        let run = bench.call(RUN).await;
        let give = |id: &str| format!("Action=AssociateIamInstanceProfile&InstanceId={id}&IamInstanceProfile.Name=web");
        let pending = bench.call(&give(run.get("instanceId").unwrap())).await;
        assert_eq!(pending.code(), "IncorrectInstanceState");
        assert_eq!(bench.call(&give("i-12345678")).await.code(), "InvalidInstanceID.NotFound");
        let none = "Action=DescribeIamInstanceProfileAssociations&AssociationId.1=iip-assoc-12345678";
        assert_eq!(bench.call(none).await.code(), "InvalidAssociationID.NotFound");
    }
}

//! Make a placement group. It is kept and shown; with one host there is nothing to choose.

use super::describe_placement_groups::Item;
use crate::compute::placement;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::wire::query::Params;
use serde::Serialize;

pub struct CreatePlacementGroup {
    name: String,
    strategy: String,
    partitions: Option<u32>,
    tags: Vec<Tag>,
}

/// AWS's numbers of partitions: when none is said, and the most.
const PARTITIONS: u32 = 2;
const MOST_PARTITIONS: i64 = 7;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    #[serde(rename = "return")]
    done: bool,
    placement_group: Item,
}

impl Action for CreatePlacementGroup {
    const NAME: &'static str = "CreatePlacementGroup";
    const IGNORED: &'static [&'static str] = &["Operator"];
    const REFUSED: &'static [&'static str] = &["LinkedGroupId", "ParentGroupId"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["placement-group"])?;
        let name = p.req("GroupName")?;
        if name.len() > 255 || !name.is_ascii() {
            return Err(p.invalid("GroupName", name, "Expecting at most 255 ASCII characters.").into());
        }
        let strategy = p.opt("Strategy").filter(|text| !text.is_empty()).unwrap_or("cluster");
        let partitions = p.opt_int("PartitionCount", 1..=MOST_PARTITIONS)?.map(|n| n as u32);
        let level = p.opt("SpreadLevel").filter(|text| !text.is_empty());
        match (strategy, partitions, level) {
            ("precision-time", _, _) => return Err(Error::Unsupported("the strategy precision-time".into())),
            ("spread", None, Some("host")) => return Err(Error::Unsupported("the spread level host".into())),
            ("partition", _, None) | ("cluster", None, None) | ("spread", None, None | Some("rack")) => {}
            ("partition" | "cluster" | "spread", Some(_), _) => {
                return Err(Error::ParameterCombination(
                    "PartitionCount is valid with the strategy partition only".into(),
                ));
            }
            ("partition" | "cluster" | "spread", _, _) => {
                return Err(Error::ParameterCombination("SpreadLevel is rack, with the strategy spread only".into()));
            }
            (other, _, _) => {
                return Err(p.invalid("Strategy", other, "Expecting cluster, spread or partition.").into());
            }
        }
        Ok(CreatePlacementGroup {
            name: name.to_owned(),
            partitions: (strategy == "partition").then_some(partitions.unwrap_or(PARTITIONS)),
            strategy: strategy.to_owned(),
            tags: tagging::of(&specifications, "placement-group"),
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let made = placement::create(c, account, region, &self.name, &self.strategy, self.partitions)?;
            db::tags::put(c, Resource { account, region, id: &made.id, kind: "placement-group" }, &self.tags)?;
            Ok(Output { done: true, placement_group: Item::new(made, self.tags) })
        };
        cx.change(job).await
    }
}

#[cfg(test)]
mod tests {
    use crate::ec2::tests::Bench;

    const RUN: &str = "Action=RunInstances&ImageId=ami-12345678&InstanceType=m5.large&MinCount=1&MaxCount=1";

    #[tokio::test]
    async fn a_group_holds_its_instances() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let tag = "TagSpecification.1.ResourceType=placement-group&TagSpecification.1.Tag.1.Key=a";
        let made = bench.call(&format!("Action=CreatePlacementGroup&GroupName=near&Strategy=cluster&{tag}")).await;
        assert_eq!((made.get("state"), made.get("strategy")), (Some("available"), Some("cluster")), "{}", made.xml);
        let id = made.get("groupId").unwrap();
        bench.call("Action=CreatePlacementGroup&GroupName=parts&Strategy=partition&PartitionCount=3").await;
        let run = bench.call(&format!("{RUN}&Placement.GroupName=near")).await;
        assert_eq!((run.get("groupName"), run.get("tenancy")), (Some("near"), Some("default")), "{}", run.xml);
        let run = bench.call(&format!("{RUN}&Placement.GroupName=parts&Placement.PartitionNumber=3")).await;
        assert_eq!(run.get("partitionNumber"), Some("3"));
        let filter = "Filter.1.Name=placement-group-name&Filter.1.Value.1=near";
        assert_eq!(bench.call(&format!("Action=DescribeInstances&{filter}")).await.all("instanceId").len(), 1);
        for (form, code) in [
            ("Placement.GroupName=none", "InvalidPlacementGroup.Unknown"),
            ("Placement.GroupName=parts&Placement.PartitionNumber=4", "InvalidParameterValue"),
            ("Placement.GroupName=near&InstanceType=t3.micro", "InvalidParameterCombination"),
        ] {
            let form = format!(
                "{}&{form}",
                RUN.replace("&InstanceType=m5.large", if form.contains("t3") { "" } else { "&InstanceType=m5.large" })
            );
            assert_eq!(bench.call(&form).await.code(), code, "{form}");
        }
        let by_id = bench.call(&format!("Action=DescribePlacementGroups&GroupId.1={id}")).await;
        assert_eq!((by_id.all("groupName"), by_id.all("key")), (vec!["near"], vec!["a"]));
        let seen = bench.call("Action=DescribePlacementGroups&Filter.1.Name=strategy&Filter.1.Value.1=partition").await;
        assert_eq!((seen.all("groupName"), seen.get("partitionCount")), (vec!["parts"], Some("3")));
        let busy = bench.call("Action=DeletePlacementGroup&GroupName=near").await;
        assert_eq!(busy.code(), "InvalidPlacementGroup.InUse");
        let taken = bench.call("Action=CreatePlacementGroup&GroupName=near").await;
        assert_eq!(taken.code(), "InvalidPlacementGroup.Duplicate");
        let tagged = bench.call(&format!("Action=CreateTags&ResourceId.1={id}&Tag.1.Key=b")).await;
        assert_eq!(tagged.get("return"), Some("true"), "{}", tagged.xml);
        let foreign = bench.call_other("Action=DeletePlacementGroup&GroupName=near").await;
        assert_eq!(foreign.code(), "InvalidPlacementGroup.Unknown");
    }

    #[tokio::test]
    async fn groups_go_and_bad_ones_do_not_come() {
        let bench = Bench::new();
        for (form, code) in [
            ("Strategy=cluster", "MissingParameter"),
            ("GroupName=g&Strategy=heap", "InvalidParameterValue"),
            ("GroupName=g&Strategy=cluster&PartitionCount=2", "InvalidParameterCombination"),
            ("GroupName=g&Strategy=cluster&SpreadLevel=rack", "InvalidParameterCombination"),
            ("GroupName=g&Strategy=spread&SpreadLevel=host", "UnsupportedOperation"),
            ("GroupName=g&Strategy=partition&PartitionCount=8", "InvalidParameterValue"),
        ] {
            assert_eq!(bench.call(&format!("Action=CreatePlacementGroup&{form}")).await.code(), code, "{form}");
        }
        let made = bench.call("Action=CreatePlacementGroup&GroupName=apart&Strategy=spread").await;
        assert_eq!(made.get("spreadLevel"), Some("rack"), "{}", made.xml);
        let gone = "Action=DeletePlacementGroup&GroupName=apart";
        assert_eq!(bench.call(gone).await.get("return"), Some("true"));
        assert_eq!(bench.call(gone).await.code(), "InvalidPlacementGroup.Unknown");
    }

    #[tokio::test]
    async fn only_a_stopped_instance_is_moved() {
        let bench = Bench::new();
        bench.image("ami-12345678").await;
        let id = bench.call(RUN).await.get("instanceId").unwrap().to_owned();
        let modify = |form: &str| format!("Action=ModifyInstancePlacement&InstanceId={id}&{form}");
        for (form, code) in [
            ("GroupName=none", "IncorrectInstanceState"),
            ("", "MissingParameter"),
            ("Tenancy=host", "IncorrectInstanceState"),
            ("Tenancy=tent", "InvalidParameterValue"),
            ("HostId=h-12345678&Tenancy=default", "InvalidParameterCombination"),
        ] {
            assert_eq!(bench.call(&modify(form)).await.code(), code, "{form}");
        }
    }
}

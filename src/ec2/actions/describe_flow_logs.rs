//! The caller's flow logs. Each says that its delivery fails, which is the truth. An id that nothing has is left out.

use crate::clock;
use crate::db::tags::Tag;
use crate::ec2::describe::Listing;
use crate::ec2::filter::{Filtered, Values, maybe};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::network::flow_logs::{Destination, Files, FlowLog};
use crate::network::records::Kept;
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeFlowLogs(Listing<Item>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    flow_log_set: Vec<Item>,
    next_token: Option<String>,
}

/// One flow log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    creation_time: Time,
    deliver_logs_error_message: &'static str,
    deliver_logs_permission_arn: Option<String>,
    deliver_cross_account_role: Option<String>,
    deliver_logs_status: &'static str,
    flow_log_id: String,
    flow_log_status: &'static str,
    log_group_name: Option<String>,
    resource_id: String,
    traffic_type: String,
    log_destination_type: String,
    log_destination: Option<String>,
    log_format: String,
    tag_set: Vec<Tag>,
    max_aggregation_interval: i64,
    destination_options: Option<FilesItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilesItem {
    file_format: String,
    hive_compatible_partitions: bool,
    per_hour_partition: bool,
}

impl From<Files> for FilesItem {
    fn from(files: Files) -> FilesItem {
        let Files { format, hive, hourly } = files;
        FilesItem { file_format: format, hive_compatible_partitions: hive, per_hour_partition: hourly }
    }
}

impl Item {
    fn new(kept: Kept<FlowLog>, tag_set: Vec<Tag>) -> Item {
        let FlowLog { resource, traffic, to, format, interval, created_at } = kept.it;
        let Destination { kind, arn, group_name, role, cross_account_role, files } = to;
        Item {
            creation_time: Time(clock::from_ms(created_at)),
            // AWS's word, and then the reason.
            deliver_logs_error_message: "Unknown error: no packets are logged in this cloud",
            deliver_logs_permission_arn: role,
            deliver_cross_account_role: cross_account_role,
            deliver_logs_status: "FAILED",
            flow_log_id: kept.id,
            flow_log_status: "ACTIVE",
            log_group_name: group_name,
            resource_id: resource,
            traffic_type: traffic,
            log_destination_type: kind,
            log_destination: arn,
            log_format: format,
            tag_set,
            max_aggregation_interval: interval,
            destination_options: files.map(FilesItem::from),
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("deliver-log-status", |i| vec![i.deliver_logs_status.into()]),
        ("flow-log-id", |i| vec![i.flow_log_id.as_str().into()]),
        ("log-destination-type", |i| vec![i.log_destination_type.as_str().into()]),
        ("log-group-name", |i| maybe(&i.log_group_name)),
        ("resource-id", |i| vec![i.resource_id.as_str().into()]),
        ("traffic-type", |i| vec![i.traffic_type.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeFlowLogs {
    const NAME: &'static str = "DescribeFlowLogs";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DescribeFlowLogs(Listing::sized(p, Kind::FlowLog, "FlowLogId", 1..=1000)?.forgiving()))
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (flow_log_set, next_token) = self.0.of_records(cx, Item::new).await?;
        Ok(Output { flow_log_set, next_token })
    }
}

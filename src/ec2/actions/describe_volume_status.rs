//! How the caller's volumes are. The host is not watched: a volume that is there is well.

use super::describe_volumes::find;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::interfaces::Operator;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, zone};
use crate::id::Kind;
use crate::volumes::Volume;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeVolumeStatus {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    volume_status_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    volume_id: String,
    availability_zone: String,
    availability_zone_id: String,
    volume_status: Status,
    events_set: Vec<()>,
    actions_set: Vec<()>,
    attachment_statuses: Vec<AttachmentStatus>,
    initialization_status_details: Initialization,
    operator: Operator,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
    details: Vec<Detail>,
}

#[derive(Serialize)]
struct Detail {
    name: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentStatus {
    io_performance: &'static str,
    instance_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialization {
    initialization_type: &'static str,
    progress: u32,
}

impl Item {
    fn new(volume: Volume) -> Item {
        let status = if volume.row.made { ("ok", "passed") } else { ("insufficient-data", "insufficient-data") };
        let attached = |instance: String| AttachmentStatus { io_performance: "not-applicable", instance_id: instance };
        Item {
            availability_zone_id: zone::id(&volume.row.zone),
            availability_zone: volume.row.zone,
            volume_status: Status {
                status: status.0,
                details: vec![
                    Detail { name: "io-enabled", status: status.1 },
                    Detail { name: "io-performance", status: "not-applicable" },
                    Detail { name: "initialization-state", status: "completed" },
                ],
            },
            events_set: Vec::new(),
            actions_set: Vec::new(),
            attachment_statuses: volume.attachments.into_iter().map(|a| attached(a.instance)).collect(),
            initialization_status_details: Initialization { initialization_type: "default", progress: 100 },
            operator: Operator::NOBODY,
            volume_id: volume.row.id,
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("action.code", |_| vec![]),
        ("action.description", |_| vec![]),
        ("action.event-id", |_| vec![]),
        ("attachment-status.instance-id", |v| {
            v.attachment_statuses.iter().map(|a| a.instance_id.as_str().into()).collect()
        }),
        ("attachment-status.io-performance", |v| {
            v.attachment_statuses.iter().map(|a| a.io_performance.into()).collect()
        }),
        ("availability-zone", |v| vec![v.availability_zone.as_str().into()]),
        ("availability-zone-id", |v| vec![v.availability_zone_id.as_str().into()]),
        ("event.description", |_| vec![]),
        ("event.event-id", |_| vec![]),
        ("event.event-type", |_| vec![]),
        ("event.not-after", |_| vec![]),
        ("event.not-before", |_| vec![]),
        ("volume-status.details-name", |v| v.volume_status.details.iter().map(|d| d.name.into()).collect()),
        ("volume-status.details-status", |v| v.volume_status.details.iter().map(|d| d.status.into()).collect()),
        ("volume-status.status", |v| vec![v.volume_status.status.into()]),
    ];
}

impl Action for DescribeVolumeStatus {
    const NAME: &'static str = "DescribeVolumeStatus";
    /// No service manages volumes on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("VolumeId", Kind::Volume)?.into_iter().map(str::to_owned).collect();
        let page = Page::read(p, (!ids.is_empty()).then_some("volumeSet"))?;
        Ok(DescribeVolumeStatus { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let mut items: Vec<Item> = find(cx, &self.ids).await?.into_iter().map(Item::new).collect();
        items.retain(|item| self.filters.accept(item));
        let (volume_status_set, next_token) = self.page.cut(items, |v| v.volume_id.clone());
        Ok(Output { volume_status_set, next_token })
    }
}

//! The images that the caller's instances were launched with, whatever became of them.

use super::describe_instances::{find, shown};
use crate::clock;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values, flag};
use crate::ec2::instances::StateItem;
use crate::ec2::interfaces::Operator;
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, zone};
use crate::id::Kind;
use crate::images::{Image, allowed};
use crate::wire::ec2_xml::Time;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeInstanceImageMetadata {
    ids: Vec<String>,
    filters: Filters<Item>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_image_metadata_set: Vec<Item>,
    next_token: Option<String>,
}

/// An instance with its image.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    instance_id: String,
    instance_type: String,
    launch_time: Time,
    availability_zone: String,
    zone_id: String,
    instance_state: StateItem,
    instance_owner_id: String,
    tag_set: Vec<Tag>,
    image_metadata: ImageItem,
    operator: Operator,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageItem {
    image_id: String,
    name: Option<String>,
    image_owner_id: Option<String>,
    image_state: &'static str,
    image_owner_alias: Option<&'static str>,
    creation_date: Option<Time>,
    deprecation_time: Option<Time>,
    image_allowed: bool,
    is_public: bool,
}

impl ImageItem {
    /// `None`: nothing is known of it any more.
    fn new(id: &str, image: Option<Image>, image_allowed: bool) -> ImageItem {
        let time = |ms: i64| Time(clock::from_ms(ms));
        ImageItem {
            image_id: id.to_owned(),
            image_state: image.as_ref().map_or("deregistered", |i| i.state.as_str()),
            image_owner_alias: image.as_ref().filter(|i| i.is_the_operators()).map(|_| "amazon"),
            creation_date: image.as_ref().map(|i| time(i.created_at)),
            deprecation_time: image.as_ref().and_then(|i| i.details.deprecated_at).map(time),
            is_public: image.as_ref().is_some_and(|i| i.is_public),
            image_allowed,
            image_owner_id: image.as_ref().map(|i| i.account.clone()),
            name: image.and_then(|i| i.name),
        }
    }
}

impl Filtered for Item {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("availability-zone", |i| vec![i.availability_zone.as_str().into()]),
        ("image-allowed", |i| flag(i.image_metadata.image_allowed)),
        ("instance-id", |i| vec![i.instance_id.as_str().into()]),
        ("instance-state-name", |i| vec![i.instance_state.name().into()]),
        ("instance-type", |i| vec![i.instance_type.as_str().into()]),
        ("launch-time", |i| vec![i.launch_time.to_string().into()]),
        ("owner-alias", |i| i.image_metadata.image_owner_alias.iter().map(|a| (*a).into()).collect()),
        ("owner-id", |i| vec![i.instance_owner_id.as_str().into()]),
        ("zone-id", |i| vec![i.zone_id.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeInstanceImageMetadata {
    const NAME: &'static str = "DescribeInstanceImageMetadata";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.ids("InstanceId", Kind::Instance)?.into_iter().map(str::to_owned).collect();
        let page = Page::within(p, (!ids.is_empty()).then_some("instanceIds"), 1..=1000)?;
        Ok(DescribeInstanceImageMetadata { ids, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (account, now) = (&cx.caller.account, clock::to_ms(cx.now));
        let allowed = cx.cloud.db.read(|c| allowed::allowed(c, account, &cx.region))?;
        let mut items = Vec::new();
        for shown in shown(cx, find(cx, &self.ids)?)? {
            let (instance, tag_set) = shown.parts();
            let image = cx.cloud.images.get(&instance.spec.image_id)?;
            let meets = image.as_ref().is_some_and(|image| allowed.meets(image, account, now));
            let item = Item {
                image_metadata: ImageItem::new(&instance.spec.image_id, image, meets),
                launch_time: Time(clock::from_ms(instance.row.launched_at)),
                instance_state: instance.state.into(),
                zone_id: zone::id(&instance.row.zone),
                instance_id: instance.row.id,
                instance_type: instance.row.instance_type,
                availability_zone: instance.row.zone,
                instance_owner_id: instance.row.account,
                tag_set,
                operator: Operator::NOBODY,
            };
            if self.filters.accept(&item) {
                items.push(item);
            }
        }
        let (instance_image_metadata_set, next_token) = self.page.cut(items, |i| i.instance_id.clone());
        Ok(Output { instance_image_metadata_set, next_token })
    }
}

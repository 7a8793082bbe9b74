//! The caller's launch templates.

use crate::compute::templates::{self, Name};
use crate::db;
use crate::db::tags::Tag;
use crate::ec2::filter::{Filtered, Filters, Values};
use crate::ec2::page::Page;
use crate::ec2::registry::Action;
use crate::ec2::templates::TemplateItem;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct DescribeLaunchTemplates {
    names: Vec<Name>,
    filters: Filters<TemplateItem>,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    launch_templates: Vec<TemplateItem>,
    next_token: Option<String>,
}

impl Filtered for TemplateItem {
    const FILTERS: &'static [(&'static str, Values<Self>)] = &[
        ("create-time", |t| vec![t.create_time.to_string().into()]),
        ("launch-template-name", |t| vec![t.launch_template_name.as_str().into()]),
    ];
    const TAGGED: bool = true;
    fn tags(&self) -> Option<&[Tag]> {
        Some(&self.tag_set)
    }
}

impl Action for DescribeLaunchTemplates {
    const NAME: &'static str = "DescribeLaunchTemplates";
    /// No service manages templates on somebody's behalf here.
    const IGNORED: &'static [&'static str] = &["IncludeManagedResources"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids = p.ids("LaunchTemplateId", Kind::LaunchTemplate)?.into_iter().map(|id| Name::Id(id.to_owned()));
        let names = p.list("LaunchTemplateName").into_iter().map(|name| Name::Name(name.to_owned()));
        let names: Vec<Name> = ids.chain(names).collect();
        let page = Page::within(p, None, 1..=200)?;
        Ok(DescribeLaunchTemplates { names, filters: Filters::read(p)?, page })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let names = self.names;
        let (all, mut tags) = cx
            .look(|c, account, region| {
                let tags = db::tags::by_resource(c, account, region, "launch-template")?;
                if names.is_empty() {
                    return Ok((templates::all(c, account, region)?, tags));
                }
                let named = names.iter().map(|name| templates::need(c, account, region, name));
                Ok((named.collect::<Result<Vec<_>, _>>()?, tags))
            })
            .await?;
        let items = all
            .into_iter()
            .map(|t| {
                let tags = tags.remove(&t.id).unwrap_or_default();
                TemplateItem::new(t, tags)
            })
            .filter(|item| self.filters.accept(item))
            .collect();
        let (launch_templates, next_token) = self.page.cut(items, |t: &TemplateItem| t.launch_template_id.clone());
        Ok(Output { launch_templates, next_token })
    }
}

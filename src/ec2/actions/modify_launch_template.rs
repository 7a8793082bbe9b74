//! Make another version of a launch template the default one.

use super::create_launch_template::Output;
use crate::compute::templates::{self, Name, Version};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::templates::{TemplateItem, named, version};
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ModifyLaunchTemplate {
    template: Name,
    default: Option<Version>,
}

impl Action for ModifyLaunchTemplate {
    const NAME: &'static str = "ModifyLaunchTemplate";
    /// Said twice, it is the same.
    const IGNORED: &'static [&'static str] = &["ClientToken"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        // The model says SetDefaultVersion, some clients DefaultVersion.
        let default = p.opt("SetDefaultVersion").or(p.opt("DefaultVersion")).filter(|text| !text.is_empty());
        Ok(ModifyLaunchTemplate {
            template: named(p)?,
            default: default.map(|text| version(p, "SetDefaultVersion", text)).transpose()?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut template = templates::need(c, account, region, &self.template)?;
            if let Some(default) = self.default {
                templates::set_default(c, &mut template, default)?;
            }
            let tags = db::tags::of(c, account, &template.id)?;
            Ok(Output { launch_template: TemplateItem::new(template, tags) })
        };
        cx.change(job).await
    }
}

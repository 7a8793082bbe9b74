//! Delete a launch template with its versions. Instances that it launched stay.

use super::create_launch_template::Output;
use crate::compute::templates::{self, Name};
use crate::db::{self, Conn};
use crate::ec2::registry::Action;
use crate::ec2::templates::{TemplateItem, named};
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DeleteLaunchTemplate {
    template: Name,
}

impl Action for DeleteLaunchTemplate {
    const NAME: &'static str = "DeleteLaunchTemplate";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(DeleteLaunchTemplate { template: named(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let template = templates::need(c, account, region, &self.template)?;
            let tags = db::tags::of(c, account, &template.id)?;
            templates::delete(c, &template)?;
            Ok(Output { launch_template: TemplateItem::new(template, tags) })
        };
        cx.change(job).await
    }
}

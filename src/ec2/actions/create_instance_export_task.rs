//! Write a stopped instance's disk into a bucket, as VMDK, VHD or raw.

use crate::compute;
use crate::db::tags::{Resource, Tag};
use crate::db::{self, Conn};
use crate::ec2::image_tasks::{ExportItem, shown};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error, tagging};
use crate::id::{self, Kind};
use crate::images::tasks::{self, Object, Wanted};
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct CreateInstanceExportTask {
    instance: String,
    wanted: Wanted,
    to: Object,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    export_task: ExportItem,
}

impl Action for CreateInstanceExportTask {
    const NAME: &'static str = "CreateInstanceExportTask";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let specifications = tagging::specifications(p, &["export-instance-task"])?;
        let to = p.nested("ExportToS3").ok_or_else(|| query::Error::Missing("ExportToS3".into()))?;
        let format = to.opt("DiskImageFormat").filter(|text| !text.is_empty()).unwrap_or("VMDK");
        if !tasks::is_export_format(format) {
            return Err(p.invalid("DiskImageFormat", format, "Expecting VMDK, VHD or RAW.").into());
        }
        if to.opt("ContainerFormat").is_some_and(|text| !text.is_empty()) {
            return Err(Error::Unsupported("OVA files".into()));
        }
        let environment = p.req("TargetEnvironment")?;
        if !["citrix", "vmware", "microsoft"].contains(&environment) {
            let expected = "Expecting citrix, vmware or microsoft.";
            return Err(p.invalid("TargetEnvironment", environment, expected).into());
        }
        let prefix = to.opt("S3Prefix").unwrap_or_default();
        let name = format!("{prefix}export-{}.{}", id::hex(8), format.to_ascii_lowercase());
        let to = Object { bucket: to.req("S3Bucket")?.to_owned(), key: name };
        let instance = p.id("InstanceId", Kind::Instance)?.to_owned();
        let wanted = Wanted::ExportInstance {
            instance: instance.clone(),
            format: format.to_owned(),
            to: to.clone(),
            environment: environment.to_owned(),
            description: p.opt("Description").unwrap_or_default().to_owned(),
        };
        let tags = tagging::of(&specifications, "export-instance-task");
        Ok(CreateInstanceExportTask { instance, wanted, to, tags })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        super::create_store_image_task::check_target(cx, self.to).await?;
        let job = move |c: &Conn, account: &str, region: &str| {
            let task = compute::export(c, account, region, &self.instance, self.wanted)?;
            db::tags::put(c, Resource { account, region, id: &task.id, kind: "export-instance-task" }, &self.tags)?;
            Ok(Output { export_task: shown(ExportItem::new(task, self.tags))? })
        };
        let made = cx.change(job).await?;
        cx.cloud.compute.wake();
        Ok(made)
    }
}

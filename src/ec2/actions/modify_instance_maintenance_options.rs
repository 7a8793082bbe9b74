//! Say whether an instance wants automatic recovery and migration by reboot. It is kept: there is neither.

use crate::compute::Edit;
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::Params;
use serde::Serialize;

pub struct ModifyInstanceMaintenanceOptions {
    id: String,
    auto_recovery: Option<bool>,
    reboot_migration: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_id: String,
    auto_recovery: &'static str,
    reboot_migration: &'static str,
}

impl Action for ModifyInstanceMaintenanceOptions {
    const NAME: &'static str = "ModifyInstanceMaintenanceOptions";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(ModifyInstanceMaintenanceOptions {
            id: p.id("InstanceId", Kind::Instance)?.to_owned(),
            auto_recovery: one_of(p, "AutoRecovery", "default", "disabled")?,
            reboot_migration: one_of(p, "RebootMigration", "default", "disabled")?,
        })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let edit = Edit::Maintenance { auto_recovery: self.auto_recovery, reboot_migration: self.reboot_migration };
        let edited = cx.cloud.compute.edit(&cx.caller.account, &cx.region, vec![self.id.clone()], edit).await?;
        let instance = edited.into_iter().next().ok_or_else(|| Error::no_such(Kind::Instance, &self.id))?;
        let word = |off| if off { "disabled" } else { "default" };
        Ok(Output {
            instance_id: self.id,
            auto_recovery: word(instance.spec.options.no_auto_recovery),
            reboot_migration: word(instance.spec.options.no_reboot_migration),
        })
    }
}

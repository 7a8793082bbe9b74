//! Change dedicated hosts: whether they take instances that name no host, and which types of their family. Recovery and maintenance are kept only.

use crate::compute::dedicated::{self, HostEdit};
use crate::ec2::hosts::{self, Outcome};
use crate::ec2::launch::one_of;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct ModifyHosts {
    ids: Vec<String>,
    edit: HostEdit,
}

impl Action for ModifyHosts {
    const NAME: &'static str = "ModifyHosts";
    type Output = Outcome;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let owned = |name| p.opt(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let on = |name| one_of(p, name, "on", "off");
        let edit = HostEdit {
            auto_placement: on("AutoPlacement")?,
            recovery: on("HostRecovery")?,
            maintenance: on("HostMaintenance")?,
            instance_type: owned("InstanceType"),
            family: owned("InstanceFamily"),
        };
        let HostEdit { auto_placement, recovery, maintenance, instance_type, family } = &edit;
        if instance_type.is_some() && family.is_some() {
            return Err(Error::ParameterCombination(
                "The parameters InstanceType and InstanceFamily may not be used together".into(),
            ));
        }
        let ids = hosts::named(p)?;
        if auto_placement.or(*recovery).or(*maintenance).is_none() && instance_type.is_none() && family.is_none() {
            return Err(Error::MissingEither("The request must contain an attribute to change".into()));
        }
        Ok(ModifyHosts { ids, edit })
    }

    async fn run(self, cx: &Cx) -> Result<Outcome, Error> {
        let edit = self.edit;
        hosts::each(cx, self.ids, move |c, account, region, id| dedicated::modify(c, account, region, id, &edit)).await
    }
}

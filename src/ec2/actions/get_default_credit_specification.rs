//! How new instances of a burstable family use processor credits where their launch does not say it.

use crate::compute::{defaults, types};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetDefaultCreditSpecification {
    family: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    instance_family_credit_specification: Item,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    instance_family: &'static str,
    cpu_credits: String,
}

impl Output {
    pub(super) fn new(instance_family: &'static str, cpu_credits: String) -> Output {
        Output { instance_family_credit_specification: Item { instance_family, cpu_credits } }
    }
}

/// The burstable family that a request names.
pub(super) fn family(p: &Params<'_>) -> Result<&'static str, Error> {
    let name = p.req("InstanceFamily")?;
    let burstable = types::all().iter().map(|size| &*size.family).filter(|family| family.burstable);
    let mut names = burstable.map(|family| family.name.as_str());
    let wrong = || p.invalid("InstanceFamily", name, "Expecting a burstable family.");
    Ok(names.find(|known| *known == name).ok_or_else(wrong)?)
}

impl Action for GetDefaultCreditSpecification {
    const NAME: &'static str = "GetDefaultCreditSpecification";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        Ok(GetDefaultCreditSpecification { family: family(p)? })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let credits = cx.cloud.db.read(|c| defaults::credits(c, &cx.caller.account, &cx.region, self.family))?;
        Ok(Output::new(self.family, credits))
    }
}

//! Say how instances of burstable types are to use processor credits. It is kept: credits never run out here.

use crate::compute::{Edit, types};
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct ModifyInstanceCreditSpecification {
    /// Instances, and what each is to have.
    wanted: Vec<(String, String)>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    successful_instance_credit_specification_set: Vec<Changed>,
    unsuccessful_instance_credit_specification_set: Vec<Failed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    instance_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    instance_id: String,
    error: Why,
}

#[derive(Serialize)]
struct Why {
    code: &'static str,
    message: String,
}

impl Action for ModifyInstanceCreditSpecification {
    const NAME: &'static str = "ModifyInstanceCreditSpecification";
    /// Doing it twice is doing it once.
    const IGNORED: &'static [&'static str] = &["ClientToken"];
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let mut wanted = Vec::new();
        for one in p.structs("InstanceCreditSpecification") {
            let credits = one.req("CpuCredits")?;
            if !["standard", "unlimited"].contains(&credits) {
                return Err(one.invalid("CpuCredits", credits, "Expecting standard or unlimited.").into());
            }
            wanted.push((one.req("InstanceId")?.to_owned(), credits.to_owned()));
        }
        if wanted.is_empty() {
            return Err(query::Error::Missing("InstanceCreditSpecification".into()).into());
        }
        Ok(ModifyInstanceCreditSpecification { wanted })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let (compute, account, region) = (&cx.cloud.compute, &cx.caller.account, &cx.region);
        let mut output = Output::default();
        for (id, credits) in self.wanted {
            let found = compute.instance(account, region, &id)?;
            let why = match &found {
                None if Kind::Instance.accepts(&id) => Some(("InvalidInstanceID.NotFound", "does not exist")),
                None => Some(("InvalidInstanceID.Malformed", "is no instance ID")),
                Some(i) if !types::find(&i.row.instance_type).is_some_and(|t| t.family.burstable) => {
                    Some(("InstanceCreditSpecification.NotSupported", "has a type without credits"))
                }
                Some(_) => None,
            };
            let why = match why {
                Some((code, what)) => Some(Why { code, message: format!("The instance '{id}' {what}") }),
                None => match compute.edit(account, region, vec![id.clone()], Edit::Credits(credits)).await {
                    Ok(_) => None,
                    Err(e) => Some(Why { code: "IncorrectInstanceState", message: e.to_string() }),
                },
            };
            match why {
                Some(error) => {
                    output.unsuccessful_instance_credit_specification_set.push(Failed { instance_id: id, error });
                }
                None => output.successful_instance_credit_specification_set.push(Changed { instance_id: id }),
            }
        }
        Ok(output)
    }
}

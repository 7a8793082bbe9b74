//! Which images an account allows itself, as requests say it and as answers write it.

use super::{Cx, Error};
use crate::db::Conn;
use crate::images::allowed::{self, Criterion, NOBODY, State};
use crate::wire::query::Params;
use serde::Serialize;

/// Most criteria, and of one criterion most providers and names.
const MOST_CRITERIA: usize = 10;
const MOST_PROVIDERS: usize = 200;
const MOST_NAMES: usize = 50;

/// Accounts that AWS calls by a name.
const ALIASES: &[&str] = &["amazon", "aws-marketplace", "aws-backup-vault", NOBODY];

/// Say what is done with the criteria.
pub async fn set_state(cx: &Cx, state: State) -> Result<&'static str, Error> {
    let job = move |c: &Conn, account: &str, region: &str| {
        let before = allowed::allowed(c, account, region)?;
        Ok(allowed::set_allowed(c, account, region, &allowed::Allowed { state, ..before })?)
    };
    cx.change(job).await?;
    Ok(state.text())
}

/// Read `ImageCriterion.N`.
pub fn criteria(p: &Params<'_>) -> Result<Vec<Criterion>, Error> {
    let criteria = p.structs("ImageCriterion").iter().map(criterion).collect::<Result<Vec<_>, _>>()?;
    match criteria.len() > MOST_CRITERIA {
        true => Err(Error::ParameterValue(format!("The maximum number of image criteria is {MOST_CRITERIA}"))),
        false => Ok(criteria),
    }
}

fn criterion(p: &Params<'_>) -> Result<Criterion, Error> {
    for name in ["ImageWatermark", "ScanResultCondition"] {
        if p.asks(name) {
            return Err(Error::Unsupported(p.name(name)));
        }
        p.ignore(name);
    }
    let owned = |name: &str, most: usize| {
        let all: Vec<String> = p.list(name).into_iter().map(str::to_owned).collect();
        match all.len() > most {
            true => Err(Error::ParameterValue(format!("The maximum number of values of {name} is {most}"))),
            false => Ok(all),
        }
    };
    let days = |structure: &str, name: &str| match p.nested(structure) {
        Some(condition) => condition.opt_int(name, 0..=i64::from(i32::MAX)),
        None => Ok(None),
    };
    let criterion = Criterion {
        providers: owned("ImageProvider", MOST_PROVIDERS)?,
        names: owned("ImageName", MOST_NAMES)?,
        product_codes: owned("MarketplaceProductCode", MOST_NAMES)?,
        days_deprecated: days("DeprecationTimeCondition", "MaximumDaysSinceDeprecated")?,
        days_old: days("CreationDateCondition", "MaximumDaysSinceCreated")?,
    };
    let is_account = |text: &String| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let known = |text: &&String| !is_account(text) && !ALIASES.contains(&text.as_str());
    if let Some(wrong) = criterion.providers.iter().find(known) {
        return Err(p.invalid("ImageProvider", wrong, "Expecting an account ID, or an alias of one.").into());
    }
    match criterion == Criterion::default() {
        true => Err(Error::ParameterValue("An image criterion must say something.".into())),
        false => Ok(criterion),
    }
}

/// A criterion as it is written. What it does not say is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CriterionItem {
    image_provider_set: Option<Vec<String>>,
    marketplace_product_code_set: Option<Vec<String>>,
    image_name_set: Option<Vec<String>>,
    deprecation_time_condition: Option<Deprecated>,
    creation_date_condition: Option<Created>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deprecated {
    maximum_days_since_deprecated: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    maximum_days_since_created: i64,
}

impl From<Criterion> for CriterionItem {
    fn from(c: Criterion) -> CriterionItem {
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        CriterionItem {
            image_provider_set: some(c.providers),
            marketplace_product_code_set: some(c.product_codes),
            image_name_set: some(c.names),
            deprecation_time_condition: c
                .days_deprecated
                .map(|maximum_days_since_deprecated| Deprecated { maximum_days_since_deprecated }),
            creation_date_condition: c
                .days_old
                .map(|maximum_days_since_created| Created { maximum_days_since_created }),
        }
    }
}

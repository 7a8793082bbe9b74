//! Delete fleets, with or without their instances.

use crate::compute::fleet::{Fleet, Kind as FleetKind, State};
use crate::compute::records;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::id::Kind;
use crate::wire::query::{self, Params};
use serde::Serialize;

pub struct DeleteFleets {
    ids: Vec<String>,
    terminate: bool,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    successful_fleet_deletion_set: Vec<Deleted>,
    unsuccessful_fleet_deletion_set: Vec<Failed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    current_fleet_state: &'static str,
    previous_fleet_state: &'static str,
    fleet_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    error: Why,
    fleet_id: String,
}

#[derive(Serialize)]
struct Why {
    code: &'static str,
    message: String,
}

impl Action for DeleteFleets {
    const NAME: &'static str = "DeleteFleets";
    type Output = Output;

    fn read(p: &Params<'_>) -> Result<Self, Error> {
        let ids: Vec<String> = p.list("FleetId").into_iter().map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(query::Error::Missing("FleetId".into()).into());
        }
        let terminate = p.opt_bool("TerminateInstances")?;
        let terminate = terminate.ok_or_else(|| query::Error::Missing("TerminateInstances".into()))?;
        Ok(DeleteFleets { ids, terminate })
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = move |c: &Conn, account: &str, region: &str| {
            let mut output = Output::default();
            for id in self.ids {
                let why = if Kind::Fleet.accepts(&id) { "fleetIdDoesNotExist" } else { "fleetIdMalformed" };
                let found = records::get::<Fleet>(c, &id)?;
                let Some(mut fleet) = found.filter(|f| f.account == account && f.region == region) else {
                    let error = Why { code: why, message: format!("The fleet ID '{id}' does not exist") };
                    output.unsuccessful_fleet_deletion_set.push(Failed { error, fleet_id: id });
                    continue;
                };
                if fleet.it.state != State::Active {
                    let message = format!("The fleet '{id}' is deleted already");
                    let error = Why { code: "fleetNotInDeletableState", message };
                    output.unsuccessful_fleet_deletion_set.push(Failed { error, fleet_id: id });
                    continue;
                }
                if fleet.it.kind == FleetKind::Instant && !self.terminate {
                    return Err(Error::FleetKeepsNone);
                }
                let previous_fleet_state = fleet.it.state.text();
                fleet.it.state = if self.terminate { State::DeletedTerminating } else { State::DeletedRunning };
                records::update(c, &fleet)?;
                output.successful_fleet_deletion_set.push(Deleted {
                    current_fleet_state: fleet.it.state.text(),
                    previous_fleet_state,
                    fleet_id: id,
                });
            }
            Ok(output)
        };
        let output = cx.change(job).await?;
        cx.cloud.compute.tend();
        Ok(output)
    }
}

//! Whether the account lets people at serial consoles.

use crate::compute::defaults;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;
use serde::Serialize;

pub struct GetSerialConsoleAccessStatus;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    serial_console_access_enabled: bool,
    managed_by: Option<&'static str>,
}

impl Output {
    /// The answer of the calls that change it.
    pub(super) fn changed(on: bool) -> Output {
        Output { serial_console_access_enabled: on, managed_by: None }
    }
}

impl Action for GetSerialConsoleAccessStatus {
    const NAME: &'static str = "GetSerialConsoleAccessStatus";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(GetSerialConsoleAccessStatus)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let on = cx.cloud.db.read(|c| defaults::serial_console(c, &cx.caller.account, &cx.region))?;
        Ok(Output { serial_console_access_enabled: on, managed_by: Some("account") })
    }
}

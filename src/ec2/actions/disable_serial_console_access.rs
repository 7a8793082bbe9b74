//! Let nobody of the account at serial consoles any more. It is kept: there is no console to connect to.

use super::get_serial_console_access_status::Output;
use crate::compute::defaults;
use crate::db::Conn;
use crate::ec2::registry::Action;
use crate::ec2::{Cx, Error};
use crate::wire::query::Params;

pub struct DisableSerialConsoleAccess;

impl Action for DisableSerialConsoleAccess {
    const NAME: &'static str = "DisableSerialConsoleAccess";
    type Output = Output;

    fn read(_: &Params<'_>) -> Result<Self, Error> {
        Ok(DisableSerialConsoleAccess)
    }

    async fn run(self, cx: &Cx) -> Result<Output, Error> {
        let job = |c: &Conn, account: &str, region: &str| {
            defaults::set_serial_console(c, account, region, false)?;
            Ok(Output::changed(false))
        };
        cx.change(job).await
    }
}

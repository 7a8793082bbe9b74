//! What an account says of all its instances in a region. Runs inside a caller's transaction.

use super::options::MetadataEdit;
use crate::db::{self, Conn, account_settings};

const METADATA: &str = "instance-metadata-defaults";
const SERIAL_CONSOLE: &str = "serial-console-access";

/// How new instances use the metadata service where their launch does not say it.
pub fn metadata(c: &Conn, account: &str, region: &str) -> Result<MetadataEdit, db::Error> {
    let Some(json) = account_settings::get(c, account, region, METADATA)? else { return Ok(MetadataEdit::default()) };
    serde_json::from_str(&json).map_err(|e| db::Error::Damaged(format!("{METADATA} of {account}: {e}")))
}

/// Set [`metadata`].
pub fn set_metadata(c: &Conn, account: &str, region: &str, defaults: &MetadataEdit) -> Result<(), db::Error> {
    let json = serde_json::to_string(defaults).expect("plain data becomes JSON");
    account_settings::set(c, account, region, METADATA, &json)
}

/// Whether the account lets people at serial consoles.
pub fn serial_console(c: &Conn, account: &str, region: &str) -> Result<bool, db::Error> {
    Ok(account_settings::get(c, account, region, SERIAL_CONSOLE)?.is_some_and(|value| value == "true"))
}

/// Set [`serial_console`].
pub fn set_serial_console(c: &Conn, account: &str, region: &str, on: bool) -> Result<(), db::Error> {
    account_settings::set(c, account, region, SERIAL_CONSOLE, if on { "true" } else { "false" })
}

//! What an account says of all its instances in a region. Runs inside a caller's transaction.

use super::options::MetadataEdit;
use crate::db::{self, Conn, account_settings};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const METADATA: &str = "instance-metadata-defaults";
const SERIAL_CONSOLE: &str = "serial-console-access";
/// A family's name follows.
const CREDITS: &str = "cpu-credits-";
const EVENT_TAGS: &str = "event-notification-tags";
const DATAFEED: &str = "spot-datafeed";

/// How new instances use the metadata service where their launch does not say it.
pub fn metadata(c: &Conn, account: &str, region: &str) -> Result<MetadataEdit, db::Error> {
    Ok(said(c, account, region, METADATA)?.unwrap_or_default())
}

/// Set [`metadata`].
pub fn set_metadata(c: &Conn, account: &str, region: &str, defaults: &MetadataEdit) -> Result<(), db::Error> {
    say(c, account, region, METADATA, defaults)
}

/// Whether the account lets people at serial consoles.
pub fn serial_console(c: &Conn, account: &str, region: &str) -> Result<bool, db::Error> {
    Ok(account_settings::get(c, account, region, SERIAL_CONSOLE)?.is_some_and(|value| value == "true"))
}

/// Set [`serial_console`].
pub fn set_serial_console(c: &Conn, account: &str, region: &str, on: bool) -> Result<(), db::Error> {
    account_settings::set(c, account, region, SERIAL_CONSOLE, if on { "true" } else { "false" })
}

/// How new instances of a burstable family use processor credits where their launch does not say it: AWS's word for what it does of
/// itself, or what the account said.
pub fn credits(c: &Conn, account: &str, region: &str, family: &str) -> Result<String, db::Error> {
    let said = account_settings::get(c, account, region, &format!("{CREDITS}{family}"))?;
    Ok(said.unwrap_or_else(|| if family == "t2" { "standard" } else { "unlimited" }.to_owned()))
}

/// Set [`credits`].
pub fn set_credits(c: &Conn, account: &str, region: &str, family: &str, credits: &str) -> Result<(), db::Error> {
    account_settings::set(c, account, region, &format!("{CREDITS}{family}"), credits)
}

/// Tags of instances that are to be in what is told of their scheduled events. There are no such events here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTags {
    pub all: bool,
    pub keys: BTreeSet<String>,
}

/// What the account said of it.
pub fn event_tags(c: &Conn, account: &str, region: &str) -> Result<EventTags, db::Error> {
    Ok(said(c, account, region, EVENT_TAGS)?.unwrap_or_default())
}

/// Set [`event_tags`].
pub fn set_event_tags(c: &Conn, account: &str, region: &str, tags: &EventTags) -> Result<(), db::Error> {
    say(c, account, region, EVENT_TAGS, tags)
}

/// Where the account wants to be told of its spot instances' use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datafeed {
    pub bucket: String,
    pub prefix: String,
}

/// What the account said of it.
pub fn datafeed(c: &Conn, account: &str, region: &str) -> Result<Option<Datafeed>, db::Error> {
    Ok(said::<Option<Datafeed>>(c, account, region, DATAFEED)?.flatten())
}

/// Set [`datafeed`].
pub fn set_datafeed(c: &Conn, account: &str, region: &str, feed: Option<&Datafeed>) -> Result<(), db::Error> {
    say(c, account, region, DATAFEED, &feed)
}

/// A setting that is kept as JSON, if it was ever set.
fn said<T: DeserializeOwned>(c: &Conn, account: &str, region: &str, name: &str) -> Result<Option<T>, db::Error> {
    let Some(json) = account_settings::get(c, account, region, name)? else { return Ok(None) };
    serde_json::from_str(&json).map(Some).map_err(|e| db::Error::Damaged(format!("{name} of {account}: {e}")))
}

fn say<T: Serialize>(c: &Conn, account: &str, region: &str, name: &str, value: &T) -> Result<(), db::Error> {
    let json = serde_json::to_string(value).expect("plain data becomes JSON");
    account_settings::set(c, account, region, name, &json)
}

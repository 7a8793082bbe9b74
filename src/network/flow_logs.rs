//! Flow logs, as accounts ask for them. They are records: nobody counts packets here, and every one says that nothing is delivered.

use super::records::{self, Record};
use super::{Error, address, interfaces, vpcs};
use crate::db::Conn;
use crate::id::Kind;
use serde::{Deserialize, Serialize};

/// A flow log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// The VPC, subnet or interface whose packets are meant.
    pub resource: String,
    /// `ACCEPT`, `REJECT` or `ALL`
    pub traffic: String,
    pub to: Destination,
    /// The fields of a line.
    pub format: String,
    /// Seconds that a line tells of.
    pub interval: i64,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Where it is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// `cloud-watch-logs`, `s3`, `kinesis-data-firehose`
    pub kind: String,
    pub arn: Option<String>,
    pub group_name: Option<String>,
    /// ARNs of the roles that may deliver it.
    pub role: Option<String>,
    pub cross_account_role: Option<String>,
    /// Of files in a bucket.
    pub files: Option<Files>,
}

/// How files are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// `plain-text` or `parquet`
    pub format: String,
    pub hive: bool,
    pub hourly: bool,
}

impl Record for FlowLog {
    const KIND: Kind = Kind::FlowLog;

    fn vpc(&self) -> &str {
        ""
    }
}

/// Whose packets a flow log can tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Vpc,
    Subnet,
    Interface,
}

impl Of {
    /// The kind of its id.
    pub fn kind(self) -> Kind {
        match self {
            Of::Vpc => Kind::Vpc,
            Of::Subnet => Kind::Subnet,
            Of::Interface => Kind::NetworkInterface,
        }
    }
}

/// An error unless the account has the resource, and no such log of it yet.
pub fn check(c: &Conn, account: &str, region: &str, of: Of, log: &FlowLog) -> Result<(), Error> {
    match of {
        Of::Vpc => vpcs::need(c, account, region, &log.resource).map(drop)?,
        Of::Subnet => address::subnet(c, account, region, &log.resource).map(drop)?,
        Of::Interface => interfaces::need(c, account, region, &log.resource).map(drop)?,
    }
    let same = |other: &FlowLog| FlowLog { created_at: log.created_at, ..other.clone() } == *log;
    match records::all::<FlowLog>(c, account, region)?.iter().any(|other| same(&other.it)) {
        true => Err(Error::FlowLogExists),
        false => Ok(()),
    }
}

//! What a spot request asks for.

use crate::db::tags::Tag;
use serde::{Deserialize, Serialize};

/// What a request asks for beside the launch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpotWish {
    /// It is open again when its instance has ended.
    pub persistent: bool,
    /// As it is shown: `0.000000`
    pub price: String,
    pub interruption: Interruption,
    /// Milliseconds since the epoch.
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    pub launch_group: Option<String>,
    pub zone_group: Option<String>,
    /// JSON of the launch's parameters, for those who ask.
    pub specification: String,
    pub tags: Vec<Tag>,
}

/// What would happen to an instance that is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interruption {
    Terminate,
    Stop,
    Hibernate,
}

impl Interruption {
    pub fn text(self) -> &'static str {
        match self {
            Interruption::Terminate => "terminate",
            Interruption::Stop => "stop",
            Interruption::Hibernate => "hibernate",
        }
    }

    /// The value of EC2's word.
    pub fn parse(text: &str) -> Option<Interruption> {
        [Interruption::Terminate, Interruption::Stop, Interruption::Hibernate].into_iter().find(|i| i.text() == text)
    }
}

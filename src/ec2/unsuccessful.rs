//! What of a request for several things could not be done, and why.

use super::Error;
use serde::Serialize;

/// One thing of the request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unsuccessful {
    resource_id: String,
    error: Reason,
}

#[derive(Serialize)]
struct Reason {
    code: String,
    message: String,
}

impl Unsuccessful {
    /// With a code of its own, since it is seldom that of a whole request that fails so.
    pub fn new(id: String, code: String, e: &Error) -> Unsuccessful {
        Unsuccessful { resource_id: id, error: Reason { code, message: e.to_string() } }
    }
}

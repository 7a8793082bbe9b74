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
    /// `side` comes before the code: `Client.`, or nothing.
    pub fn new(id: String, side: &str, e: &Error) -> Unsuccessful {
        Unsuccessful {
            resource_id: id,
            error: Reason { code: format!("{side}{}", e.wire().0), message: e.to_string() },
        }
    }
}

//! A request's body while it comes.

use super::error::Result;
use crate::http::Body;
use crate::objects;
use bytes::Bytes;
use std::time::Duration;

/// A body that is still with the client.
pub struct Incoming {
    body: Body,
    ended: bool,
}

/// What is read of a body that nobody wants, and how long that may take.
const DRAIN: usize = 256 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

impl Incoming {
    pub fn new(body: Body) -> Incoming {
        Incoming { body, ended: false }
    }

    /// Take the body away; from now on this one is read.
    pub fn replace(&mut self, body: Body) -> Body {
        self.ended = false;
        std::mem::replace(&mut self.body, body)
    }

    pub async fn piece(&mut self) -> Result<Option<Bytes>> {
        match self.body.chunk().await {
            Some(Ok(piece)) => Ok(Some(piece)),
            Some(Err(e)) => {
                self.ended = true;
                tracing::debug!(error = %e, "a body broke off");
                Err(objects::Error::IncompleteBody.into())
            }
            None => {
                self.ended = true;
                Ok(None)
            }
        }
    }

    /// Whether nothing will come at all.
    pub fn is_empty(&self) -> bool {
        http_body::Body::is_end_stream(&self.body)
    }

    /// Whether the body has ended. The rest of a small one is read if it `may` be.
    pub async fn drained(&mut self, may: bool) -> bool {
        if self.ended || self.is_empty() {
            return true;
        }
        let small = http_body::Body::size_hint(&self.body).upper().is_some_and(|n| n <= DRAIN as u64);
        if !may || !small {
            return false;
        }
        let rest = async { while let Ok(Some(_)) = self.piece().await {} };
        tokio::time::timeout(DRAIN_TIME, rest).await.is_ok()
    }
}

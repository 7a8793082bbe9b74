//! Delivers events to the operator's webhooks, each in a task of its own: in order, one after the other, again until the
//! webhook takes them.
//!
//! What a webhook has taken (any 2xx) is forgotten behind it; a crash in between delivers it again. One that does not answer, or
//! answers anything else, is asked again after a while that grows to a minute, for a day: then its oldest event is given up.

use crate::clock;
use crate::config::Webhook;
use crate::http::client::Poster;
use crate::objects::notification::Waiting;
use crate::objects::{self, Store};
use std::sync::Arc;
use std::time::Duration;

/// How often a webhook without events looks for some.
const LOOK: Duration = Duration::from_millis(200);
/// How long a webhook may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The shortest and the longest rest after a failure.
const REST: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
/// Milliseconds after which an event is given up.
const GIVEN_UP: i64 = 24 * 60 * 60 * 1000;
/// Events that are read at once.
const BATCH: usize = 100;

/// Start a task for each webhook. Events of destinations that have none any more are dropped.
pub async fn start(store: &Arc<Store>, webhooks: &[Webhook]) -> objects::Result<()> {
    for destination in store.event_destinations()? {
        if !webhooks.iter().any(|hook| hook.arn == destination) {
            tracing::warn!(destination, "events of a destination without a webhook are dropped");
            store.forget_events(&destination, i64::MAX).await?;
        }
    }
    for hook in webhooks {
        tokio::spawn(deliver(store.clone(), hook.clone()));
    }
    Ok(())
}

async fn deliver(store: Arc<Store>, hook: Webhook) {
    let mut poster = Poster::new(hook.url.clone());
    let mut rest = REST.0;
    loop {
        let taken = match round(&store, &hook, &mut poster).await {
            Ok(taken) => taken,
            Err(e) => {
                tracing::error!(destination = hook.arn, error = ?e, "events could not be read or forgotten");
                false
            }
        };
        if taken {
            rest = REST.0;
        } else {
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(REST.1);
        }
    }
}

/// Deliver what waits; false when the webhook takes no more.
async fn round(store: &Store, hook: &Webhook, poster: &mut Poster) -> objects::Result<bool> {
    let waiting = store.events(&hook.arn, BATCH)?;
    if waiting.is_empty() {
        tokio::time::sleep(LOOK).await;
        return Ok(true);
    }
    let (mut last, mut all) = (None, true);
    for event in waiting {
        let (id, at) = (event.id, event.at);
        if !post(hook, poster, event).await {
            if clock::now_ms() - at < GIVEN_UP {
                all = false;
                break;
            }
            tracing::error!(destination = hook.arn, "an event is given up after a day");
        }
        last = Some(id);
    }
    if let Some(last) = last {
        store.forget_events(&hook.arn, last).await?;
    }
    Ok(all)
}

/// Whether the webhook took it.
async fn post(hook: &Webhook, poster: &mut Poster, event: Waiting) -> bool {
    let posted = tokio::time::timeout(PATIENCE, poster.post("application/json", event.body.into())).await;
    match posted {
        Ok(Ok(status)) if status.is_success() => return true,
        Ok(Ok(status)) => tracing::warn!(destination = hook.arn, %status, "a webhook refused an event"),
        Ok(Err(e)) => tracing::warn!(destination = hook.arn, error = %e, "a webhook could not be reached"),
        Err(_) => {
            poster.hang_up();
            tracing::warn!(destination = hook.arn, "a webhook did not answer in time");
        }
    }
    false
}

//! Delivers events to the operator's webhooks, each in a task of its own: in order, one after the other, again until the
//! webhook takes them.
//!
//! What a webhook has taken (any 2xx) is forgotten behind it; a crash in between delivers it again. One that does not answer, or says
//! that it is busy or away, is asked again after a while that grows to a minute, and all its events wait. Any other answer is
//! about the event: one that was refused a few times is set aside, for as long as it is old already, and those behind it go on. A
//! day after its change an event is given up.

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
/// How often in a row an event may be refused before it is set aside.
const REFUSALS: u32 = 4;
/// Milliseconds for which an event is set aside, at least and at most.
const ASIDE: (i64, i64) = (60 * 1000, 60 * 60 * 1000);
/// Events that are read at once.
const BATCH: usize = 100;

/// Start a task for each webhook. Events of destinations that have none any more are dropped.
pub async fn start(store: &Arc<Store>, webhooks: &[Webhook]) -> objects::Result<()> {
    for destination in store.event_destinations()? {
        if !webhooks.iter().any(|hook| hook.arn == destination) {
            tracing::warn!(destination, "events of a destination without a webhook are dropped");
            store.drop_events(&destination).await?;
        }
    }
    for hook in webhooks {
        tokio::spawn(deliver(store.clone(), hook.clone()));
    }
    Ok(())
}

async fn deliver(store: Arc<Store>, hook: Webhook) {
    let mut poster = Poster::new(hook.url.clone());
    let (mut rest, mut refusals) = (REST.0, 0);
    loop {
        let stopped = match round(&store, &hook, &mut poster, refusals).await {
            Ok(stopped) => stopped,
            Err(e) => {
                tracing::error!(destination = hook.arn, error = ?e, "events could not be read or forgotten");
                Some(Stopped::Away)
            }
        };
        refusals = if stopped == Some(Stopped::Refused) { refusals + 1 } else { 0 };
        if stopped.is_some() {
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(REST.1);
        } else {
            rest = REST.0;
        }
    }
}

/// Why a round ended before its events did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// The webhook refused the event that is now the oldest.
    Refused,
    /// The webhook takes nothing at all.
    Away,
}

/// Deliver what waits. `refusals` says how often in a row the oldest event was refused before.
async fn round(store: &Store, hook: &Webhook, poster: &mut Poster, refusals: u32) -> objects::Result<Option<Stopped>> {
    let waiting = store.events(&hook.arn, BATCH)?;
    if waiting.is_empty() {
        tokio::time::sleep(LOOK).await;
        return Ok(None);
    }
    let (mut gone, mut stopped) = (Vec::new(), None);
    for (n, event) in waiting.into_iter().enumerate() {
        let (id, age) = (event.id, clock::now_ms() - event.at);
        let had_its_chances = event.not_before > 0 || (n == 0 && refusals + 1 >= REFUSALS);
        match post(hook, poster, event).await {
            None => {}
            Some(_) if age >= GIVEN_UP => {
                tracing::error!(destination = hook.arn, "an event is given up after a day");
            }
            Some(Stopped::Refused) if had_its_chances => {
                tracing::warn!(destination = hook.arn, id, "an event that was refused is set aside");
                store.postpone_event(id, clock::now_ms() + age.clamp(ASIDE.0, ASIDE.1)).await?;
                continue;
            }
            Some(why) => {
                stopped = Some(why);
                break;
            }
        }
        gone.push(id);
    }
    store.forget_events(gone).await?;
    Ok(stopped)
}

/// Send an event; nothing when the webhook took it.
async fn post(hook: &Webhook, poster: &mut Poster, event: Waiting) -> Option<Stopped> {
    let posted = tokio::time::timeout(PATIENCE, poster.post("application/json", event.body.into())).await;
    match posted {
        Ok(Ok(status)) if status.is_success() => None,
        // Request timeout, too many requests, bad gateway, unavailable, gateway timeout: another time, whatever the event.
        Ok(Ok(status)) if [408, 429, 502, 503, 504].contains(&status.as_u16()) => {
            tracing::warn!(destination = hook.arn, %status, "a webhook takes no events now");
            Some(Stopped::Away)
        }
        Ok(Ok(status)) => {
            tracing::warn!(destination = hook.arn, %status, "a webhook refused an event");
            Some(Stopped::Refused)
        }
        Ok(Err(e)) => {
            tracing::warn!(destination = hook.arn, error = %e, "a webhook could not be reached");
            Some(Stopped::Away)
        }
        Err(_) => {
            poster.hang_up();
            tracing::warn!(destination = hook.arn, "a webhook did not answer in time");
            Some(Stopped::Away)
        }
    }
}

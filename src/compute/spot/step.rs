//! What is next for a spot request. Pure: the request, its instance and the time in, a step out.

use super::{SpotRequest, State, Status};
use crate::compute::state;

/// One step of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Launch its instance, if there is room.
    Launch,
    /// It is so from now on.
    Become(State, Status),
    /// Its instance has ended: look for another one.
    Reopen,
}

/// The next step of a request whose instance is in `instance` (`None`: it has none, or that is forgotten); `None`: nothing to do.
pub fn next(r: &SpotRequest, instance: Option<state::State>, now: i64) -> Option<Step> {
    let expired = r.wish.valid_until.is_some_and(|until| until <= now);
    let step = match r.state {
        State::Open if expired => Step::Become(State::Closed, Status::ScheduleExpired),
        State::Open if r.wish.valid_from.is_some_and(|from| from > now) => {
            Step::Become(State::Open, Status::NotScheduledYet)
        }
        State::Open => Step::Launch,
        State::Active | State::Disabled => match instance {
            Some(state::State::Pending | state::State::Running) => Step::Become(State::Active, Status::Fulfilled),
            Some(state::State::Stopping | state::State::Stopped) => {
                Step::Become(State::Disabled, Status::InstanceStoppedByUser)
            }
            Some(state::State::ShuttingDown | state::State::Terminated) | None if r.wish.persistent && !expired => {
                Step::Reopen
            }
            Some(state::State::ShuttingDown | state::State::Terminated) | None => {
                Step::Become(State::Closed, Status::InstanceTerminatedByUser)
            }
        },
        State::Cancelled => match instance {
            Some(state::State::ShuttingDown | state::State::Terminated) | None if r.instance.is_some() => {
                Step::Become(State::Cancelled, Status::InstanceTerminatedByUser)
            }
            Some(_) | None => return None,
        },
        State::Closed | State::Failed => return None,
    };
    (step != Step::Become(r.state, r.status)).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::spot::{Interruption, SpotWish};
    use crate::compute::{LaunchRequest, MetadataEdit, Options};

    fn request(persistent: bool, state: State, status: Status) -> SpotRequest {
        let launch = LaunchRequest {
            account: String::new(),
            region: String::new(),
            zones: Vec::new(),
            zone: None,
            interfaces: Vec::new(),
            image_id: String::new(),
            kernel_id: None,
            ramdisk_id: None,
            instance_type: String::new(),
            min_count: 1,
            max_count: 1,
            key_name: None,
            user_data: None,
            disks: Vec::new(),
            own_key: String::new(),
            metadata: MetadataEdit::default(),
            volume_tags: Vec::new(),
            options: Options::default(),
            profile: None,
            placement: None,
            spot: None,
            tags: Vec::new(),
            interface_tags: Vec::new(),
            client_token: None,
        };
        let wish = SpotWish {
            persistent,
            price: "0.000000".into(),
            interruption: Interruption::Terminate,
            valid_from: Some(10),
            valid_until: Some(20),
            launch_group: None,
            zone_group: None,
            specification: String::new(),
            tags: Vec::new(),
        };
        SpotRequest { state, status, instance: Some("i-1".into()), ..SpotRequest::new(wish, launch, 0) }
    }

    #[test]
    fn a_request_follows_its_instance_and_its_times() {
        use state::State as I;
        let becomes = |state, status| Some(Step::Become(state, status));
        for (persistent, state, status, instance, now, expected) in [
            (false, State::Open, Status::PendingEvaluation, None, 5, becomes(State::Open, Status::NotScheduledYet)),
            (false, State::Open, Status::NotScheduledYet, None, 5, None),
            (false, State::Open, Status::NotScheduledYet, None, 15, Some(Step::Launch)),
            (
                true,
                State::Open,
                Status::CapacityNotAvailable,
                None,
                20,
                becomes(State::Closed, Status::ScheduleExpired),
            ),
            (false, State::Active, Status::Fulfilled, Some(I::Running), 15, None),
            (
                false,
                State::Active,
                Status::Fulfilled,
                Some(I::ShuttingDown),
                15,
                becomes(State::Closed, Status::InstanceTerminatedByUser),
            ),
            (true, State::Active, Status::Fulfilled, None, 15, Some(Step::Reopen)),
            (
                true,
                State::Active,
                Status::Fulfilled,
                Some(I::Terminated),
                25,
                becomes(State::Closed, Status::InstanceTerminatedByUser),
            ),
            (
                true,
                State::Active,
                Status::Fulfilled,
                Some(I::Stopped),
                15,
                becomes(State::Disabled, Status::InstanceStoppedByUser),
            ),
            (
                true,
                State::Disabled,
                Status::InstanceStoppedByUser,
                Some(I::Pending),
                15,
                becomes(State::Active, Status::Fulfilled),
            ),
            (true, State::Cancelled, Status::RequestCanceledAndInstanceRunning, Some(I::Running), 15, None),
            (
                true,
                State::Cancelled,
                Status::RequestCanceledAndInstanceRunning,
                None,
                15,
                becomes(State::Cancelled, Status::InstanceTerminatedByUser),
            ),
            (true, State::Closed, Status::ScheduleExpired, None, 15, None),
        ] {
            let r = request(persistent, state, status);
            assert_eq!(next(&r, instance, now), expected, "{state:?} {status:?} {instance:?} at {now}");
        }
    }
}

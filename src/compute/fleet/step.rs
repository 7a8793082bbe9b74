//! What is next for a fleet. Pure: the fleet and which of its instances live in, a step out.

use super::{Fleet, Kind, Lifecycle, Member, State};

/// One step of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Launch this much: on demand, on spare capacity.
    Launch { on_demand: f64, spot: f64 },
    /// End these instances.
    End(Vec<String>),
    /// It has all that it is to have.
    Complete,
    /// It is deleted, and the last of its instances has ended.
    Gone,
}

/// The next step of a fleet whose members have been reduced to those that live; `None`: nothing to do.
pub fn next(fleet: &Fleet) -> Option<Step> {
    let ids = |members: &[&Member]| members.iter().map(|m| m.instance.clone()).collect();
    match fleet.state {
        State::Deleted => None,
        State::DeletedRunning => fleet.members.is_empty().then_some(Step::Gone),
        State::DeletedTerminating if fleet.members.is_empty() => Some(Step::Gone),
        State::DeletedTerminating => Some(Step::End(ids(&fleet.members.iter().collect::<Vec<_>>()))),
        State::Active => {
            let lacks = |l| (fleet.target.of(l) as f64 - fleet.capacity(Some(l))).max(0.0);
            let (on_demand, spot) = (lacks(Lifecycle::OnDemand), lacks(Lifecycle::Spot));
            if on_demand > 0.0 || spot > 0.0 {
                return Some(Step::Launch { on_demand, spot });
            }
            let excess = excess(fleet);
            if fleet.ends_excess && fleet.kind == Kind::Maintain && !excess.is_empty() {
                return Some(Step::End(ids(&excess)));
            }
            (!fleet.was_complete).then_some(Step::Complete)
        }
    }
}

/// The newest members without which the targets are still met.
fn excess(fleet: &Fleet) -> Vec<&Member> {
    let mut spare: Vec<&Member> = Vec::new();
    for lifecycle in [Lifecycle::OnDemand, Lifecycle::Spot] {
        let mut over = fleet.capacity(Some(lifecycle)) - fleet.target.of(lifecycle) as f64;
        for member in fleet.members.iter().rev().filter(|m| m.lifecycle == lifecycle) {
            let weight = fleet.pools[member.pool].weight;
            if weight <= over {
                over -= weight;
                spare.push(member);
            }
        }
    }
    spare
}

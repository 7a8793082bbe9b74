//! What an instance is and what to do next: pure functions of what is wanted and what was seen.
//!
//! ```text
//!            desired  running      stopped      terminated
//! observed
//! absent              pending      stopped      shutting-down
//! off                 pending      stopped      shutting-down
//! running             running      stopping     shutting-down
//! gone                   -            -         terminated
//! ```
//!
//! `gone` is only ever reached by a terminated instance, and stays.

/// What the API asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desired {
    Running,
    Stopped,
    Terminated,
}

/// What was last seen of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// No machine is defined.
    Absent,
    /// Defined and not running.
    Off,
    Running,
    /// Removed for good, its files and its address with it.
    Gone,
}

/// EC2's instance states with their codes (the low byte of `instanceState/code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

macro_rules! texts {
    ($type:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $type {
            /// The column's or the API's text.
            pub fn text(self) -> &'static str {
                match self { $($type::$variant => $text),* }
            }
            /// The value of a text that [`Self::text`] gave.
            pub fn parse(text: &str) -> Option<$type> {
                match text { $($text => Some($type::$variant),)* _ => None }
            }
        }
    };
}

texts!(Desired { Running = "running", Stopped = "stopped", Terminated = "terminated" });
texts!(Observed { Absent = "absent", Off = "off", Running = "running", Gone = "gone" });
texts!(State {
    Pending = "pending",
    Running = "running",
    ShuttingDown = "shutting-down",
    Terminated = "terminated",
    Stopping = "stopping",
    Stopped = "stopped",
});

impl State {
    /// EC2's code of the state.
    pub fn code(self) -> u16 {
        match self {
            State::Pending => 0,
            State::Running => 16,
            State::ShuttingDown => 32,
            State::Terminated => 48,
            State::Stopping => 64,
            State::Stopped => 80,
        }
    }
}

/// The state that the API shows.
pub fn visible(desired: Desired, observed: Observed) -> State {
    match (desired, observed) {
        (_, Observed::Gone) => State::Terminated,
        (Desired::Terminated, Observed::Absent | Observed::Off | Observed::Running) => State::ShuttingDown,
        (Desired::Running, Observed::Running) => State::Running,
        (Desired::Running, Observed::Absent | Observed::Off) => State::Pending,
        (Desired::Stopped, Observed::Running) => State::Stopping,
        (Desired::Stopped, Observed::Absent | Observed::Off) => State::Stopped,
    }
}

/// What the hypervisor says of a machine right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    Absent,
    Off(Off),
    Running,
    /// Its processors stand still for a moment, while its disk is copied.
    Halted,
}

/// Why a machine is off, as far as the hypervisor knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// Never started, or switched off by us.
    Plain,
    /// The guest powered itself off.
    Guest,
    /// It broke down.
    Crashed,
}

/// All that [`next_step`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub desired: Desired,
    pub machine: Machine,
    /// This intent's machine was already switched on, in this boot of the host.
    pub powered: bool,
    /// Stop without asking the guest.
    pub force: bool,
    /// A reboot is wanted.
    pub reboot: bool,
    /// A deadline is running; `Some(true)`: it has passed.
    pub deadline: Option<bool>,
    /// An image waits for a copy of its disk.
    pub capture: Option<Capture>,
}

/// How a running machine is to be for a copy of its disk. One that is off is copied as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Shut down by its guest, then started again.
    Off,
    Halted,
}

/// One step towards what is desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing left to do.
    Settle,
    /// Make the disk and the network port, and define the machine.
    Build,
    PowerOn,
    /// Ask the guest to power off, and start its deadline.
    AskOff,
    /// Switch it off.
    PowerOff,
    /// The guest powered itself off: the shutdown behaviour decides what is desired from now on.
    GuestWentOff,
    /// Ask the guest to reboot, and start its deadline.
    AskReboot,
    /// Press the reset button.
    Reset,
    /// The guest still has time: look again later.
    Wait,
    /// Copy the disk for the image that waits for it; a running machine stands still meanwhile.
    CopyDisk,
    /// Remove machine, files and address.
    Remove,
}

/// The next step of an instance: total, so every pair of intent and observation has an answer.
pub fn next_step(v: View) -> Step {
    match (v.desired, v.machine) {
        (Desired::Running, Machine::Absent) => Step::Build,
        (Desired::Running, Machine::Off(_)) | (Desired::Stopped, Machine::Absent | Machine::Off(_))
            if v.capture.is_some() =>
        {
            Step::CopyDisk
        }
        // A guest that we had switched on and that is off by its own will: an instance-initiated shutdown.
        (Desired::Running, Machine::Off(Off::Guest)) if v.powered => Step::GuestWentOff,
        (Desired::Running, Machine::Off(Off::Guest | Off::Plain | Off::Crashed)) => Step::PowerOn,
        (Desired::Running, Machine::Running | Machine::Halted) if v.capture == Some(Capture::Halted) => Step::CopyDisk,
        (Desired::Running | Desired::Stopped, Machine::Halted) => Step::PowerOn,
        (Desired::Running, Machine::Running) if v.capture == Some(Capture::Off) => match v.deadline {
            None => Step::AskOff,
            Some(false) => Step::Wait,
            Some(true) => Step::PowerOff,
        },
        (Desired::Running, Machine::Running) => match (v.reboot, v.deadline) {
            // With a deadline: it was asked off for an image that is wanted no more, and may yet go.
            (false, None | Some(true)) => Step::Settle,
            (true, None) => Step::AskReboot,
            (_, Some(false)) => Step::Wait,
            (true, Some(true)) => Step::Reset,
        },
        (Desired::Stopped, Machine::Absent | Machine::Off(_)) => Step::Settle,
        (Desired::Stopped, Machine::Running) => match (v.force, v.deadline) {
            (true, _) | (false, Some(true)) => Step::PowerOff,
            (false, None) => Step::AskOff,
            (false, Some(false)) => Step::Wait,
        },
        (Desired::Terminated, Machine::Running | Machine::Halted) => Step::PowerOff,
        (Desired::Terminated, Machine::Absent | Machine::Off(_)) => Step::Remove,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIRED: [Desired; 3] = [Desired::Running, Desired::Stopped, Desired::Terminated];
    const MACHINES: [Machine; 6] = [
        Machine::Absent,
        Machine::Off(Off::Plain),
        Machine::Off(Off::Guest),
        Machine::Off(Off::Crashed),
        Machine::Running,
        Machine::Halted,
    ];

    fn views() -> impl Iterator<Item = View> {
        DESIRED.into_iter().flat_map(|desired| {
            MACHINES.into_iter().flat_map(move |machine| {
                (0..72).map(move |n| View {
                    desired,
                    machine,
                    powered: n & 1 != 0,
                    force: n & 2 != 0,
                    reboot: n & 4 != 0,
                    deadline: [None, Some(false), Some(true)][n / 8 % 3],
                    capture: [None, Some(Capture::Off), Some(Capture::Halted)][n / 24],
                })
            })
        })
    }

    /// What the world does with a step, in the worst case: guests ignore every request.
    fn act(mut v: View, step: Step) -> View {
        match step {
            Step::Settle => {}
            Step::Build => v.machine = Machine::Off(Off::Plain),
            Step::PowerOn => (v.machine, v.powered) = (Machine::Running, true),
            Step::AskOff | Step::AskReboot => v.deadline = Some(false),
            Step::Wait => v.deadline = Some(true),
            Step::PowerOff => v.machine = Machine::Off(Off::Plain),
            Step::CopyDisk => {
                (v.capture, v.powered, v.deadline) = (None, false, None);
                if v.machine == Machine::Halted {
                    v.machine = Machine::Running;
                }
            }
            Step::GuestWentOff => v.desired = Desired::Stopped,
            Step::Reset => (v.reboot, v.deadline) = (false, None),
            Step::Remove => v.machine = Machine::Absent,
        }
        v
    }

    #[test]
    fn every_view_comes_to_rest_in_a_few_steps() {
        for start in views() {
            let mut v = start;
            let rest = (0..10).any(|_| {
                let step = next_step(v);
                let done = step == Step::Settle || step == Step::Remove;
                v = act(v, step);
                done
            });
            assert!(rest, "{start:?} never rests");
        }
    }

    #[test]
    fn a_running_instance_rests_only_on_a_running_machine() {
        for v in views().filter(|v| next_step(*v) == Step::Settle) {
            match v.desired {
                Desired::Running => assert_eq!(v.machine, Machine::Running),
                Desired::Stopped => assert_ne!(v.machine, Machine::Running),
                Desired::Terminated => panic!("terminated instances are removed, never settled: {v:?}"),
            }
        }
    }

    #[test]
    fn a_guest_that_powers_off_is_not_switched_on_again() {
        let v = View {
            desired: Desired::Running,
            machine: Machine::Off(Off::Guest),
            powered: true,
            force: false,
            reboot: false,
            deadline: None,
            capture: None,
        };
        assert_eq!(next_step(v), Step::GuestWentOff);
        assert_eq!(next_step(View { machine: Machine::Off(Off::Crashed), ..v }), Step::PowerOn);
        assert_eq!(next_step(View { powered: false, ..v }), Step::PowerOn);
    }

    #[test]
    fn a_guest_is_switched_on_again_after_it_was_shut_down_for_an_image() {
        let running = View {
            desired: Desired::Running,
            machine: Machine::Running,
            powered: true,
            force: false,
            reboot: false,
            deadline: None,
            capture: Some(Capture::Off),
        };
        assert_eq!(next_step(running), Step::AskOff);
        let asked = View { deadline: Some(false), powered: false, ..running };
        assert_eq!(next_step(asked), Step::Wait);
        assert_eq!(next_step(View { deadline: Some(true), ..asked }), Step::PowerOff);
        let off = View { machine: Machine::Off(Off::Guest), ..asked };
        assert_eq!(next_step(off), Step::CopyDisk);
        assert_eq!(next_step(View { capture: None, deadline: None, ..off }), Step::PowerOn);
        // The image is deregistered while the guest is still going off.
        assert_eq!(next_step(View { capture: None, ..asked }), Step::Wait);
        assert_eq!(next_step(View { capture: None, ..off }), Step::PowerOn);
        let halt = View { capture: Some(Capture::Halted), ..running };
        assert_eq!(next_step(halt), Step::CopyDisk);
        assert_eq!(next_step(View { machine: Machine::Halted, capture: None, ..halt }), Step::PowerOn);
    }

    #[test]
    fn texts_read_back() {
        for d in DESIRED {
            assert_eq!(Desired::parse(d.text()), Some(d));
        }
        assert_eq!(Observed::parse("gone"), Some(Observed::Gone));
        assert_eq!(State::parse("shutting-down").map(State::code), Some(32));
    }
}

//! The states of a bucket that decide whether a write makes a new version.

/// Whether writes to a bucket make versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Versioning {
    /// Never turned on: a write replaces the one object of its key.
    #[default]
    Off,
    /// Every write makes a version.
    Enabled,
    /// A write replaces the version `null`; the others stay.
    Suspended,
}

const STATES: [(Versioning, &str); 3] =
    [(Versioning::Off, "off"), (Versioning::Enabled, "enabled"), (Versioning::Suspended, "suspended")];

impl Versioning {
    /// As the database names it.
    pub fn column(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a name").1
    }

    /// From the database.
    pub fn from_column(text: &str) -> Versioning {
        STATES.iter().find(|(_, name)| *name == text).map_or(Versioning::Off, |(state, _)| *state)
    }

    /// As S3 writes it; `None` was never turned on.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Versioning::Off => None,
            Versioning::Enabled => Some("Enabled"),
            Versioning::Suspended => Some("Suspended"),
        }
    }
}

//! (room being built)
pub mod types;

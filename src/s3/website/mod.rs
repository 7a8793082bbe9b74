//! A bucket's website: its configuration, and the endpoint that serves it to browsers.

mod configuration;
mod page;
mod serve;

pub use configuration::{document, read};
pub use serve::NONE;

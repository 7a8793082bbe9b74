pub mod driver;
pub mod state;
pub mod types;

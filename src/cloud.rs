//! The cloud: every room opened once and put together, for the protocols above.

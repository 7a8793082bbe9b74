//! Errors of the rooms as errors of the service. What is not there has the same words wherever it is missed.

use super::Error;
use crate::compute::{CaptureError, ScreenError};
use crate::id::Kind;
use crate::{compute, images, network, volumes};

impl From<network::Error> for Error {
    fn from(e: network::Error) -> Error {
        match e {
            network::Error::NoSuch(kind, id) => Error::no_such(kind, id),
            other => Error::Network(other),
        }
    }
}

impl From<volumes::Error> for Error {
    fn from(e: volumes::Error) -> Error {
        match e {
            volumes::Error::NoVolume(id) => Error::no_such(Kind::Volume, id),
            volumes::Error::NoSnapshot(id) => Error::no_such(Kind::Snapshot, id),
            other => Error::Volumes(other),
        }
    }
}

impl From<images::Error> for Error {
    fn from(e: images::Error) -> Error {
        match e {
            images::Error::Volumes(e) => e.into(),
            other => Error::Images(other),
        }
    }
}

impl From<compute::Error> for Error {
    fn from(e: compute::Error) -> Error {
        match e {
            compute::Error::Network(e) => e.into(),
            compute::Error::Volumes(e) if !matches!(e, volumes::Error::TooSmall { .. }) => e.into(),
            other => Error::Compute(other),
        }
    }
}

impl From<CaptureError> for Error {
    fn from(e: CaptureError) -> Error {
        match e {
            CaptureError::Instance(e) => e.into(),
            CaptureError::Image(e) => e.into(),
            CaptureError::Volumes(e) => e.into(),
            CaptureError::Db(e) => e.into(),
        }
    }
}

impl From<ScreenError> for Error {
    fn from(e: ScreenError) -> Error {
        match e {
            ScreenError::Instance(e) => e.into(),
            e @ (ScreenError::Driver(_) | ScreenError::Jpeg(_)) => Error::Internal(e.to_string()),
        }
    }
}

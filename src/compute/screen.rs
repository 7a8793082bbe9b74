//! What an instance's screen shows, and the interrupt that makes a stuck guest tell of itself.

use super::driver::{self, Picture};
use super::state::State;
use super::{Compute, Error, Instance};
use jpeg_encoder::{ColorType, Encoder};

/// Of a hundred: letters stay sharp.
const QUALITY: u8 = 90;

/// Why there is no picture, or no interrupt.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    #[error(transparent)]
    Instance(#[from] Error),
    #[error(transparent)]
    Driver(#[from] driver::Error),
    #[error("writing the picture: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
}

impl Compute {
    /// A picture of a running instance's screen, in JPEG. `wake`: press a key first. Blocks.
    pub fn screenshot(&self, instance: &Instance, wake: bool) -> Result<Vec<u8>, ScreenError> {
        jpeg(&self.of_running(instance)?.screen(&instance.row.id, wake)?)
    }

    /// Send a running instance a non-maskable interrupt. Blocks.
    pub fn interrupt(&self, instance: &Instance) -> Result<(), ScreenError> {
        Ok(self.of_running(instance)?.interrupt(&instance.row.id)?)
    }

    /// The driver, if it has the instance's machine running.
    fn of_running(&self, instance: &Instance) -> Result<&dyn driver::Driver, ScreenError> {
        let id = instance.row.id.clone();
        match (&self.driver, instance.state) {
            (Some(driver), State::Running) => Ok(driver.as_ref()),
            (_, state) => Err(Error::NotRunning { id, state }.into()),
        }
    }
}

fn jpeg(picture: &Picture) -> Result<Vec<u8>, ScreenError> {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, QUALITY).encode(&picture.pixels, picture.width, picture.height, ColorType::Rgb)?;
    Ok(bytes)
}

//! A machine's screen and its interrupt.

use super::super::{Error, Picture};
use super::{Libvirt, failed};
use virt::error::Error as VirtError;
use virt::stream::Stream;
use virt::sys;

/// Linux's code of the left shift key.
const SHIFT: u32 = 42;
/// How long the key is held, in milliseconds.
const HELD_MS: u32 = 50;
/// No screen's picture has more bytes.
const MOST_BYTES: usize = 64 << 20;

impl Libvirt {
    pub(super) fn picture_of(&self, id: &str, wake: bool) -> Result<Picture, Error> {
        let domain = self.running(id)?;
        if wake {
            let mut keys = [SHIFT];
            domain
                .send_key(sys::VIR_KEYCODE_SET_LINUX, HELD_MS, keys.as_mut_ptr(), 1, 0)
                .map_err(|e| failed(&format!("pressing a key of {id}"), &e))?;
        }
        let take = || -> Result<(String, Vec<u8>), VirtError> {
            let stream = Stream::new(&self.conn, 0)?;
            let kind = domain.screenshot(&stream, 0, 0)?;
            let bytes = receive(&stream)?;
            stream.finish()?;
            Ok((kind, bytes))
        };
        let (kind, bytes) = take().map_err(|e| failed(&format!("taking a picture of {id}'s screen"), &e))?;
        let picture = match kind.as_str() {
            "image/png" => from_png(&bytes),
            // QEMU before 7.1.
            "image/x-portable-pixmap" => from_ppm(&bytes),
            other => Err(format!("it is of the kind {other}")),
        };
        picture.map_err(|why| Error::Failed(format!("the picture of {id}'s screen: {why}")))
    }

    pub(super) fn send_interrupt(&self, id: &str) -> Result<(), Error> {
        let domain = self.running(id)?;
        crate::fault::effect("interrupt");
        // SAFETY: the domain lives until the end of this function.
        match unsafe { sys::virDomainInjectNMI(domain.as_ptr(), 0) } {
            0 => Ok(()),
            _ => Err(failed(&format!("interrupting {id}"), &VirtError::last_error())),
        }
    }
}

/// All that comes out of the stream.
fn receive(stream: &Stream) -> Result<Vec<u8>, VirtError> {
    let (mut all, mut part) = (Vec::new(), vec![0; 64 << 10]);
    while all.len() < MOST_BYTES {
        match stream.recv(&mut part)? {
            n if n > 0 => all.extend_from_slice(&part[..n as usize]),
            _ => break,
        }
    }
    Ok(all)
}

fn from_png(bytes: &[u8]) -> Result<Picture, String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let size = reader.output_buffer_size().filter(|size| *size <= MOST_BYTES).ok_or("it is too large")?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|e| e.to_string())?;
    if info.color_type != png::ColorType::Rgb {
        return Err(format!("its colours are {:?}", info.color_type));
    }
    sized(info.width, info.height, pixels)
}

/// `P6`, width, height and 255, with white space between them, one such byte, and the pixels.
fn from_ppm(bytes: &[u8]) -> Result<Picture, String> {
    let mut rest = bytes;
    let mut word = || {
        let start = rest.iter().position(|b| !b.is_ascii_whitespace())?;
        let end = start + rest[start..].iter().position(u8::is_ascii_whitespace)?;
        let word = std::str::from_utf8(&rest[start..end]).ok();
        rest = &rest[end + 1..];
        word
    };
    let (kind, width, height, most) = (word(), word(), word(), word());
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    match (kind, number(width), number(height), most) {
        (Some("P6"), Some(width), Some(height), Some("255")) => sized(width, height, rest.to_vec()),
        _ => Err("it has no header of the kind P6".into()),
    }
}

fn sized(width: u32, height: u32, pixels: Vec<u8>) -> Result<Picture, String> {
    let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(format!("it is {width} by {height} pixels large"));
    };
    match usize::from(width) * usize::from(height) * 3 == pixels.len() {
        true => Ok(Picture { width, height, pixels }),
        false => Err("it is cut off".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_pictures_are_read() {
        let pixels: Vec<u8> = (0..2 * 3 * 3).collect();
        let picture = Picture { width: 2, height: 3, pixels: pixels.clone() };
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 2, 3);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        assert_eq!(from_png(&png).unwrap(), picture);
        let ppm = [b"P6\n2 3\n255\n".to_vec(), pixels].concat();
        assert_eq!(from_ppm(&ppm).unwrap(), picture);
        for n in 0..png.len() - 12 {
            assert!(from_png(&png[..n]).is_err(), "cut off after {n} bytes");
        }
        for n in 0..ppm.len() {
            assert!(from_ppm(&ppm[..n]).is_err(), "cut off after {n} bytes");
        }
    }
}

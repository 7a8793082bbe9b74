//! `novella bundle`: make a bundle of an image file, ready to be uploaded and registered.

use crate::images::bundle::{self, BundleRequest, PART_SIZE};
use crate::images::{ImageType, Mapping, keys, manifest};
use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The options have the names that euca-bundle-image gave them.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: super::Place,
    /// The image file
    #[arg(short = 'i', long, value_name = "FILE")]
    image: PathBuf,
    /// What the names of the bundle's files begin with (default: the image file's name)
    #[arg(short = 'p', long)]
    prefix: Option<String>,
    /// Folder to write the bundle into; made if it is not there
    #[arg(short = 'd', long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,
    /// The image's processor architecture
    #[arg(short = 'r', long, default_value = std::env::consts::ARCH)]
    arch: String,
    /// Kernel that instances boot with; `true` makes the image itself a kernel
    #[arg(long, value_name = "AKI")]
    kernel: Option<String>,
    /// Ramdisk that instances boot with; `true` makes the image itself a ramdisk
    #[arg(long, value_name = "ARI")]
    ramdisk: Option<String>,
    /// Block device mapping, as `VIRTUAL1=DEVICE1,VIRTUAL2=DEVICE2`
    #[arg(short = 'B', long = "block-device-mapping", alias = "block-device-mappings", value_name = "MAPPING")]
    mappings: Vec<String>,
    /// Product codes, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    productcodes: Vec<String>,
    /// What the image is
    #[arg(long, value_enum)]
    image_type: Option<TypeName>,
    /// Your account id
    #[arg(short = 'u', long, env = "EC2_USER_ID", default_value = "000000000000")]
    user: String,
    /// Your private key, to sign the bundle with
    #[arg(short = 'k', long, value_name = "FILE")]
    privatekey: Option<PathBuf>,
    /// Your certificate: you can open the bundle too
    #[arg(short = 'c', long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The cloud's certificate (default: the one of a data directory that is named, $EUCALYPTUS_CERT, the one of the usual data directory, or
    /// $EC2_CERT)
    #[arg(long, value_name = "FILE")]
    ec2cert: Option<PathBuf>,
    #[arg(long, hide = true, default_value_t = PART_SIZE, value_parser = clap::value_parser!(u64).range(1..))]
    part_size: u64,
    #[arg(long, hide = true, value_parser = secret)]
    enc_key: Option<[u8; 16]>,
    #[arg(long, hide = true, value_parser = secret)]
    enc_iv: Option<[u8; 16]>,
}

/// EC2's word for what an image is.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum TypeName {
    Machine,
    Kernel,
    Ramdisk,
}

impl From<TypeName> for ImageType {
    fn from(name: TypeName) -> ImageType {
        match name {
            TypeName::Machine => ImageType::Machine,
            TypeName::Kernel => ImageType::Kernel,
            TypeName::Ramdisk => ImageType::Ramdisk,
        }
    }
}

fn secret(text: &str) -> Result<[u8; 16], String> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "32 hex digits are needed".to_owned())?;
    Ok(bytes)
}

pub fn run(args: Args) -> super::Outcome {
    write(args, &mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// Make the bundle, and say to `out` which files were written.
fn write(args: Args, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let is_flag = |id: &Option<String>| id.as_deref() == Some("true");
    let image_type = match (args.image_type, is_flag(&args.kernel), is_flag(&args.ramdisk)) {
        (_, true, true) => return Err("an image is either a kernel or a ramdisk".into()),
        (None | Some(TypeName::Kernel), true, false) => ImageType::Kernel,
        (None | Some(TypeName::Ramdisk), false, true) => ImageType::Ramdisk,
        (Some(_), true, false) | (Some(_), false, true) => {
            return Err("--image-type contradicts --kernel true or --ramdisk true".into());
        }
        (named, false, false) => named.map_or(ImageType::Machine, ImageType::from),
    };
    let mut mappings: Vec<Mapping> = Vec::new();
    for text in &args.mappings {
        mappings.extend(bundle::read_mappings(text)?);
    }
    if image_type != ImageType::Machine && !mappings.is_empty() {
        return Err("a kernel or ramdisk has no block devices".into());
    }
    let prefix = match args.prefix {
        Some(prefix) => prefix,
        None => args.image.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let cloud_certificate = match args.ec2cert {
        Some(path) => path,
        None => {
            let is_named = args.place.data_dir.is_some();
            default_certificate(&args.place.dir()?, is_named, |name| std::env::var_os(name))
        }
    };
    std::fs::create_dir_all(&args.destination)?;
    let made = bundle::bundle(&BundleRequest {
        image: args.image,
        destination: args.destination,
        prefix,
        image_type,
        architecture: manifest::architecture(&args.arch)?,
        kernel_id: args.kernel,
        ramdisk_id: args.ramdisk,
        mappings,
        product_codes: args.productcodes,
        user: args.user.replace('-', ""),
        cloud: keys::read_certificate(&cloud_certificate)?,
        certificate: args.cert.as_deref().map(keys::read_certificate).transpose()?,
        private_key: args.privatekey.as_deref().map(keys::read_private_key).transpose()?,
        part_size: args.part_size,
        key: args.enc_key,
        iv: args.enc_iv,
    })?;
    for part in &made.parts {
        writeln!(out, "Wrote {}", part.display())?;
    }
    writeln!(out, "Wrote manifest {}", made.manifest.display())?;
    Ok(())
}

/// `is_named`: somebody asked for this data directory, and so for its cloud.
fn default_certificate(data_dir: &Path, is_named: bool, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let named = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let own = keys::certificate_path(&data_dir.join("keys"));
    match named("EUCALYPTUS_CERT") {
        _ if is_named && own.exists() => own,
        Some(path) => path,
        None if own.exists() => own,
        None => named("EC2_CERT").unwrap_or(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    fn fixture(name: &str) -> String {
        format!("{}/fixtures/bundle/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn bundle(destination: &Path, more: &[&str]) -> Result<String, Box<dyn Error>> {
        let (image, cert) = (fixture("tiny.img"), fixture("ec2-cert.pem"));
        let fixed = ["novella", "-i", &image, "--ec2cert", &cert, "-d", destination.to_str().unwrap()];
        let args = Program::try_parse_from(fixed.iter().chain(more))?.args;
        let mut out = Vec::new();
        write(args, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn the_certificate_is_that_of_a_named_data_directory_first() {
        let dir = tempfile::tempdir().unwrap();
        let own = keys::certificate_path(&dir.path().join("keys"));
        let both = |name: &str| Some(OsString::from(format!("/{name}")));
        let only = |wanted: &'static str| move |name: &str| (name == wanted).then(|| OsString::from("/set"));
        assert_eq!(default_certificate(dir.path(), true, both), Path::new("/EUCALYPTUS_CERT"), "it has none");
        assert_eq!(default_certificate(dir.path(), false, only("EC2_CERT")), Path::new("/set"));
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(&own, "").unwrap();
        assert_eq!(default_certificate(dir.path(), true, both), own);
        assert_eq!(default_certificate(dir.path(), false, both), Path::new("/EUCALYPTUS_CERT"));
        assert_eq!(default_certificate(dir.path(), false, only("EC2_CERT")), own);
    }

    #[test]
    fn a_bundle_is_made_from_the_options_of_euca_bundle_image() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("new/folder");
        let said =
            bundle(&to, &["-r", "i386", "-p", "it", "--part-size", "30000", "-B", "ami=sda1,swap=sda3"]).unwrap();
        assert!(said.ends_with("it.manifest.xml\n"), "{said}");
        let text = std::fs::read_to_string(to.join("it.manifest.xml")).unwrap();
        let m = manifest::Manifest::parse(&text).unwrap();
        assert_eq!((m.architecture.as_str(), m.mappings.len(), m.parts.len()), ("i386", 2, 2));
        assert_eq!(m.image_type, ImageType::Machine);
    }

    #[test]
    fn kernels_are_told_by_either_option_and_contradictions_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for options in [&["--kernel", "true"][..], &["--image-type", "kernel"]] {
            bundle(dir.path(), options).unwrap();
            let text = std::fs::read_to_string(dir.path().join("tiny.img.manifest.xml")).unwrap();
            assert_eq!(manifest::Manifest::parse(&text).unwrap().image_type, ImageType::Kernel);
        }
        assert!(bundle(dir.path(), &["--kernel", "true", "--image-type", "ramdisk"]).is_err());
        assert!(bundle(dir.path(), &["--kernel", "true", "-B", "a=b"]).is_err());
        assert!(bundle(dir.path(), &["--enc-key", "short"]).is_err());
    }
}

//! The bundle manifest: the XML document that says how a bundle's parts become an image.
//!
//! Written since 2007 by ec2-ami-tools, euca2ools 1 to 3 and [`super::bundle`]; the format's version is 2007-10-10.
//! A manifest comes from a user's bucket, so nothing in it is believed: sizes, counts and names are
//! limited here, digests are compared while the parts are read.

use super::{ImageType, Mapping};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// The longest manifest that is read: enough for some 25,000 parts.
pub const MAX_BYTES: u64 = 4 << 20;
/// The largest image that a bundle may hold.
const MAX_IMAGE: u64 = 1 << 40;
/// Elements nest four deep in every manifest ever written.
const MAX_DEPTH: usize = 8;

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub image_type: ImageType,
    /// `x86_64`, `i386` or `arm64`.
    pub architecture: String,
    pub kernel_id: Option<String>,
    pub ramdisk_id: Option<String>,
    pub mappings: Vec<Mapping>,
    pub product_codes: Vec<String>,
    /// The name that the bundler gave: the image file's, as a rule.
    pub name: String,
    /// The account that bundled it, as it said.
    pub user: String,
    /// SHA-1 of the tar stream, lower-case hex.
    pub digest: String,
    /// Bytes of the image file.
    pub size: u64,
    /// Bytes of all parts together.
    pub bundled_size: u64,
    /// The AES key and initial vector, each wrapped for the cloud's certificate.
    pub encrypted_key: Vec<u8>,
    pub encrypted_iv: Vec<u8>,
    /// In the order in which they are put together.
    pub parts: Vec<Part>,
    /// The user's signature in hex; `None` when the bundle is unsigned.
    pub signature: Option<String>,
}

/// One part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A plain file name: no slash, nothing special.
    pub filename: String,
    /// SHA-1 of the part as stored, lower-case hex.
    pub digest: String,
}

/// Why a document is no usable manifest, as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error(why.into()))
}

/// The text over which a bundle's signature is made: from `<machine_configuration>` to `</image>`, byte for byte.
/// `None` when the document has no such elements side by side.
pub fn signed_text(document: &str) -> Option<String> {
    let cut = |name: &str| {
        let from = document.find(&format!("<{name}>"))?;
        let end = format!("</{name}>");
        let to = document.rfind(&end)? + end.len();
        document.get(from..to)
    };
    Some(format!("{}{}", cut("machine_configuration")?, cut("image")?))
}

impl Manifest {
    /// Read a manifest.
    pub fn parse(document: &str) -> Result<Manifest, Error> {
        let root = parse_tree(document)?;
        if root.name != "manifest" {
            return refuse(format!("its root element is <{}>, not <manifest>", root.name));
        }
        let machine = root.child("machine_configuration")?;
        let image = root.child("image")?;
        let flag = |name| machine.maybe(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let image_type = match (flag("kernel_id"), flag("ramdisk_id"), image.maybe("type").unwrap_or("machine")) {
            (true, false, _) | (false, false, "kernel") => ImageType::Kernel,
            (false, true, _) | (false, false, "ramdisk") => ImageType::Ramdisk,
            (false, false, "machine") => ImageType::Machine,
            (true, true, _) => return refuse("it says that the image is a kernel and a ramdisk"),
            (false, false, other) => return refuse(format!("the image type {other:?} is unknown")),
        };
        let id = |name| match machine.maybe(name) {
            Some(text) if image_type == ImageType::Machine => Some(text.to_owned()),
            _ => None,
        };
        let size = image.number("size")?;
        if size == 0 || size > MAX_IMAGE {
            return refuse(format!("an image of {size} bytes cannot be registered"));
        }
        Ok(Manifest {
            image_type,
            architecture: architecture(machine.maybe("architecture").unwrap_or("x86_64"))?,
            kernel_id: id("kernel_id"),
            ramdisk_id: id("ramdisk_id"),
            mappings: mappings(machine)?,
            product_codes: machine
                .each("product_codes")
                .flat_map(|codes| codes.each("product_code"))
                .map(|code| code.text.clone())
                .collect(),
            name: image.maybe("name").unwrap_or_default().to_owned(),
            user: image.maybe("user").unwrap_or_default().to_owned(),
            digest: sha1_of(image, "the image")?,
            size,
            bundled_size: image.number("bundled_size")?,
            encrypted_key: wrapped(image, "ec2_encrypted_key")?,
            encrypted_iv: wrapped(image, "ec2_encrypted_iv")?,
            parts: parts(image.child("parts")?)?,
            signature: root.maybe("signature").filter(|s| *s != "UNSIGNED").map(str::to_owned),
        })
    }
}

/// EC2's name for a processor architecture, from any of the names in use.
pub fn architecture(name: &str) -> Result<String, Error> {
    match name.to_ascii_lowercase().as_str() {
        "x86_64" | "amd64" => Ok("x86_64".into()),
        "i386" | "i486" | "i586" | "i686" | "x86" => Ok("i386".into()),
        "arm64" | "aarch64" => Ok("arm64".into()),
        _ => refuse(format!("the architecture {name:?} is unknown")),
    }
}

fn mappings(machine: &Element) -> Result<Vec<Mapping>, Error> {
    let lines = machine.each("block_device_mapping").flat_map(|all| all.each("mapping"));
    lines
        .map(|m| {
            Ok(Mapping { virtual_name: m.child("virtual")?.text.clone(), device: m.child("device")?.text.clone() })
        })
        .collect()
}

fn parts(element: &Element) -> Result<Vec<Part>, Error> {
    let mut numbered = Vec::new();
    for (position, part) in element.each("part").enumerate() {
        let filename = part.child("filename")?.text.clone();
        let plain = !filename.is_empty() && filename.len() <= 255 && filename != "." && filename != "..";
        if !plain || filename.contains(['/', '\\']) || filename.chars().any(char::is_control) {
            return refuse(format!("the part name {filename:?} is not a plain file name"));
        }
        let index = match part.attribute("index") {
            None => position,
            Some(text) => text.parse().map_err(|_| Error(format!("the part index {text:?} is no number")))?,
        };
        numbered.push((index, Part { filename, digest: sha1_of(part, "a part")? }));
    }
    numbered.sort_by_key(|(index, _)| *index);
    if numbered.is_empty() {
        return refuse("it has no parts");
    }
    if numbered.iter().enumerate().any(|(position, (index, _))| position != *index) {
        return refuse("its parts are not numbered 0, 1, 2, …");
    }
    match element.attribute("count") {
        Some(count) if count.parse() != Ok(numbered.len()) => {
            refuse(format!("it lists {} parts and says that there are {count}", numbered.len()))
        }
        _ => Ok(numbered.into_iter().map(|(_, part)| part).collect()),
    }
}

fn sha1_of(element: &Element, of: &str) -> Result<String, Error> {
    let digest = element.child("digest")?;
    let algorithm = digest.attribute("algorithm").unwrap_or("SHA1");
    if !algorithm.eq_ignore_ascii_case("SHA1") && !algorithm.eq_ignore_ascii_case("SHA-1") {
        return refuse(format!("the digest of {of} is by {algorithm:?}, not SHA1"));
    }
    match hex::decode(&digest.text) {
        Ok(bytes) if bytes.len() == 20 => Ok(hex::encode(bytes)),
        _ => refuse(format!("the digest of {of} is not 40 hex digits")),
    }
}

fn wrapped(image: &Element, name: &str) -> Result<Vec<u8>, Error> {
    let element = image.child(name)?;
    match element.attribute("algorithm") {
        None | Some("AES-128-CBC") => {}
        Some(other) => return refuse(format!("it is encrypted by {other:?}, not AES-128-CBC")),
    }
    match hex::decode(&element.text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => refuse(format!("<{name}> is not in hex")),
    }
}

/// An element with its own text and children; comments and foreign markup are dropped.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The one child of that name.
    fn child<'a>(&'a self, name: &'a str) -> Result<&'a Element, Error> {
        let mut found = self.each(name);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => refuse(format!("<{}> has no <{name}>", self.name)),
            (Some(_), Some(_)) => refuse(format!("<{}> has more than one <{name}>", self.name)),
        }
    }

    /// The text of the first child of that name, unless it is empty.
    fn maybe(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|c| c.name == name).map(|c| c.text.as_str()).filter(|t| !t.is_empty())
    }

    fn number(&self, name: &str) -> Result<u64, Error> {
        let text = &self.child(name)?.text;
        text.parse().map_err(|_| Error(format!("<{name}> is {text:?}, not a number")))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// The document as a tree. Document types, and with them entities of its own, are refused.
fn parse_tree(document: &str) -> Result<Element, Error> {
    if document.len() as u64 > MAX_BYTES {
        return refuse(format!("it is longer than {MAX_BYTES} bytes"));
    }
    let broken = |e: &dyn std::fmt::Display| Error(format!("it is not well-formed XML ({e})"));
    let mut reader = Reader::from_str(document.trim_start_matches('\u{feff}').trim());
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|e| broken(&e))? {
            Event::Start(tag) => {
                if open.len() == MAX_DEPTH || root.is_some() {
                    return refuse("its elements are nested too deep, or there is more than one root");
                }
                let mut attributes = Vec::new();
                for a in tag.attributes() {
                    let a = a.map_err(|e| broken(&e))?;
                    attributes.push((a.key.0.to_owned(), a.value.into_owned()));
                }
                let name = tag.name().0.to_owned();
                open.push(Element { name, attributes, text: String::new(), children: Vec::new() });
            }
            Event::End(_) => {
                let mut done = open.pop().ok_or_else(|| broken(&"an end without a start"))?;
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) => match open.last_mut() {
                Some(element) => element.text += &text.xml10_content(),
                None if text.xml10_content().trim().is_empty() => {}
                None => return Err(broken(&"text outside of the root element")),
            },
            Event::CData(text) => match open.last_mut() {
                Some(element) => element.text += &text.into_inner(),
                None => return Err(broken(&"text outside of the root element")),
            },
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|e| broken(&e))?;
                let name = reference.into_inner();
                match (open.last_mut(), character, resolve_xml_entity(&name)) {
                    (Some(element), Some(c), _) => element.text.push(c),
                    (Some(element), None, Some(text)) => element.text += text,
                    (_, _, _) => return refuse(format!("the entity &{name}; is not allowed")),
                }
            }
            Event::DocType(_) => return refuse("it has a document type, which is not allowed"),
            Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(broken(&"it ends in the middle"));
    }
    root.ok_or_else(|| broken(&"it is empty"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOLDEN: &str = include_str!("../../fixtures/bundle/ami/tiny.img.manifest.xml");

    #[test]
    fn a_manifest_of_euca2ools_3_says_everything() {
        let m = Manifest::parse(GOLDEN).unwrap();
        assert_eq!((m.image_type, m.architecture.as_str()), (ImageType::Machine, "x86_64"));
        assert_eq!(m.kernel_id.as_deref(), Some("aki-00000001"));
        assert_eq!(m.ramdisk_id.as_deref(), Some("ari-00000001"));
        assert_eq!((m.size, m.bundled_size, m.parts.len()), (40000, 40240, 3));
        assert_eq!(m.mappings[1], Mapping { virtual_name: "ephemeral0".into(), device: "sda2".into() });
        assert_eq!(m.digest, "57fd743d3b8b01bfff0d716b1383a97b65db701c");
        assert_eq!(m.parts[2].filename, "tiny.img.part.02");
        assert_eq!(m.encrypted_key.len(), 256);
        assert!(m.signature.is_some());
    }

    #[test]
    fn kernels_and_ramdisks_are_told_by_their_flags() {
        let kernel = Manifest::parse(include_str!("../../fixtures/bundle/aki/kern.manifest.xml")).unwrap();
        assert_eq!((kernel.image_type, kernel.kernel_id), (ImageType::Kernel, None));
        let ramdisk = Manifest::parse(include_str!("../../fixtures/bundle/ari/rd.manifest.xml")).unwrap();
        assert_eq!((ramdisk.image_type, ramdisk.ramdisk_id), (ImageType::Ramdisk, None));
    }

    #[test]
    fn manifests_of_euca2ools_1_and_2_are_read() {
        for old in [
            include_str!("../../fixtures/bundle/ami-euca2ools-1.3.2/vmlinuz.manifest.xml"),
            include_str!("../../fixtures/bundle/ami-euca2ools-2.1.4/vmlinuz.manifest.xml"),
        ] {
            let m = Manifest::parse(old).unwrap();
            assert_eq!((m.size, m.kernel_id.as_deref()), (100_000, Some("eki-00000001")));
        }
    }

    #[test]
    fn pretty_printing_changes_nothing() {
        let pretty = GOLDEN.replace("><", ">\n  <");
        assert_eq!(Manifest::parse(&pretty).unwrap(), Manifest::parse(GOLDEN).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let with = |from: &str, to: &str| {
            assert!(GOLDEN.contains(from), "{from}");
            Manifest::parse(&GOLDEN.replace(from, to)).unwrap_err().to_string()
        };
        for (from, to, why) in [
            ("<manifest>", "<!DOCTYPE m [<!ENTITY a \"b\">]><manifest>", "document type"),
            ("tiny.img.part.01", "../part.01", "plain file name"),
            ("tiny.img.part.01", "&xxe;", "entity"),
            ("count=\"3\"", "count=\"4\"", "says that there are 4"),
            ("index=\"1\"", "index=\"7\"", "not numbered"),
            ("<size>40000", "<size>99999999999999", "cannot be registered"),
            ("<size>40000</size>", "", "no <size>"),
            ("<size>40000</size>", "<size>1</size><size>2</size>", "more than one <size>"),
            ("x86_64", "pdp11", "architecture"),
            ("AES-128-CBC", "ROT13", "AES-128-CBC"),
            ("<type>machine", "<type>toaster", "toaster"),
            ("</image>", "", "well-formed"),
        ] {
            let said = with(from, to);
            assert!(said.contains(why), "{to}: {said}");
        }
        assert!(Manifest::parse("").is_err());
        assert!(Manifest::parse(&"<manifest>".repeat(100)).is_err());
        assert!(Manifest::parse(&" ".repeat(MAX_BYTES as usize + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,400}") {
            let _ = Manifest::parse(&text);
        }

        #[test]
        fn no_change_of_a_manifest_makes_the_reader_panic(at in 0..GOLDEN.len(), cut in 0..40usize, put in "[<>/&;\"a-z ]{0,4}") {
            let end = (at + cut).min(GOLDEN.len());
            let _ = Manifest::parse(&format!("{}{put}{}", &GOLDEN[..at], &GOLDEN[end..]));
        }
    }
}

//! What a running machine has, read from its live definition: so a call that comes again finds its work done.

use super::super::Error;
use super::{Libvirt, failed};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use virt::domain::Domain;

/// Of every device of a domain's XML: the attributes `wanted`, each of one of its own elements; `None` where it says none.
pub fn in_xml<const N: usize>(
    xml: &str,
    device: &str,
    wanted: [(&str, &str); N],
) -> Result<Vec<[Option<String>; N]>, quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut inside) = (Vec::new(), Vec::<String>::new());
    let mut open = [const { None }; N];
    let attribute = |e: &BytesStart<'_>, name: &str| -> Result<Option<String>, quick_xml::Error> {
        match e.try_get_attribute(name)? {
            Some(a) => Ok(Some(a.normalized_value(XmlVersion::Implicit1_0)?.into_owned())),
            None => Ok(None),
        }
    };
    loop {
        let event = reader.read_event()?;
        if let Event::Start(e) | Event::Empty(e) = &event {
            let name = e.name().as_ref().to_owned();
            // Further down stand others' elements: of what a disk stands on, say.
            if inside.last().is_some_and(|parent| parent == device) {
                for (slot, (element, key)) in open.iter_mut().zip(wanted) {
                    if element == name {
                        *slot = attribute(e, key)?;
                    }
                }
            }
            if matches!(event, Event::Start(_)) {
                inside.push(name);
            }
        } else if let Event::End(_) = event {
            if inside.pop().is_some_and(|name| name == device) {
                found.push(std::mem::replace(&mut open, [const { None }; N]));
            }
        } else if let Event::Eof = event {
            return Ok(found);
        }
    }
}

/// [`in_xml`] of a machine.
pub fn of<const N: usize>(
    id: &str,
    domain: &Domain,
    device: &str,
    wanted: [(&str, &str); N],
) -> Result<Vec<[Option<String>; N]>, Error> {
    let xml = domain.xml_desc(0).map_err(|e| failed(&format!("asking for the definition of {id}"), &e))?;
    in_xml(&xml, device, wanted).map_err(|e| Error::Failed(format!("the definition of {id}: {e}")))
}

impl Libvirt {
    /// The machine, which must be there.
    pub(super) fn running(&self, id: &str) -> Result<Domain, Error> {
        self.find(id)?.ok_or_else(|| Error::Failed(format!("no machine {id}")))
    }
}

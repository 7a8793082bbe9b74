//! Volumes as requests ask for them and as answers write them.

use super::interfaces::Operator;
use super::{Cx, Error, resource, zone};
use crate::clock;
use crate::db::tags::Tag;
use crate::db::volumes::AttachmentRow;
use crate::volumes::{Figures, Kind, Modification, Volume, Wish};
use crate::wire::ec2_xml::Time;
use crate::wire::query::{self, Params};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The largest number of any figure: the room knows the limits of each.
const MOST: i64 = 1 << 31;

/// `Size`, `VolumeType`, `Iops`, `Throughput` and `MultiAttachEnabled`; a launch calls the first one `VolumeSize`.
pub fn wish(p: &Params<'_>, size: &str) -> Result<Wish, query::Error> {
    let kind = match p.opt("VolumeType").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            Kind::parse(text)
                .ok_or_else(|| p.invalid("VolumeType", text, "Expecting standard, io1, io2, gp2, gp3, sc1 or st1."))?,
        ),
    };
    Ok(Wish {
        gib: p.opt_int(size, 0..=MOST)?,
        kind,
        iops: p.opt_int("Iops", 0..=MOST)?,
        throughput: p.opt_int("Throughput", 0..=MOST)?,
        multi_attach: p.opt_bool("MultiAttachEnabled")?,
    })
}

/// `Encrypted` and `KmsKeyId`, of which the second needs the first.
pub fn encryption(p: &Params<'_>) -> Result<(Option<bool>, Option<String>), Error> {
    let encrypted = p.opt_bool("Encrypted")?;
    let key = p.opt("KmsKeyId").filter(|text| !text.is_empty()).map(str::to_owned);
    if key.is_some() && encrypted != Some(true) {
        return Err(Error::Dependency("The parameter [KmsKeyId] requires the parameter Encrypted to be set.".into()));
    }
    Ok((encrypted, key))
}

/// The alias of each account's own key.
pub const OWN_KEY: &str = "alias/aws/ebs";

/// The ARN of the key that a request names by id, alias or ARN.
pub fn kms_key(cx: &Cx, named: &str) -> String {
    let (region, account) = (&cx.region, &cx.caller.account);
    let name = match named.strip_prefix("arn:") {
        Some(rest) if rest.contains(":key/") => return named.to_owned(),
        Some(rest) => rest.rsplit_once(':').map_or(rest, |(_, alias)| alias),
        None => named,
    };
    if name == OWN_KEY {
        return own_key(cx);
    }
    let declared = cx.cloud.config.kms_keys.iter().find(|k| k.alias.as_deref() == Some(name));
    let id = declared.map_or_else(|| name.to_owned(), |k| k.id.clone());
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// The ARN of the account's own key for volumes; its id is a function of account and region.
pub fn own_key(cx: &Cx) -> String {
    let (region, account) = (&cx.region, &cx.caller.account);
    let h = hex::encode(Sha256::digest(format!("{OWN_KEY} {account} {region}")));
    let id = format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[12..15], &h[15..18], &h[18..30]);
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// A device as instances have them: `/dev/sdf`, `xvdf`, `/dev/sda1`.
pub fn device(p: &Params<'_>, name: &str) -> Result<String, Error> {
    let text = p.req(name)?;
    let short = text.strip_prefix("/dev/").unwrap_or(text);
    let letters = ["sd", "xvd", "hd", "vd"].iter().find_map(|prefix| short.strip_prefix(prefix)).unwrap_or_default();
    let letters = letters.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.is_empty() || letters.len() > 2 || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        let text = format!("Value ({text}) for parameter device is invalid. {text} is not a valid EBS device name.");
        return Err(Error::ParameterValue(text));
    }
    Ok(text.to_owned())
}

/// One volume.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeItem {
    pub volume_id: String,
    volume_arn: String,
    owner_id: String,
    pub size: i64,
    pub snapshot_id: String,
    pub availability_zone: String,
    pub availability_zone_id: String,
    pub status: &'static str,
    pub create_time: Time,
    pub attachment_set: Vec<Attachment>,
    pub tag_set: Vec<Tag>,
    pub volume_type: String,
    pub iops: Option<i64>,
    throughput: Option<i64>,
    pub encrypted: bool,
    kms_key_id: Option<String>,
    sse_type: &'static str,
    pub multi_attach_enabled: bool,
    pub operator: Operator,
}

/// What guards the bytes, in AWS's words.
pub fn sse_type(encrypted: bool) -> &'static str {
    if encrypted { "sse-kms" } else { "none" }
}

impl VolumeItem {
    /// A volume with its tags.
    pub fn new(volume: Volume, tag_set: Vec<Tag>) -> VolumeItem {
        let status = volume.state();
        let Volume { row, attachments } = volume;
        VolumeItem {
            volume_arn: resource::arn(&row.region, &row.account, "volume", &row.id),
            owner_id: row.account,
            size: row.gib,
            snapshot_id: row.snapshot.unwrap_or_default(),
            availability_zone_id: zone::id(&row.zone),
            availability_zone: row.zone,
            status,
            create_time: Time(clock::from_ms(row.created_at)),
            attachment_set: attachments.into_iter().map(|a| Attachment::new(a, None)).collect(),
            tag_set,
            volume_type: row.kind,
            iops: row.iops,
            throughput: row.throughput,
            encrypted: row.encrypted,
            kms_key_id: row.kms_key,
            sse_type: sse_type(row.encrypted),
            multi_attach_enabled: row.multi_attach,
            operator: Operator::NOBODY,
            volume_id: row.id,
        }
    }

    /// The same as the answer to its creation says it: it has just begun.
    pub fn begun(self) -> VolumeItem {
        VolumeItem { status: "creating", ..self }
    }
}

/// A volume at an instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    volume_id: String,
    pub instance_id: String,
    pub device: String,
    pub status: String,
    pub attach_time: Time,
    pub delete_on_termination: bool,
}

impl Attachment {
    /// An attachment; `status` is said otherwise in the answers to those who change it.
    pub fn new(a: AttachmentRow, status: Option<&str>) -> Attachment {
        Attachment {
            volume_id: a.volume,
            instance_id: a.instance,
            device: a.device,
            status: status.map_or(a.state, str::to_owned),
            attach_time: Time(clock::from_ms(a.attached_at)),
            delete_on_termination: a.delete_too,
        }
    }
}

/// A volume's last modification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModificationItem {
    pub volume_id: String,
    pub modification_state: &'static str,
    pub target_size: i64,
    pub target_iops: Option<i64>,
    pub target_volume_type: &'static str,
    target_throughput: Option<i64>,
    pub target_multi_attach_enabled: bool,
    pub original_size: i64,
    pub original_iops: Option<i64>,
    pub original_volume_type: &'static str,
    original_throughput: Option<i64>,
    pub original_multi_attach_enabled: bool,
    progress: u32,
    pub start_time: Time,
    end_time: Option<Time>,
}

impl ModificationItem {
    pub fn new(volume_id: String, m: Modification) -> ModificationItem {
        let Figures { gib, kind, iops, throughput, multi_attach } = m.from;
        ModificationItem {
            volume_id,
            modification_state: if m.ended_at.is_some() { "completed" } else { "modifying" },
            target_size: m.to.gib,
            target_iops: m.to.iops,
            target_volume_type: m.to.kind.text(),
            target_throughput: m.to.throughput,
            target_multi_attach_enabled: m.to.multi_attach,
            original_size: gib,
            original_iops: iops,
            original_volume_type: kind.text(),
            original_throughput: throughput,
            original_multi_attach_enabled: multi_attach,
            progress: if m.ended_at.is_some() { 100 } else { 0 },
            start_time: Time(clock::from_ms(m.started_at)),
            end_time: m.ended_at.map(|at| Time(clock::from_ms(at))),
        }
    }

    /// The same as the answer to the change itself says it: it has just begun.
    pub fn begun(self) -> ModificationItem {
        ModificationItem { modification_state: "modifying", progress: 0, end_time: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::Form;

    #[test]
    fn devices_have_names_that_instances_know() {
        for (text, good) in [
            ("/dev/sdf", true),
            ("xvdba", true),
            ("/dev/sda1", true),
            ("/dev/vdb", true),
            ("/dev/sd", false),
            ("/dev/nvme1n1", false),
            ("sdF", false),
            ("/tmp/sdf", false),
        ] {
            let form = Form::parse(&[format!("Device={text}").as_bytes()]).unwrap();
            assert_eq!(device(&form.params(), "Device").is_ok(), good, "{text}");
        }
    }
}

//! `TagSpecification` and `Tag` parameters, and the limits of tags.

use super::Error;
use crate::db::tags::Tag;
use crate::wire::query::Params;

/// Most tags that a caller may put on one resource.
pub const MOST_TAGS: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// The tags for one type of the resources that an action makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specification {
    /// AWS's name: `instance`, `key-pair`, …
    pub kind: String,
    pub tags: Vec<Tag>,
}

/// Read `TagSpecification.N`. `allowed` are the resource types that the action makes.
pub fn specifications(p: &Params<'_>, allowed: &[&str]) -> Result<Vec<Specification>, Error> {
    specifications_at(p, "TagSpecification", allowed)
}

/// The same where the parameter has another name.
pub fn specifications_at(p: &Params<'_>, name: &str, allowed: &[&str]) -> Result<Vec<Specification>, Error> {
    let mut all: Vec<Specification> = Vec::new();
    for spec in p.structs(name) {
        let kind = spec.opt("ResourceType").unwrap_or_default();
        if kind.is_empty() {
            return Err(Error::ParameterValue("Tag specification resource type must have a value".into()));
        }
        if !allowed.contains(&kind) {
            return Err(Error::ParameterValue(format!(
                "'{kind}' is not a valid taggable resource type for this operation."
            )));
        }
        if all.iter().any(|s| s.kind == kind) {
            return Err(Error::Parameter(
                "The same resource type may not be specified more than once in tag specifications".into(),
            ));
        }
        let tags = tags(&spec)?;
        if tags.is_empty() {
            return Err(Error::ParameterValue("Tag specification must have at least one tag".into()));
        }
        all.push(Specification { kind: kind.to_owned(), tags });
    }
    Ok(all)
}

/// The tags for resources of `kind`.
pub fn of(specifications: &[Specification], kind: &str) -> Vec<Tag> {
    specifications.iter().find(|s| s.kind == kind).map(|s| s.tags.clone()).unwrap_or_default()
}

/// Read `Tag.N.Key` and `Tag.N.Value`, and check what AWS checks.
pub fn tags(p: &Params<'_>) -> Result<Vec<Tag>, Error> {
    let mut all: Vec<Tag> = Vec::new();
    for tag in p.structs("Tag") {
        let tag = Tag { key: tag.req("Key")?.to_owned(), value: tag.opt("Value").unwrap_or_default().to_owned() };
        check(&tag)?;
        if all.iter().any(|t| t.key == tag.key) {
            return Err(Error::ParameterValue(format!("Duplicate tag key '{}' specified.", tag.key)));
        }
        all.push(tag);
    }
    if all.len() > MOST_TAGS { Err(Error::TagLimit) } else { Ok(all) }
}

fn check(tag: &Tag) -> Result<(), Error> {
    let wrong = |text: String| Err(Error::ParameterValue(text));
    if tag.key.to_ascii_lowercase().starts_with("aws:") {
        return wrong(format!(
            "Value ( {} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use",
            tag.key
        ));
    }
    if tag.key.chars().count() > LONGEST_KEY {
        return wrong(format!("Tag key exceeds the maximum length of {LONGEST_KEY} characters"));
    }
    if tag.value.chars().count() > LONGEST_VALUE {
        return wrong(format!("Tag value exceeds the maximum length of {LONGEST_VALUE} characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::Form;

    fn read(form: &str) -> Result<Vec<Specification>, Error> {
        let form = Form::parse(&[form.as_bytes()]).unwrap();
        specifications(&form.params(), &["instance", "volume"])
    }

    #[test]
    fn specifications_are_told_apart_by_type() {
        let all = read(
            "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=x\
             &TagSpecification.2.ResourceType=volume&TagSpecification.2.Tag.1.Key=Empty",
        )
        .unwrap();
        assert_eq!(of(&all, "instance"), [Tag { key: "Name".into(), value: "x".into() }]);
        assert_eq!(of(&all, "volume"), [Tag { key: "Empty".into(), value: String::new() }]);
        assert!(of(&all, "image").is_empty());
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        let spec = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key";
        let long = "k".repeat(129);
        for (form, code) in [
            ("TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=a", "InvalidParameterValue"),
            ("TagSpecification.1.Tag.1.Key=a", "InvalidParameterValue"),
            ("TagSpecification.1.ResourceType=instance", "InvalidParameterValue"),
            (&format!("{spec}=aws:x"), "InvalidParameterValue"),
            (&format!("{spec}="), "MissingParameter"),
            (&format!("{spec}={long}"), "InvalidParameterValue"),
            (&format!("{spec}=a&TagSpecification.1.Tag.2.Key=a"), "InvalidParameterValue"),
            (&format!("{spec}=a&TagSpecification.2.ResourceType=instance"), "InvalidParameter"),
        ] {
            assert_eq!(read(form).unwrap_err().wire().0, code, "{form}");
        }
        let many: String = (0..51).map(|n| format!("&TagSpecification.1.Tag.{n}.Key={n}")).collect();
        let many = format!("TagSpecification.1.ResourceType=instance{many}");
        assert_eq!(read(&many).unwrap_err().wire().0, "TagLimitExceeded");
    }
}

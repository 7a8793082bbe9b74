//! Names of zones: `us-east-1a` is what people say, `use1-az1` is AWS's id of it.

use super::{Cx, Error};

/// The region's zone of that name and that id; at least one of them is given.
pub fn named(cx: &Cx, name: Option<String>, id: Option<String>) -> Result<String, Error> {
    let by_name = |zone: &String| name.as_ref().is_none_or(|name| name == zone);
    let by_id = |zone: &String| id.as_ref().is_none_or(|id| self::id(zone) == *id);
    let found = cx.zones().into_iter().find(|zone| by_name(zone) && by_id(zone));
    found.ok_or_else(|| Error::Zone(name.or(id).unwrap_or_default()))
}

/// The id of a zone: the region's name in short, and the zone's number.
///
/// AWS deals a region's ids to the letters anew for each account; here the letters' order is the numbers' order.
pub fn id(zone: &str) -> String {
    let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let letter = zone[region.len()..].bytes().next().unwrap_or(b'a');
    format!("{}-az{}", short(region), letter - b'a' + 1)
}

/// `us-east-1` is `use1`, `ap-northeast-2` is `apne2`. What is not built like that stays as it is.
fn short(region: &str) -> String {
    let parts: Vec<&str> = region.split('-').collect();
    let [place, .., direction, number] = parts[..] else { return region.to_owned() };
    let directions = ["north", "south", "east", "west", "central"];
    let (mut rest, mut initials) = (direction, String::new());
    while let Some(found) = directions.iter().find(|d| rest.starts_with(**d)) {
        initials.push_str(&found[..1]);
        rest = &rest[found.len()..];
    }
    if rest.is_empty() { format!("{place}{initials}{number}") } else { region.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_built_as_aws_builds_them() {
        for (zone, expected) in [
            ("us-east-1a", "use1-az1"),
            ("ap-northeast-2c", "apne2-az3"),
            ("ca-central-1b", "cac1-az2"),
            ("cloud1a", "cloud1-az1"),
            ("my-cloud-1b", "my-cloud-1-az2"),
            ("1", "1-az1"),
        ] {
            assert_eq!(id(zone), expected);
        }
    }
}

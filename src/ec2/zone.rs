//! Names of zones: `us-east-1a` is what people say, `use1-az1` is AWS's id of it.

use super::{Cx, Error};
use std::fmt;

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
    Id(zone).to_string()
}

/// The [`id`] of the zone of this name, written where it is needed.
#[derive(Debug, Clone, Copy)]
pub struct Id<'a>(pub &'a str);

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.0.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let letter = self.0[region.len()..].bytes().next().unwrap_or(b'a');
        short(f, region)?;
        write!(f, "-az{}", letter - b'a' + 1)
    }
}

/// `us-east-1` is `use1`, `ap-northeast-2` is `apne2`. What is not built like that stays as it is.
fn short(f: &mut fmt::Formatter<'_>, region: &str) -> fmt::Result {
    let parts = region.rsplit_once('-').and_then(|(rest, number)| Some((rest.rsplit_once('-')?, number)));
    let Some(((place, direction), number)) = parts else { return f.write_str(region) };
    let rests = || std::iter::successors(Some(direction), after_word);
    if !rests().last().is_some_and(str::is_empty) {
        return f.write_str(region);
    }
    f.write_str(place.split('-').next().unwrap_or_default())?;
    rests().try_for_each(|rest| f.write_str(rest.get(..1).unwrap_or_default()))?;
    f.write_str(number)
}

/// What follows the first word of a direction: `east` of `northeast`.
fn after_word<'a>(direction: &&'a str) -> Option<&'a str> {
    ["north", "south", "east", "west", "central"].iter().find_map(|word| direction.strip_prefix(word))
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

//! `Filter.N.Name` and `Filter.N.Value.M`, for every Describe action.
//!
//! A resource passes if every filter accepts it; a filter accepts it if one of its patterns matches one of the
//! resource's values. Patterns know `*`, `?` and `\`; case counts. `tag:KEY`, `tag-key` and `tag-value` work on
//! whatever has tags. A filter that an action does not document is an error.

use super::Error;
use crate::db::tags::Tag;
use crate::wire::query::Params;
use std::borrow::Cow;

/// What a filter looks at: the values of one property. Booleans are `true` and `false`.
pub type Values<T> = for<'a> fn(&'a T) -> Vec<Cow<'a, str>>;

/// Something that can be filtered: usually the action's own output structure.
pub trait Filtered: Sized + 'static {
    /// AWS's filter names for it, each with the values it looks at.
    const FILTERS: &'static [(&'static str, Values<Self>)];

    /// Its tags; `None` for what has no tags, which then knows no tag filters either.
    fn tags(&self) -> Option<&[Tag]> {
        None
    }

    /// Whether it has tags at all.
    const TAGGED: bool = false;

    /// The filter that looks at its id, if one does.
    const ID: &'static str = "";
}

/// The filters of a request.
pub struct Filters<T>(Vec<Filter<T>>);

struct Filter<T> {
    by: By<T>,
    patterns: Vec<String>,
}

enum By<T> {
    Property(&'static str, Values<T>),
    Tag(String),
    TagKey,
    TagValue,
}

/// Most values of one filter.
const MOST_VALUES: usize = 200;

impl<T: Filtered> Filters<T> {
    /// Read them from the form.
    pub fn read(p: &Params<'_>) -> Result<Filters<T>, Error> {
        Filters::of(&p.structs("Filter"))
    }

    /// The filters that these structures describe.
    pub fn of(structs: &[Params<'_>]) -> Result<Filters<T>, Error> {
        structs.iter().map(one).collect::<Result<_, _>>().map(Filters)
    }

    /// The only values of a property that one of the filters lets pass, if it names them without wildcards.
    pub fn only(&self, property: &str) -> Option<&[String]> {
        self.0.iter().find_map(|filter| match filter.by {
            By::Property(name, _) if name == property => filter.literal(),
            By::Property(..) | By::Tag(_) | By::TagKey | By::TagValue => None,
        })
    }

    /// A tag's key, and the only values of it that one of the filters lets pass, if it names them without wildcards.
    pub fn only_tagged(&self) -> Option<(&str, &[String])> {
        self.0.iter().find_map(|filter| match &filter.by {
            By::Tag(key) => filter.literal().map(|values| (key.as_str(), values)),
            By::Property(..) | By::TagKey | By::TagValue => None,
        })
    }

    /// Whether all filters let `item` pass.
    pub fn accept(&self, item: &T) -> bool {
        self.0.iter().all(|filter| filter.accept(item))
    }
}

fn one<T: Filtered>(p: &Params<'_>) -> Result<Filter<T>, Error> {
    let name = p.opt("Name").filter(|n| !n.is_empty()).ok_or_else(|| Error::Filter("null".into()))?;
    let patterns: Vec<String> = p.list("Value").into_iter().map(str::to_owned).collect();
    if patterns.len() > MOST_VALUES {
        return Err(Error::ParameterValue(format!("The maximum number of filter values is {MOST_VALUES}")));
    }
    let unknown = || Error::Filter(name.to_owned());
    let property =
        || T::FILTERS.iter().find(|(known, _)| *known == name).map(|(name, values)| By::Property(name, *values));
    let by = match name.strip_prefix("tag:") {
        Some(key) if T::TAGGED => By::Tag(key.to_owned()),
        _ if T::TAGGED && name == "tag-key" => By::TagKey,
        _ if T::TAGGED && name == "tag-value" => By::TagValue,
        _ => property().ok_or_else(unknown)?,
    };
    Ok(Filter { by, patterns })
}

impl<T: Filtered> Filter<T> {
    /// Its patterns, if each matches itself and nothing else.
    fn literal(&self) -> Option<&[String]> {
        let plain = self.patterns.iter().all(|pattern| !pattern.contains(['*', '?', '\\']));
        plain.then_some(&self.patterns)
    }

    fn accept(&self, item: &T) -> bool {
        let any = |value: &str| self.patterns.iter().any(|pattern| matches(pattern, value));
        let tags = || item.tags().unwrap_or_default().iter();
        match &self.by {
            By::Property(_, values) => values(item).iter().any(|value| any(value)),
            By::Tag(key) => tags().any(|tag| tag.key == *key && any(&tag.value)),
            By::TagKey => tags().any(|tag| any(&tag.key)),
            By::TagValue => tags().any(|tag| any(&tag.value)),
        }
    }
}

/// `true` or `false`, as filters compare them.
pub fn flag<'a>(value: bool) -> Vec<Cow<'a, str>> {
    vec![if value { "true" } else { "false" }.into()]
}

/// The value, where there is one.
pub fn maybe(value: &Option<String>) -> Vec<Cow<'_, str>> {
    value.iter().map(|v| v.as_str().into()).collect()
}

/// Whether the whole of `text` matches: `*` any run, `?` any one character, `\` takes the next one literally.
pub fn matches(pattern: &str, text: &str) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Want {
        Run,
        Any,
        Char(char),
    }
    let mut wanted = Vec::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        wanted.push(match c {
            '*' => Want::Run,
            '?' => Want::Any,
            '\\' => Want::Char(chars.next().unwrap_or('\\')),
            c => Want::Char(c),
        });
    }
    let text: Vec<char> = text.chars().collect();
    // Greedy with one step back: only the last run can need to grow.
    let (mut w, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match wanted.get(w) {
            Some(Want::Run) => {
                back = Some((w + 1, t));
                w += 1;
            }
            Some(want) if *want == Want::Any || *want == Want::Char(text[t]) => (w, t) = (w + 1, t + 1),
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (w, t) = (after, from + 1);
            }
        }
    }
    wanted[w..].iter().all(|want| *want == Want::Run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::Form;
    use proptest::prelude::*;

    struct Thing {
        name: &'static str,
        tags: Vec<Tag>,
    }

    impl Filtered for Thing {
        const FILTERS: &'static [(&'static str, Values<Self>)] = &[("name", |t| vec![t.name.into()])];
        const TAGGED: bool = true;
        fn tags(&self) -> Option<&[Tag]> {
            Some(&self.tags)
        }
    }

    fn accepts(form: &str, thing: &Thing) -> bool {
        let form = Form::parse(&[form.as_bytes()]).unwrap();
        Filters::<Thing>::read(&form.params()).unwrap().accept(thing)
    }

    #[test]
    fn filters_are_anded_and_values_are_ored() {
        let thing = Thing { name: "web", tags: vec![Tag { key: "os".into(), value: "linux".into() }] };
        for (form, expected) in [
            ("", true),
            ("Filter.1.Name=name&Filter.1.Value.1=db&Filter.1.Value.2=web", true),
            ("Filter.1.Name=name&Filter.1.Value.1=web&Filter.2.Name=tag-key&Filter.2.Value.1=none", false),
            ("Filter.1.Name=tag:os&Filter.1.Value.1=lin*", true),
            ("Filter.1.Name=tag:OS&Filter.1.Value.1=*", false),
            ("Filter.1.Name=tag-value&Filter.1.Value=linux", true),
            ("Filter.1.Name=name&Filter.1.Value.1=WEB", false),
            ("Filter.1.Name=name", false),
        ] {
            assert_eq!(accepts(form, &thing), expected, "{form}");
        }
    }

    #[test]
    fn what_a_filter_names_without_wildcards_is_told() {
        let form = "Filter.1.Name=name&Filter.1.Value.1=a*&Filter.2.Name=name&Filter.2.Value.1=b&Filter.2.Value.2=c\
                    &Filter.3.Name=tag:os&Filter.3.Value.1=x";
        let form = Form::parse(&[form.as_bytes()]).unwrap();
        let filters = Filters::<Thing>::read(&form.params()).unwrap();
        assert_eq!(filters.only("name").unwrap(), ["b", "c"]);
        assert_eq!(filters.only_tagged().unwrap(), ("os", &["x".to_owned()][..]));
        for wild in ["*", "a?", r"\*"] {
            let form = Form::parse(&[format!("Filter.1.Name=name&Filter.1.Value.1={wild}").as_bytes()]).unwrap();
            assert_eq!(Filters::<Thing>::read(&form.params()).unwrap().only("name"), None);
        }
    }

    #[test]
    fn an_unknown_filter_is_an_error_even_with_nothing_to_filter() {
        for (form, message) in [
            ("Filter.1.Name=colour&Filter.1.Value.1=x", "The filter 'colour' is invalid"),
            ("Filter.1.Value.1=x", "The filter 'null' is invalid"),
        ] {
            let form = Form::parse(&[form.as_bytes()]).unwrap();
            assert_eq!(Filters::<Thing>::read(&form.params()).err().unwrap().to_string(), message);
        }
    }

    #[test]
    fn wildcards_match_and_can_be_escaped() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "aXXbYbZc", true),
            ("a*b*c", "aXXc", false),
            ("?b", "ab", true),
            ("?", "", false),
            (r"\*amazon\?\\", r"*amazon?\", true),
            (r"\*", "x", false),
            ("*é?", "caféx", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_escaped_and_every_text_matches_a_run(text in ".{0,20}") {
            let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
            prop_assert!(matches(&escaped, &text));
            prop_assert!(matches("*", &text));
            let open = escaped + "*";
            prop_assert!(matches(&open, &text));
        }
    }
}

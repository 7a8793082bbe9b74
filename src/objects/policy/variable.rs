//! Variables in resources and in the values of conditions: `${aws:userid}`, with a default `${s3:prefix, 'all'}`, and
//! `${*}`, `${?}`, `${$}` for the characters themselves. Only policies of version 2012-10-17 have them.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use super::Lookup;
use super::wildcard::Token;

/// The pattern with its variables filled in, each by text that no `*` of it makes a wildcard. `None`: the request does not
/// have one of them, or several values of it, and there is no default; then nothing matches.
pub fn fill(pattern: &str, lookup: Lookup<'_>) -> Option<Vec<Token>> {
    let mut filled = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((variable, behind)) = after.split_once('}') else { break };
        filled.extend(before.chars().map(Token::of));
        match variable {
            "*" | "?" | "$" => filled.extend(variable.chars().map(Token::Literal)),
            variable => filled.extend(value(variable, lookup)?.chars().map(Token::Literal)),
        }
        rest = behind;
    }
    filled.extend(rest.chars().map(Token::of));
    Some(filled)
}

fn value(variable: &str, lookup: Lookup<'_>) -> Option<String> {
    let (key, default) = match variable.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\'').to_owned())),
        None => (variable.trim(), None),
    };
    match <[String; 1]>::try_from(lookup(&looked_up(key))) {
        Ok([one]) => Some(one),
        Err(_) => default,
    }
}

/// The form in which a key is looked up: in lower case, but for what follows a `/`.
pub fn looked_up(key: &str) -> String {
    match key.split_once('/') {
        Some((name, rest)) => format!("{}/{rest}", name.to_ascii_lowercase()),
        None => key.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::policy::wildcard;

    fn fits(pattern: &str, text: &str) -> bool {
        let lookup = |key: &str| match key {
            "aws:userid" => vec!["42".to_owned()],
            "s3:prefix" => vec!["a*".to_owned()],
            "aws:principaltag/Team" => vec!["blue".to_owned()],
            _ => vec![],
        };
        fill(pattern, &lookup).is_some_and(|filled| wildcard::fits(&filled, text))
    }

    #[test]
    fn variables_are_what_the_request_says() {
        assert!(fits("b/home/${aws:userid}/*", "b/home/42/x"));
        assert!(!fits("b/home/${aws:userid}/*", "b/home/43/x"));
        assert!(fits("${aws:UserId}-${aws:PrincipalTag/Team}", "42-blue"));
        assert!(!fits("b/${aws:username}/*", "b//x"), "who has no name fits nothing");
        assert!(fits("b/${aws:username, 'nobody'}/*", "b/nobody/x"));
    }

    #[test]
    fn a_filled_in_star_is_no_wildcard() {
        assert!(fits("${s3:prefix}", "a*") && !fits("${s3:prefix}", "ab"));
        assert!(fits("a${*}${?}${$}*", "a*?$rest") && !fits("a${*}", "ab"));
        assert!(fits("an open ${brace", "an open ${brace"));
    }
}

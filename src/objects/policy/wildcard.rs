//! Patterns with `*` (any characters) and `?` (one).

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Itself.
    Literal(char),
    /// `?`
    One,
    /// `*`
    Any,
}

impl Token {
    /// What this character of a policy means.
    pub fn of(c: char) -> Token {
        match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Literal(c),
        }
    }

    /// The character, as it was written.
    pub fn char(self) -> char {
        match self {
            Token::Any => '*',
            Token::One => '?',
            Token::Literal(c) => c,
        }
    }
}

/// Whether the pattern matches the whole text.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(&pattern.chars().map(Token::of).collect::<Vec<_>>(), text)
}

/// Whether the pattern matches the whole text. Takes time proportional to the product of their lengths at most.
pub fn fits(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when the characters after the last `*` do not fit: the star takes one more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::Any) => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(token) if *token == Token::One || *token == Token::Literal(text[t]) => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    p = after;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks_match() {
        for (pattern, text) in
            [("*", ""), ("a*", "a"), ("*a*b", "xaxbxb"), ("a?c", "aéc"), ("s3:Get*", "s3:GetObject"), ("", "")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a?", "a"), ("a*b", "abc"), ("*.x", "x"), ("A", "a")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    /// The definition, without regard to time.
    fn defined(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                defined(rest, text) || text.split_first().is_some_and(|(_, t)| defined(pattern, t))
            }
            (Some((b'?', p)), Some((_, t))) => defined(p, t),
            (Some((a, p)), Some((b, t))) => a == b && defined(p, t),
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn it_is_what_is_defined(pattern in "[ab*?]{0,7}", text in "[ab]{0,9}") {
            prop_assert_eq!(matches(&pattern, &text), defined(pattern.as_bytes(), text.as_bytes()));
        }
    }
}

//! Reads the names of extensions from `Sec-WebSocket-Extensions` values, RFC 6455 §9.1.

use alloc::vec::Vec;

use super::error::BuildError;
use super::excerpt::Excerpt;
use super::grammar::{is_token, is_token_byte};
use super::headers::Headers;

/// The name of the header field.
pub(super) const HEADER: &str = "Sec-WebSocket-Extensions";

/// Returns the value of all `Sec-WebSocket-Extensions` fields as one list, RFC 9110 §5.3, or `None`
/// if the head has no such field.
pub(super) fn value_in(headers: &Headers) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = headers.all(HEADER).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// Returns the name of each extension in `value`, or `None` if the value is malformed.
///
/// Runs in linear time.
pub(super) fn names(value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut cursor = Cursor { rest: value };
    let mut names = Vec::new();
    loop {
        // RFC 9110 §5.6.1: empty elements of a list are ignored.
        while cursor.skip(b',') {}
        if cursor.rest.is_empty() {
            return (!names.is_empty()).then_some(names);
        }
        names.push(cursor.token()?);
        while cursor.skip(b';') {
            cursor.parameter()?;
        }
        if !cursor.rest.is_empty() && !cursor.skip(b',') {
            return None;
        }
    }
}

/// Returns the name of each extension in a value of the caller, or an error if it is malformed.
pub(super) fn checked(value: &str) -> Result<Vec<&[u8]>, BuildError> {
    let value = value.as_bytes();
    names(value).ok_or(BuildError::Extensions { extensions: Excerpt::new(value) })
}

/// A cursor over the rest of a value.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Skips white space, then `byte` and the white space after it. Returns `true` if `byte` was
    /// there.
    fn skip(&mut self, byte: u8) -> bool {
        self.skip_space();
        let Some(rest) = self.rest.strip_prefix(&[byte]) else { return false };
        self.rest = rest;
        self.skip_space();
        true
    }

    /// Skips spaces and tabs, RFC 9110 §5.6.3.
    fn skip_space(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes a token, RFC 9110 §5.6.2.
    fn token(&mut self) -> Option<&'a [u8]> {
        let len = self.rest.iter().take_while(|&&byte| is_token_byte(byte)).count();
        let (token, rest) = self.rest.split_at(len);
        self.rest = rest;
        (len > 0).then_some(token)
    }

    /// Takes a parameter, RFC 6455 §9.1: a token and an optional value, which is a token or quoted.
    fn parameter(&mut self) -> Option<()> {
        self.token()?;
        if !self.skip(b'=') {
            return Some(());
        }
        match self.rest.strip_prefix(b"\"") {
            Some(rest) => {
                self.rest = rest;
                self.end_of_quotes()
            }
            None => self.token().map(drop),
        }
    }

    /// Takes the rest of a quoted string, RFC 9110 §5.6.4. RFC 6455 §9.1: after unescaping, the
    /// quoted value must be a token.
    fn end_of_quotes(&mut self) -> Option<()> {
        let mut unquoted = Vec::new();
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            match byte {
                b'"' => return is_token(&unquoted).then_some(()),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    unquoted.push(escaped);
                }
                byte => unquoted.push(byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_told_by_their_names() {
        let cases: [(&str, &[&str]); 10] = [
            ("permessage-deflate", &["permessage-deflate"]),
            ("a;b", &["a"]),
            ("a; b=c ;\td = \"e\", f", &["a", "f"]),
            ("a, a; b, a", &["a", "a", "a"]),
            (",, a ,,b,", &["a", "b"]),
            ("a;b=\"c\\d\"", &["a"]),
            ("a;b=\"\\c\"", &["a"]),
            ("foo;baz=1, bar; baz=2", &["foo", "bar"]),
            ("a;b;b=1;b=2", &["a"]),
            ("!#$%&'*+-.^_`|~09", &["!#$%&'*+-.^_`|~09"]),
        ];
        for (value, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|name| name.as_bytes()).collect();
            assert_eq!(names(value.as_bytes()), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_no_list_of_extensions() {
        for value in [
            "",
            " ",
            ",",
            "a b",
            ";a",
            "a;",
            "a;,b",
            "a; =b",
            "a; b=",
            "a; b==c",
            "a=b",
            "a; b=\"",
            "a; b=\"c",
            "a; b=\"\"",
            "a; b=\"c d\"",
            "a; b=\"c,d\"",
            "a; b=\"c\\",
            "a; b=\"\\\"\"",
            "a; b=\"c\"d",
            "a; b=c\"d\"",
            "\"a\"",
            "é",
            "a\r\n",
            "a;\r\nb",
            "a,\nb",
            "a; b=\"é\"",
        ] {
            assert_eq!(names(value.as_bytes()), None, "{value}");
        }
    }
}

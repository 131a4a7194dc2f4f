//! The header fields of a head that was received.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::error::HeadError;
use super::excerpt::Excerpt;

/// The header fields of a peer's head, in the order in which they came, RFC 9110 §5.
///
/// Names are compared without regard to ASCII case. Values are bytes, since HTTP promises no more
/// than that; white space around them is gone. `Debug` shows names only: values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Headers {
    head: Vec<u8>,
    /// Each range is within `head`, and each name is ASCII.
    fields: Vec<Field>,
}

impl Headers {
    /// The value of the first field with this name, or `None` where there is none.
    pub fn first<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of all fields with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All fields, name and value.
    pub fn iter(&self) -> HeaderIter<'_> {
        self.into_iter()
    }

    pub(super) fn new(head: Vec<u8>, fields: Vec<Field>) -> Self {
        Headers { head, fields }
    }

    /// The value of a field that has to be there, once.
    pub(super) fn only(&self, name: &'static str) -> Result<&[u8], HeadError> {
        self.at_most_one(name)?.ok_or(HeadError::MissingHeader { name })
    }

    /// The value of a field that may be there, once.
    pub(super) fn at_most_one(&self, name: &'static str) -> Result<Option<&[u8]>, HeadError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(HeadError::DuplicateHeader { name });
        }
        Ok(value)
    }

    /// Checks that the list of tokens with this name has `token`, in whatever case.
    pub(super) fn require_token(&self, name: &'static str, token: &str) -> Result<(), HeadError> {
        if self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes())) {
            return Ok(());
        }
        Err(self.invalid(name))
    }

    /// The elements of a list of tokens, RFC 9110 §5.6.1: all lines are one list, and empty
    /// elements do not count.
    pub(super) fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
    }

    /// Why a field is not what it has to be: it is missing, or its value is wrong.
    pub(super) fn invalid(&self, name: &'static str) -> HeadError {
        match self.first(name) {
            Some(value) => HeadError::InvalidHeader { name, value: Excerpt::new(value) },
            None => HeadError::MissingHeader { name },
        }
    }
}

/// All fields, name and value.
impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, &'a [u8]);
    type IntoIter = HeaderIter<'a>;

    fn into_iter(self) -> HeaderIter<'a> {
        HeaderIter { head: &self.head, fields: self.fields.iter() }
    }
}

/// The header fields of a head, by [`Headers::iter`].
#[derive(Clone)]
pub struct HeaderIter<'a> {
    head: &'a [u8],
    fields: core::slice::Iter<'a, Field>,
}

impl<'a> Iterator for HeaderIter<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.fields.next()?;
        let name = self.head.get(field.name.clone()).unwrap_or_default();
        let value = self.head.get(field.value.clone()).unwrap_or_default();
        Some((core::str::from_utf8(name).unwrap_or_default(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for HeaderIter<'_> {}

/// Shows how many are left: values may be secrets.
impl fmt::Debug for HeaderIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderIter({} fields)", self.len())
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Where a field's name and value are in the head.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Field {
    /// Finds what `httparse` borrowed from `head`.
    pub(super) fn locate(head: &[u8], fields: &[httparse::Header<'_>]) -> Vec<Field> {
        let start = head.as_ptr().addr();
        let range = |part: &[u8]| {
            let offset = part.as_ptr().addr() - start;
            offset..offset + part.len()
        };
        fields
            .iter()
            .map(|field| Field { name: range(field.name.as_bytes()), value: range(field.value) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn headers(lines: &[u8]) -> Headers {
        let head = [lines, b"\r\n"].concat();
        let mut array = [httparse::EMPTY_HEADER; 8];
        let (_, fields) = httparse::parse_headers(&head, &mut array).unwrap().unwrap();
        let fields = Field::locate(&head, fields);
        Headers::new(head, fields)
    }

    #[test]
    fn values_are_bytes_and_names_have_no_case() {
        let headers = headers(b"A: \xff\x80\t\r\nb:\r\na:2 \r\n");
        assert_eq!(headers.first("a"), Some(&b"\xff\x80"[..]));
        assert_eq!(headers.first("B"), Some(&b""[..]));
        assert_eq!(headers.first("c"), None);
        assert_eq!(headers.all("A").collect::<Vec<_>>(), [&b"\xff\x80"[..], b"2"]);
        assert_eq!(headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["A", "b", "a"]);
    }

    #[test]
    fn lines_with_one_name_are_one_list() {
        let headers = headers(b"L: a , b\r\nX: c\r\nl:,,\td,\r\n");
        assert_eq!(headers.elements("L").collect::<Vec<_>>(), [b"a", b"b", b"d"]);
        assert_eq!(headers.elements("Y").collect::<Vec<_>>(), Vec::<&[u8]>::new());
    }

    #[test]
    fn a_token_is_matched_whole() {
        for (value, found) in [
            ("upgrade", true),
            ("UPGRADE", true),
            ("keep-alive, Upgrade", true),
            ("keep-alive,Upgrade ,x", true),
            ("notupgrade", false),
            ("upgraded", false),
            ("up grade", false),
            ("upgrade;q=1", false),
            ("", false),
        ] {
            let headers = headers(format!("Connection: {value}\r\n").as_bytes());
            let expected = HeadError::InvalidHeader {
                name: "Connection",
                value: Excerpt::new(value.as_bytes()),
            };
            let result = headers.require_token("Connection", "Upgrade");
            assert_eq!(result, if found { Ok(()) } else { Err(expected) }, "{value}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let headers = headers(b"Cookie: secret\r\n");
        assert_eq!(format!("{headers:?}"), "[\"Cookie\"]");
    }
}

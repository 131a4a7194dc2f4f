//! The header fields of a received head.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::error::HeadError;
use super::excerpt::Excerpt;
use super::grammar::{is_field_byte, is_token};

/// The header fields of a peer's head, in the order in which they arrived, RFC 9110 §5.
///
/// Names are compared without regard to ASCII case. Values are bytes, because HTTP guarantees no
/// more than that. White space around them is removed. `Debug` shows only names, because values may
/// be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Headers {
    head: Vec<u8>,
    /// Each range is inside `head`, and each name is ASCII.
    fields: Vec<Field>,
}

impl Headers {
    /// Returns the value of the first field with this name, or `None` if no field has it.
    pub fn first<'a>(&'a self, name: &str) -> Option<&'a [u8]> {
        self.with_name(name).next()
    }

    /// Returns the values of all fields with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.with_name(name)
    }

    fn with_name<'a, 'n>(&'a self, name: &'n str) -> Named<'a, 'n> {
        Named { head: &self.head, fields: self.fields.iter(), name: name.as_bytes() }
    }

    /// Returns the name and value of each field.
    pub fn iter(&self) -> HeaderIter<'_> {
        self.into_iter()
    }

    pub(super) fn new(head: Vec<u8>, fields: Vec<Field>) -> Self {
        Headers { head, fields }
    }

    /// Copies fields that an HTTP library has parsed.
    pub(super) fn copied<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, HeadError> {
        let mut headers = Headers { head: Vec::new(), fields: Vec::new() };
        for (name, value) in fields {
            // RFC 9110 §5.1 and §5.5
            let (name, value) = (name.as_ref(), value.as_ref().trim_ascii());
            if !is_token(name) || !value.iter().copied().all(is_field_byte) {
                return Err(HeadError::HeaderLine);
            }
            let (name, value) = (headers.copy(name), headers.copy(value));
            headers.fields.push(Field { name, value });
        }
        Ok(headers)
    }

    fn copy(&mut self, part: &[u8]) -> Range<usize> {
        let start = self.head.len();
        self.head.extend_from_slice(part);
        start..self.head.len()
    }

    /// Returns the value of a field that must be present exactly once.
    pub(super) fn only(&self, name: &'static str) -> Result<&[u8], HeadError> {
        self.at_most_one(name)?.ok_or(HeadError::MissingHeader { name })
    }

    /// Returns the value of a field that may be present once, or `None` if it is missing.
    pub(super) fn at_most_one(&self, name: &'static str) -> Result<Option<&[u8]>, HeadError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(HeadError::DuplicateHeader { name });
        }
        Ok(value)
    }

    /// Checks that the list of tokens with this name contains `token`, in any case.
    pub(super) fn require_token(&self, name: &'static str, token: &str) -> Result<(), HeadError> {
        if self.elements(name).any(|element| element.eq_ignore_ascii_case(token.as_bytes())) {
            return Ok(());
        }
        Err(self.invalid(name))
    }

    /// Returns the elements of a list of tokens, RFC 9110 §5.6.1. All lines with this name are one
    /// list, and empty elements are ignored.
    pub(super) fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
    }

    /// Returns the error for a field that is missing or has a wrong value.
    pub(super) fn invalid(&self, name: &'static str) -> HeadError {
        match self.first(name) {
            Some(value) => HeadError::InvalidHeader { name, value: Excerpt::new(value) },
            None => HeadError::MissingHeader { name },
        }
    }
}

/// An iterator over the values of the fields with one name. A closure in `filter` would be called
/// out of line, for every field of every lookup.
struct Named<'a, 'n> {
    head: &'a [u8],
    fields: core::slice::Iter<'a, Field>,
    name: &'n [u8],
}

impl<'a> Iterator for Named<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let part = |range: &Range<usize>| self.head.get(range.clone()).unwrap_or_default();
        for field in self.fields.by_ref() {
            if field.name.len() == self.name.len()
                && part(&field.name).eq_ignore_ascii_case(self.name)
            {
                return Some(part(&field.value));
            }
        }
        None
    }
}

/// Iterates over the name and value of each field.
impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, &'a [u8]);
    type IntoIter = HeaderIter<'a>;

    fn into_iter(self) -> HeaderIter<'a> {
        HeaderIter { head: &self.head, fields: self.fields.iter() }
    }
}

/// An iterator over the header fields of a head, returned by [`Headers::iter`].
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

/// Shows only how many fields are left, because values may be secrets.
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

/// The positions of a field's name and value in the head.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Field {
    /// Returns the positions in `head` of the fields that `httparse` borrowed from it.
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
    fn an_iterator_over_headers_knows_how_many_are_left() {
        let headers = headers(b"A: 1\r\nB: 2\r\nA: 3\r\n");
        let mut iter = headers.iter();
        for left in (0..=3).rev() {
            assert_eq!((iter.len(), iter.clone().count()), (left, left));
            assert_eq!(format!("{iter:?}"), format!("HeaderIter({left} fields)"));
            assert_eq!(iter.next().is_some(), left > 0);
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let headers = headers(b"Cookie: secret\r\n");
        assert_eq!(format!("{headers:?}"), "[\"Cookie\"]");
    }
}

//! Reads and writes `Sec-WebSocket-Extensions` values, RFC 6455 §9.1.

mod cursor;
mod list;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::error::BuildError;
use super::excerpt::Excerpt;
use super::headers::Headers;

pub use list::ExtensionList;

use cursor::Cursor;

/// The name of the header field.
pub(super) const HEADER: &str = "Sec-WebSocket-Extensions";

/// Returns the value of all `Sec-WebSocket-Extensions` fields as one list, RFC 9110 §5.3, or `None`
/// if the head has no such field.
pub(super) fn value_in(headers: &Headers) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.all(HEADER);
    let first = values.next()?;
    let others: Vec<&[u8]> = values.collect();
    if others.is_empty() {
        return Some(Cow::Borrowed(first));
    }
    Some(Cow::Owned([&[first], &others[..]].concat().join(&b", "[..])))
}

/// Returns `true` if `value` is a list of extensions.
pub(super) fn is_valid(value: &[u8]) -> bool {
    let mut count = 0;
    for_each(value, |_| count += 1).is_some() && count > 0
}

/// Returns the extensions in a value of the caller, or an error if it is malformed.
pub(super) fn checked(value: &str) -> Result<Vec<Extension<'_>>, BuildError> {
    let value = value.as_bytes();
    Extension::parse_list(value)
        .map_err(|_| BuildError::Extensions { extensions: Excerpt::new(value) })
}

/// An extension with its parameters, as one end offers it or agrees to it, RFC 6455 §9.1.
///
/// Names are compared byte by byte. `Display` writes the extension without what the grammar allows
/// but does not need: quotes, and white space.
///
/// ```
/// use sansock::handshake::Extension;
///
/// let offers = Extension::parse_list(b"foo; a=\"1\"; b, bar")?;
/// assert_eq!(offers.iter().map(Extension::name).collect::<Vec<_>>(), ["foo", "bar"]);
/// let params: Vec<_> = offers[0].params().collect();
/// assert_eq!(params, [("a", Some("1".into())), ("b", None)]);
/// assert_eq!(offers[0].to_string(), "foo; a=1; b");
/// # Ok::<(), sansock::handshake::InvalidExtensions>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    name: &'a str,
    /// What follows the name: checked parameters, each with the `;` before it.
    params: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Parses the value of a `Sec-WebSocket-Extensions` header. If a head has several, join their
    /// values with commas, RFC 9110 §5.3.
    ///
    /// Takes linear time.
    ///
    /// # Errors
    ///
    /// [`InvalidExtensions`] if the value breaks the grammar, or names no extension. RFC 6455 §9.1:
    /// then the handshake fails.
    pub fn parse_list(value: &'a [u8]) -> Result<Vec<Extension<'a>>, InvalidExtensions> {
        let mut list = Vec::new();
        match for_each(value, |extension| list.push(extension)) {
            Some(()) if !list.is_empty() => Ok(list),
            _ => Err(InvalidExtensions { value: Excerpt::new(value) }),
        }
    }

    /// Returns the name, a token.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Returns each parameter: its name, and its value if it has one. Both are tokens. A name may
    /// come again: what that means is for the extension to say.
    pub fn params(&self) -> ExtensionParams<'a> {
        ExtensionParams { cursor: Cursor { rest: self.params } }
    }
}

/// Calls `act` with each extension of a list, RFC 6455 §9.1. Returns `None` where it is malformed.
fn for_each<'a>(value: &'a [u8], mut act: impl FnMut(Extension<'a>)) -> Option<()> {
    let mut cursor = Cursor { rest: value };
    loop {
        // RFC 9110 §5.6.1: empty elements of a list are ignored.
        while cursor.skip(b',') {}
        if cursor.rest.is_empty() {
            return Some(());
        }
        let name = cursor.token()?;
        let params = cursor.rest;
        while cursor.skip(b';') {
            cursor.param()?;
        }
        let len = params.len() - cursor.rest.len();
        act(Extension { name, params: params.get(..len).unwrap_or_default() });
        if !cursor.rest.is_empty() && !cursor.skip(b',') {
            return None;
        }
    }
}

/// The parameters of an extension, returned by [`Extension::params`].
#[derive(Clone)]
pub struct ExtensionParams<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Iterator for ExtensionParams<'a> {
    type Item = (&'a str, Option<Cow<'a, str>>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.cursor.skip(b';') { self.cursor.param() } else { None }
    }
}

impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (name, value) in self.params() {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({self})")
    }
}

impl fmt::Debug for ExtensionParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A value of `Sec-WebSocket-Extensions` that breaks the grammar of RFC 6455 §9.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidExtensions {
    /// The value.
    pub value: Excerpt,
}

impl fmt::Display for InvalidExtensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid list of extensions {}", self.value)
    }
}

impl core::error::Error for InvalidExtensions {}

#[cfg(test)]
mod tests;

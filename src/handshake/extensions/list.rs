//! Writes a `Sec-WebSocket-Extensions` value, RFC 6455 §9.1.

use alloc::string::String;

use crate::handshake::error::BuildError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::grammar::is_token;

/// Writes a list of extensions for a `Sec-WebSocket-Extensions` header, RFC 6455 §9.1.
///
/// ```
/// use sansock::handshake::ExtensionList;
///
/// let list = ExtensionList::new()
///     .extension("foo")?
///     .param("bits", Some("10"))?
///     .param("fast", None)?
///     .extension("bar")?;
/// assert_eq!(list.as_str(), "foo; bits=10; fast, bar");
/// assert!(ExtensionList::new().extension("foo\r\nbar").is_err());
/// # Ok::<(), sansock::handshake::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtensionList {
    value: String,
}

impl ExtensionList {
    /// Creates an empty list, which is no valid value yet.
    pub const fn new() -> Self {
        ExtensionList { value: String::new() }
    }

    /// Adds an extension.
    ///
    /// # Errors
    ///
    /// [`BuildError::Extensions`] if the name is not a token.
    pub fn extension(self, name: &str) -> Result<Self, BuildError> {
        let separator = if self.value.is_empty() { "" } else { ", " };
        self.push(separator, name)
    }

    /// Adds a parameter to the extension that was added last.
    ///
    /// # Errors
    ///
    /// [`BuildError::Extensions`] if the name or the value is not a token, RFC 6455 §9.1, or if there
    /// is no extension.
    pub fn param(self, name: &str, value: Option<&str>) -> Result<Self, BuildError> {
        if self.value.is_empty() {
            return Err(BuildError::Extensions { extensions: Excerpt::new(name.as_bytes()) });
        }
        let list = self.push("; ", name)?;
        match value {
            Some(value) => list.push("=", value),
            None => Ok(list),
        }
    }

    /// Returns the list, as [`Request::extensions`](crate::handshake::client::Request::extensions) and
    /// [`Upgrade::extensions`](crate::handshake::server::Upgrade::extensions) take it.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    fn push(mut self, separator: &str, token: &str) -> Result<Self, BuildError> {
        if !is_token(token.as_bytes()) {
            return Err(BuildError::Extensions { extensions: Excerpt::new(token.as_bytes()) });
        }
        self.value.push_str(separator);
        self.value.push_str(token);
        Ok(self)
    }
}

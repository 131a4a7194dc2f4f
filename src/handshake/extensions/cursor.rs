//! Reads a `Sec-WebSocket-Extensions` value from its front, RFC 6455 §9.1.

use alloc::borrow::Cow;
use alloc::string::String;
use core::str;

use crate::handshake::grammar::is_token_byte;

/// A cursor over the rest of a value.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Skips white space, then `byte` and the white space after it. Returns `true` if `byte` was
    /// there.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
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
    pub(super) fn token(&mut self) -> Option<&'a str> {
        let len = self.rest.iter().take_while(|&&byte| is_token_byte(byte)).count();
        let (token, rest) = self.rest.split_at(len);
        self.rest = rest;
        if len > 0 { str::from_utf8(token).ok() } else { None }
    }

    /// Takes a parameter, RFC 6455 §9.1: a token and an optional value, which is a token or quoted.
    pub(super) fn param(&mut self) -> Option<(&'a str, Option<Cow<'a, str>>)> {
        let name = self.token()?;
        if !self.skip(b'=') {
            return Some((name, None));
        }
        let value = match self.rest.strip_prefix(b"\"") {
            Some(rest) => {
                self.rest = rest;
                self.quoted()?
            }
            None => Cow::Borrowed(self.token()?),
        };
        Some((name, Some(value)))
    }

    /// Takes the rest of a quoted string, RFC 9110 §5.6.4, and returns what it quotes. RFC 6455 §9.1:
    /// after unescaping, that must be a token.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let token = self.token();
        if let Some(rest) = self.rest.strip_prefix(b"\"") {
            self.rest = rest;
            return token.map(Cow::Borrowed);
        }
        let mut unescaped = String::from(token.unwrap_or_default());
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let byte = match byte {
                b'"' => return Some(Cow::Owned(unescaped)),
                b'\\' => {
                    let (&escaped, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    escaped
                }
                byte => byte,
            };
            if !is_token_byte(byte) {
                return None;
            }
            unescaped.push(char::from(byte));
        }
    }
}

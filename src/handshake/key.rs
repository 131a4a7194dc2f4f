//! `Sec-WebSocket-Key` and the answer to it: RFC 6455 §1.3, §4.1, §4.2.2.

use alloc::string::String;
use core::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha1_smol::Sha1;

use super::excerpt::Excerpt;

/// Returns the `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`, RFC 6455 §4.2.2, item 5.4.
///
/// `key` is the header's value as sent, white space around it trimmed. This is for a server with an
/// HTTP library of its own:
///
/// ```
/// use sansock::handshake::accept_key;
///
/// assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ==")?, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// let invalid = accept_key(b"zzz").unwrap_err();
/// assert_eq!(invalid.to_string(), "invalid Sec-WebSocket-Key \"zzz\": not 16 bytes in base64");
/// # Ok::<(), sansock::handshake::InvalidKey>(())
/// ```
///
/// The value proves that the other end speaks this protocol, and nothing else: RFC 6455 §10.8
/// explains why SHA-1 is no weakness here.
///
/// # Errors
///
/// [`InvalidKey`] if `key` is not 16 bytes in base64, RFC 6455 §4.2.1, item 5: answer 400. The pad
/// bits may have any value, as those of the RFC's own example have (erratum 3150).
///
/// # What it does not check
///
/// [`RequestHead::upgrade`](super::server::RequestHead::upgrade) checks all of a request. A server that takes
/// this function instead has to check the rest of it, and answer 400 where nothing else is said:
///
/// * The method is `GET`, else 405 with `Allow: GET`, and no content in answer to `HEAD`.
///   RFC 6455 §4.2.1, item 1; RFC 9110 §15.5.6, §9.3.2.
/// * The version is HTTP/1.1: HTTP/1.0 has no upgrade, HTTP/2 and HTTP/3 have another handshake.
///   RFC 6455 §4.2.1, item 1; RFC 9110 §7.8; RFC 8441; RFC 9220.
/// * `Host` is there once, and is `host [":" port]`. RFC 6455 §4.2.1, item 2; RFC 9112 §3.2.
/// * `Upgrade` has the token `websocket` in its list, in any case, else 426 or an ordinary page.
///   RFC 6455 §4.2.1, item 3.
/// * `Connection` has the token `Upgrade` in its list, in any case: the token, not a part of
///   another one. All lines are one list. RFC 6455 §4.2.1, item 4; RFC 9110 §5.6.1, §7.6.1.
/// * `Sec-WebSocket-Version` is there once, and is `13`; if it is another, 426 with
///   `Sec-WebSocket-Version: 13`, `Upgrade: websocket` and `Connection: Upgrade`.
///   RFC 6455 §4.2.1, item 6; §4.2.2, item 4; §4.4; RFC 9110 §15.5.22.
/// * `Sec-WebSocket-Key` is there once. RFC 6455 §11.3.1.
/// * There is no body: no `Transfer-Encoding`, and no `Content-Length` but 0. What follows the head
///   is frames. RFC 9112 §6.1, §6.3.
/// * `Origin` is there once at most, and is one that is welcome, else 403. Without this check any
///   page can use its visitors' cookies here. RFC 6454 §7.3; RFC 6455 §4.2.2, item 4; §10.2.
/// * `Sec-WebSocket-Protocol`, if it is there, is a list of tokens. RFC 6455 §4.2.1, item 8; §4.3.
///
/// The answer is a 101 with these fields and no body:
///
/// * `Upgrade: websocket`, `Connection: Upgrade`, and this value as `Sec-WebSocket-Accept`.
///   RFC 6455 §4.2.2, item 5.
/// * `Sec-WebSocket-Protocol` once, with one of the offered subprotocols, letter by letter, or not
///   at all. RFC 6455 §4.2.2, items 4 and 5.5.
/// * No `Sec-WebSocket-Extensions`: a connection that was not told of an extension refuses its
///   frames. RFC 6455 §4.2.2, items 4 and 5.6; §9.1.
/// * No `Content-Length` and no `Transfer-Encoding`. RFC 9110 §8.6; RFC 9112 §6.1.
///
/// Bytes that the HTTP library has read beyond the head are the first of the connection.
pub fn accept_key(key: &[u8]) -> Result<String, InvalidKey> {
    if is_valid(key) { Ok(answer(key)) } else { Err(InvalidKey { key: Excerpt::new(key) }) }
}

/// A `Sec-WebSocket-Key` that is not 16 bytes in base64, RFC 6455 §4.2.1, item 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidKey {
    /// The key.
    pub key: Excerpt,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid Sec-WebSocket-Key {}: not 16 bytes in base64", self.key)
    }
}

impl core::error::Error for InvalidKey {}

/// The `Sec-WebSocket-Accept` for a key that is valid.
pub(super) fn answer(key: &[u8]) -> String {
    // RFC 6455 §4.2.2, item 5.4: the key as a string, not decoded, and the GUID.
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    BASE64.encode(sha1.digest().bytes())
}

/// The `Sec-WebSocket-Key` for a nonce.
pub(super) fn encode(nonce: [u8; NONCE_LEN]) -> String {
    BASE64.encode(nonce)
}

/// Whether a `Sec-WebSocket-Key` is the base64 form of a nonce.
pub(super) fn is_valid(key: &[u8]) -> bool {
    // RFC 6455 §4.2.1, item 5: the value, when decoded, is 16 bytes in length. The decoder wants
    // room for whole groups of three, and fails where a longer value does not fit.
    let mut nonce = [0; NONCE_LEN.next_multiple_of(3)];
    BASE64.decode_slice(key, &mut nonce) == Ok(NONCE_LEN)
}

/// RFC 6455 §4.1, item 7.
const NONCE_LEN: usize = 16;

/// RFC 6455 §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// RFC 6455 §4.1, item 7, has an example key whose pad bits are not zero (erratum 3150), so a key
/// like that has to be accepted.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        let valid: [&[u8]; 3] =
            [b"dGhlIHNhbXBsZSBub25jZQ==", b"AQIDBAUGBwgJCgsMDQ4PEC==", b"////////////////////AA=="];
        for key in valid {
            assert_eq!(accept_key(key), Ok(answer(key)), "{}", key.escape_ascii());
        }
        let invalid: [&[u8]; 11] = [
            b"",
            b"zzz",
            b"dGhlIHNhbXBsZSBub25jZQ",       // no padding
            b"dGhlIHNhbXBsZSBub25j",         // 15 bytes
            b"dGhlIHNhbXBsZSBub25jZWU=",     // 17 bytes
            b"dGhlIHNhbXBsZSBub25jZWVl",     // 18 bytes
            b"dGhlIHNhbXBsZSBub25jZWVlZWVl", // longer than the buffer
            b"dGhlIHNhbXBsZSBub25j_-==",     // the alphabet for URLs
            b"dGhl IHNhbXBsZSBub25jZ==",
            b" dGhlIHNhbXBsZSBub25jZQ==",
            b"dGhlIHNhbXBsZSBub25j\x80A==",
        ];
        for key in invalid {
            let error = InvalidKey { key: Excerpt::new(key) };
            assert_eq!(accept_key(key), Err(error), "{}", key.escape_ascii());
        }
    }

    #[test]
    fn every_nonce_gives_a_valid_key() {
        for byte in 0..=u8::MAX {
            assert!(is_valid(encode([byte; NONCE_LEN]).as_bytes()));
        }
    }
}

//! `Sec-WebSocket-Key` and its answer `Sec-WebSocket-Accept`: RFC 6455 §1.3, §4.1, §4.2.2.

use alloc::string::String;
use core::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha1_smol::Sha1;

use super::excerpt::Excerpt;

/// Returns the `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`, RFC 6455 §4.2.2,
/// item 5.4.
///
/// Use it in a server that has its own HTTP library. `key` is the header's value as sent, without
/// the white space around it.
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
/// The returned value proves only that the server speaks this protocol. RFC 6455 §10.8 explains why
/// SHA-1 is not a weakness here.
///
/// # Errors
///
/// [`InvalidKey`] if `key` is not 16 bytes in base64, RFC 6455 §4.2.1, item 5. Answer with 400. The
/// pad bits may have any value, because those in the RFC's own example are not zero (erratum 3150).
///
/// # What it does not check
///
/// [`RequestHead::upgrade`](super::server::RequestHead::upgrade) checks a whole request. If your
/// server calls this function instead, it must make the following checks itself. If one fails,
/// answer with 400, unless another status is stated:
///
/// * The method is `GET`. Otherwise answer with 405 and `Allow: GET`, without content if the method
///   is `HEAD`. RFC 6455 §4.2.1, item 1; RFC 9110 §15.5.6, §9.3.2.
/// * The version is HTTP/1.1. HTTP/1.0 has no upgrade; HTTP/2 and HTTP/3 have another handshake.
///   RFC 6455 §4.2.1, item 1; RFC 9110 §7.8; RFC 8441; RFC 9220.
/// * `Host` is present once, and is `host [":" port]`. RFC 6455 §4.2.1, item 2; RFC 9112 §3.2.
/// * `Upgrade` has the token `websocket` in its list, in any case. Otherwise answer with 426 or an
///   ordinary page. RFC 6455 §4.2.1, item 3.
/// * `Connection` has the token `Upgrade` in its list, in any case. Compare whole tokens, not parts
///   of them. All lines are one list. RFC 6455 §4.2.1, item 4; RFC 9110 §5.6.1, §7.6.1.
/// * `Sec-WebSocket-Version` is present once, and is `13`. If it is another version, answer with
///   426 and `Sec-WebSocket-Version: 13`, `Upgrade: websocket` and `Connection: Upgrade`. RFC 6455
///   §4.2.1, item 6; §4.2.2, item 4; §4.4; RFC 9110 §15.5.22.
/// * `Sec-WebSocket-Key` is present once. RFC 6455 §11.3.1.
/// * There is no body: no `Transfer-Encoding`, and no `Content-Length` other than 0. The bytes
///   after the head are frames. RFC 9112 §6.1, §6.3.
/// * `Origin` is present at most once. If it is not an origin that you accept, answer with 403.
///   Without this check, any web page can connect with its visitors' cookies. RFC 6454 §7.3;
///   RFC 6455 §4.2.2, item 4; §10.2.
/// * `Sec-WebSocket-Protocol`, if present, is a list of tokens. RFC 6455 §4.2.1, item 8; §4.3.
///
/// If all checks pass, answer with a 101 that has these fields and no body:
///
/// * `Upgrade: websocket`, `Connection: Upgrade`, and the returned value as `Sec-WebSocket-Accept`.
///   RFC 6455 §4.2.2, item 5.
/// * `Sec-WebSocket-Protocol` at most once, with one of the offered subprotocols, unchanged.
///   RFC 6455 §4.2.2, items 4 and 5.5.
/// * No `Sec-WebSocket-Extensions`: a connection that does not know an extension refuses its
///   frames. RFC 6455 §4.2.2, items 4 and 5.6; §9.1.
/// * No `Content-Length` and no `Transfer-Encoding`. RFC 9110 §8.6; RFC 9112 §6.1.
///
/// If the HTTP library has read bytes after the head, they are the first bytes of the connection.
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

/// Returns the `Sec-WebSocket-Accept` for a valid key.
pub(super) fn answer(key: &[u8]) -> String {
    // RFC 6455 §4.2.2, item 5.4: hash the key as a string, not decoded, and then the GUID.
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    BASE64.encode(sha1.digest().bytes())
}

/// Returns the `Sec-WebSocket-Key` for a nonce.
pub(super) fn encode(nonce: [u8; NONCE_LEN]) -> String {
    BASE64.encode(nonce)
}

/// Returns `true` if a `Sec-WebSocket-Key` is the base64 form of a nonce.
pub(super) fn is_valid(key: &[u8]) -> bool {
    // RFC 6455 §4.2.1, item 5: the value, when decoded, is 16 bytes in length. The decoder needs
    // room for whole groups of three bytes, and fails if a longer value does not fit.
    let mut nonce = [0; NONCE_LEN.next_multiple_of(3)];
    BASE64.decode_slice(key, &mut nonce) == Ok(NONCE_LEN)
}

/// The length of a nonce, RFC 6455 §4.1, item 7.
const NONCE_LEN: usize = 16;

/// The GUID that is hashed after the key, RFC 6455 §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The base64 engine. It accepts pad bits that are not zero, because the example key of RFC 6455
/// §4.1, item 7, has such bits (erratum 3150).
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

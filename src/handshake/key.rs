//! `Sec-WebSocket-Key` and the answer to it: RFC 6455 §1.3, §4.1, §4.2.2.

use alloc::string::String;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha1_smol::Sha1;

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`, RFC 6455 §4.2.2, item 5.4.
///
/// `key` is the header's value as sent, white space around it trimmed; it is not checked. This is
/// all that a server with an HTTP library of its own needs of a handshake:
///
/// ```
/// use sansock::handshake::accept_key;
///
/// assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
///
/// It proves that the other end speaks this protocol, and nothing else: RFC 6455 §10.8 explains
/// why SHA-1 is no weakness here.
pub fn accept_key(key: &[u8]) -> String {
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
    fn d14_a_key_is_sixteen_bytes_in_base64() {
        let valid: [&[u8]; 3] =
            [b"dGhlIHNhbXBsZSBub25jZQ==", b"AQIDBAUGBwgJCgsMDQ4PEC==", b"////////////////////AA=="];
        for key in valid {
            assert!(is_valid(key), "{}", key.escape_ascii());
        }
        let invalid: [&[u8]; 9] = [
            b"",
            b"dGhlIHNhbXBsZSBub25jZQ",       // no padding
            b"dGhlIHNhbXBsZSBub25j",         // 15 bytes
            b"dGhlIHNhbXBsZSBub25jZWU=",     // 17 bytes
            b"dGhlIHNhbXBsZSBub25jZWVl",     // 18 bytes
            b"dGhlIHNhbXBsZSBub25jZWVlZWVl", // longer than the buffer
            b"dGhlIHNhbXBsZSBub25j_-==",     // the alphabet for URLs
            b"dGhl IHNhbXBsZSBub25jZ==",
            b"dGhlIHNhbXBsZSBub25j\x80A==",
        ];
        for key in invalid {
            assert!(!is_valid(key), "{}", key.escape_ascii());
        }
    }

    #[test]
    fn d1_every_nonce_gives_a_valid_key() {
        for byte in 0..=u8::MAX {
            assert!(is_valid(encode([byte; NONCE_LEN]).as_bytes()));
        }
    }
}

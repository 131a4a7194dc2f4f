//! The reference: RFC 6455 §5.3 as it is written, a byte at a time.

/// Masks `payload` in place; `offset` counts the payload bytes before these in their frame.
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    // RFC 6455 §5.3: j = i MOD 4, transformed-octet-i = original-octet-i XOR masking-key-octet-j.
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle().skip(offset % 4)) {
        *byte ^= key;
    }
}

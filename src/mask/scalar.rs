//! The scalar reference: masks one byte at a time, as RFC 6455 §5.3 specifies.

/// Masks `payload` in place. `offset` is the number of payload bytes before it in its frame.
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    // RFC 6455 §5.3: j = i MOD 4, transformed-octet-i = original-octet-i XOR masking-key-octet-j.
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle().skip(offset % 4)) {
        *byte ^= key;
    }
}

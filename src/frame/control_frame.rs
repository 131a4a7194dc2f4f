//! Encodes the control frames that an endpoint sends by itself, RFC 6455 §5.5.

use super::header::Header;
use super::short::ShortBytes;
use super::{MAX_CONTROL_PAYLOAD, MAX_HEADER};
use crate::mask;
use crate::opcode::Opcode;

/// An encoded control frame, as it is sent on the wire.
pub type ControlFrame = ShortBytes<{ MAX_HEADER + MAX_CONTROL_PAYLOAD }>;

/// Encodes a control frame, and masks it if there is a key. `payload` is at most
/// [`MAX_CONTROL_PAYLOAD`] bytes long.
#[inline]
pub(crate) fn control_frame(
    opcode: Opcode,
    payload: &[u8],
    mask_key: Option<[u8; 4]>,
) -> ControlFrame {
    let (header, header_len) = Header::single(opcode, payload.len() as u64, mask_key).encode();
    let mut frame = ControlFrame::from_front(header.to_le_bytes(), header_len);
    frame.append(payload);
    if let (Some(key), Some(payload)) = (mask_key, frame.as_mut_slice().get_mut(header_len..)) {
        mask::apply(payload, key, 0);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both frames are examples of RFC 6455 §5.7.
    #[test]
    fn a_control_frame_is_a_header_and_its_payload_masked_by_the_key() {
        let ping = control_frame(Opcode::Ping, b"Hello", None);
        assert_eq!(&*ping, b"\x89\x05Hello");
        let pong = control_frame(Opcode::Pong, b"Hello", Some([0x37, 0xFA, 0x21, 0x3D]));
        assert_eq!(&*pong, b"\x8A\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58");
    }

    #[test]
    fn the_longest_control_frame_is_whole() {
        for (key, header_len) in [(None, 2), (Some([1, 2, 3, 4]), 6)] {
            let frame = control_frame(Opcode::Close, &[7; MAX_CONTROL_PAYLOAD], key);
            assert_eq!(frame.len(), header_len + MAX_CONTROL_PAYLOAD);
        }
    }
}

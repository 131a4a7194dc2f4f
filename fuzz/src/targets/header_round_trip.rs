//! The decoder of the other role reads back every header that the encoder writes. The encoder
//! writes every header that the decoder accepts, with the same bytes.

use arbitrary::Arbitrary;
use sansock::frame::{Decoder, Encoder, Header, Limits, Part, Rsv};
use sansock::{Input, Opcode, Role};

#[derive(Arbitrary, Debug)]
pub struct Case {
    from_client: bool,
    message_open: bool,
    fin: bool,
    rsv: u8,
    opcode: u8,
    key: [u8; 4],
    payload_len: u64,
    wire: [u8; 14],
}

const UNLIMITED: Limits = Limits::NONE;

/// Returns an encoder, possibly with a message in progress.
fn encoder(role: Role, message_open: bool) -> Encoder {
    let mut encoder = Encoder::new(role);
    if message_open {
        encoder.header(first_fragment(role)).expect("a message may begin");
    }
    encoder
}

/// Returns the header at the start of `bytes`, and its length, for a receiver in the same state.
fn decode(role: Role, message_open: bool, bytes: &[u8]) -> Option<(Header, usize)> {
    let mut decoder =
        Decoder::new(role).with_limits(UNLIMITED).with_rsv(Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3);
    if message_open {
        let mut first =
            encoder(role.peer(), false).header(first_fragment(role.peer())).ok()?.to_vec();
        let mut input = Input::new(&mut first[..]);
        while let Ok(Some(_)) = decoder.decode(&mut input) {}
    }
    let mut bytes = bytes.to_vec();
    let len = bytes.len();
    let mut input = Input::new(&mut bytes[..]);
    match decoder.decode(&mut input) {
        Ok(Some(Part::Header(header))) => Some((header, len - input.len())),
        _ => None,
    }
}

fn first_fragment(role: Role) -> Header {
    let mask_key = role.masks().then_some([0; 4]);
    Header { fin: false, rsv: Rsv::NONE, opcode: Opcode::Text, mask_key, payload_len: 0 }
}

pub fn run(input: Case) {
    let sender = if input.from_client { Role::Client } else { Role::Server };

    let bits = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3];
    let rsv = (0..3).filter(|i| input.rsv >> i & 1 == 1).fold(Rsv::NONE, |rsv, i| rsv | bits[i]);
    if let Some(opcode) = Opcode::from_u8(input.opcode & 0xF) {
        let mask_key = sender.masks().then_some(input.key);
        let Case { fin, payload_len, .. } = input;
        let header = Header { fin, rsv, opcode, mask_key, payload_len };
        if let Ok(bytes) = encoder(sender, input.message_open).header(header) {
            let decoded = decode(sender.peer(), input.message_open, &bytes);
            assert_eq!(decoded, Some((header, bytes.len())));
        }
    }

    if let Some((header, len)) = decode(sender.peer(), input.message_open, &input.wire) {
        let bytes = encoder(sender, input.message_open).header(header).expect("it was accepted");
        assert_eq!(*bytes, input.wire[..len]);
    }
}

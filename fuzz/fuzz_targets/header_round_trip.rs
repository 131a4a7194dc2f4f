//! Every header that the encoder gives out, the decoder of the other role reads back as it was; every
//! header that the decoder accepts, the encoder writes as it came.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::frame::{Decoder, Encoder, Header, Limits, Part, Rsv};
use sansock::{Opcode, Role};

#[derive(Arbitrary, Debug)]
struct Input {
    from_client: bool,
    fin: bool,
    rsv: u8,
    opcode: u8,
    key: [u8; 4],
    payload_len: u64,
    wire: [u8; 14],
}

const UNLIMITED: Limits = Limits { frame: u64::MAX, message: u64::MAX, fragments: u32::MAX };

fn decoder(role: Role) -> Decoder {
    Decoder::new(role).with_limits(UNLIMITED).with_rsv(Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3)
}

fn decode(role: Role, bytes: &[u8]) -> Option<(Header, usize)> {
    let mut bytes = bytes.to_vec();
    let len = bytes.len();
    let mut input = &mut bytes[..];
    match decoder(role).decode(&mut input) {
        Ok(Some(Part::Header(header))) => Some((header, len - input.len())),
        _ => None,
    }
}

fuzz_target!(|input: Input| {
    let sender = if input.from_client { Role::Client } else { Role::Server };

    let bits = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3];
    let rsv = (0..3).filter(|i| input.rsv >> i & 1 == 1).fold(Rsv::NONE, |rsv, i| rsv | bits[i]);
    if let Some(opcode) = Opcode::from_u8(input.opcode & 0xF) {
        let mask_key = sender.masks().then_some(input.key);
        let Input { fin, payload_len, .. } = input;
        let header = Header { fin, rsv, opcode, mask_key, payload_len };
        if let Ok(bytes) = Encoder::new(sender).header(header) {
            // A close body of one byte is for the decoder to refuse: it is no rule of framing.
            if opcode != Opcode::Close || payload_len != 1 {
                assert_eq!(decode(sender.peer(), &bytes), Some((header, bytes.len())));
            }
        }
    }

    if let Some((header, len)) = decode(sender.peer(), &input.wire) {
        let bytes = Encoder::new(sender).header(header).expect("what is accepted may be sent");
        assert_eq!(*bytes, input.wire[..len]);
    }
});

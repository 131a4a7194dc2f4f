//! The kernels mask like the scalar reference, at any offset, length and alignment, in any pieces.

use arbitrary::Arbitrary;
use sansock::mask::{self, Kernel};

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    key: [u8; 4],
    offset: usize,
    skip: u8,
    cut: u16,
    payload: &'a [u8],
}

pub fn run(input: Case<'_>) {
    let Case { key, offset, payload, .. } = input;
    let mut expected = payload.to_vec();
    mask::apply_scalar(&mut expected, key, offset);

    // A different alignment each time.
    let skip = usize::from(input.skip % 64);
    let mut buffer = vec![0xEE; skip + payload.len() + 1];
    let masked = &mut buffer[skip..][..payload.len()];
    masked.copy_from_slice(payload);
    let cut = usize::from(input.cut).min(payload.len());
    mask::apply(&mut masked[..cut], key, offset);
    mask::apply(&mut masked[cut..], mask::rotate(key, cut), offset);
    assert_eq!(masked, expected);
    assert_eq!(buffer[skip + payload.len()], 0xEE);

    let mut copy = vec![0xEE; payload.len() + 1];
    assert_eq!(mask::apply_copy(payload, &mut copy, key, offset), payload.len());
    assert_eq!(copy[..payload.len()], expected);
    assert_eq!(copy[payload.len()], 0xEE);

    for kernel in Kernel::all() {
        kernel.apply_copy(payload, &mut copy, key, offset);
        assert_eq!(copy[..payload.len()], expected, "{kernel:?}");
        kernel.apply(&mut copy[..payload.len()], key, offset);
        assert_eq!(copy[..payload.len()], *payload, "{kernel:?}");
        assert_eq!(copy[payload.len()], 0xEE);
    }
}

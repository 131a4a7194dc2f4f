//! The wide kernel: blocks of bytes that the compiler turns into vector instructions.
//!
//! A block is combined with a pattern of the same size, the key repeated. Blocks are a multiple of
//! four bytes long, so the pattern is the same for each of them and the key never turns:
//!
//! ```text
//! for each whole block:  block ^= pattern          vectors, as wide as the target has them
//! for each whole word:   word  ^= pattern's front  what is left is shorter than a block
//! for each byte:         byte  ^= pattern's front  what is left is shorter than a word
//! ```
//!
//! The block size is the one parameter. The functions are inlined into their instantiation, so
//! that one for wider vectors is a function with `#[target_feature]` that calls them, and nothing
//! here changes.

/// Bytes a block for every processor's baseline: four 16-byte vectors, of which a loop keeps the
/// loads, XORs and stores independent of each other.
pub(super) const BLOCK: usize = 64;

/// Bytes a word: the largest unit that every processor has.
const WORD: usize = 8;

/// Masks `payload` in place; `key` is already turned to the payload's first byte.
#[inline(always)]
pub(super) fn apply<const BLOCK: usize>(payload: &mut [u8], key: [u8; 4]) {
    let pattern = pattern::<BLOCK>(key);
    let mut blocks = payload.chunks_exact_mut(BLOCK);
    for block in &mut blocks {
        xor(block, &pattern);
    }
    let mut words = blocks.into_remainder().chunks_exact_mut(WORD);
    for word in &mut words {
        xor(word, &pattern);
    }
    xor(words.into_remainder(), &pattern);
}

/// Writes `payload`, masked, to `masked`, as far as both go; `key` as for [`apply`].
#[inline(always)]
pub(super) fn apply_copy<const BLOCK: usize>(payload: &[u8], masked: &mut [u8], key: [u8; 4]) {
    let pattern = pattern::<BLOCK>(key);
    let len = payload.len().min(masked.len());
    let (Some(payload), Some(masked)) = (payload.get(..len), masked.get_mut(..len)) else { return };

    let (mut from, mut to) = (payload.chunks_exact(BLOCK), masked.chunks_exact_mut(BLOCK));
    for (from, to) in (&mut from).zip(&mut to) {
        xor_copy(from, to, &pattern);
    }
    let mut from = from.remainder().chunks_exact(WORD);
    let mut to = to.into_remainder().chunks_exact_mut(WORD);
    for (from, to) in (&mut from).zip(&mut to) {
        xor_copy(from, to, &pattern);
    }
    xor_copy(from.remainder(), to.into_remainder(), &pattern);
}

/// The key, repeated to fill a block.
#[inline(always)]
fn pattern<const BLOCK: usize>(key: [u8; 4]) -> [u8; BLOCK] {
    const { assert!(BLOCK % WORD == 0, "a block is whole words, and so whole keys") };
    let mut pattern = [0; BLOCK];
    for chunk in pattern.chunks_exact_mut(key.len()) {
        chunk.copy_from_slice(&key);
    }
    pattern
}

#[inline(always)]
fn xor(bytes: &mut [u8], pattern: &[u8]) {
    for (byte, key) in bytes.iter_mut().zip(pattern) {
        *byte ^= key;
    }
}

#[inline(always)]
fn xor_copy(from: &[u8], to: &mut [u8], pattern: &[u8]) {
    for ((from, to), key) in from.iter().zip(to).zip(pattern) {
        *to = from ^ key;
    }
}

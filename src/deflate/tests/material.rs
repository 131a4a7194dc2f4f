//! Bytes to compress.

use alloc::format;
use alloc::vec::Vec;

/// A sequence of numbers that look random and are the same in each run.
#[derive(Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ (self.0 >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
    }

    /// Returns a number less than `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Returns text as an exchange sends it.
    pub(super) fn json(&mut self, len: usize) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < len {
            let (id, price, side) =
                (self.next() % 1_000_000, self.next() % 100_000, self.next() % 2);
            let side = if side == 0 { "buy" } else { "sell" };
            text.extend(
                format!(
                    "{{\"type\":\"order\",\"id\":{id},\"price\":{price}.25,\"side\":\"{side}\"}},"
                )
                .into_bytes(),
            );
        }
        text.truncate(len);
        text
    }

    /// Returns one of the kinds of bytes above, or zeros.
    pub(super) fn some(&mut self, len: usize) -> Vec<u8> {
        match self.below(3) {
            0 => self.bytes(len),
            1 => self.json(len),
            _ => alloc::vec![0; len],
        }
    }
}

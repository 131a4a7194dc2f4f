//! Writes DEFLATE blocks, RFC 1951 §3.2, bit by bit.

use alloc::vec::Vec;

/// Blocks, as many as were written.
#[derive(Clone, Default)]
pub(super) struct Blocks {
    bytes: Vec<u8>,
    /// How many bits of the last byte are free.
    free: u32,
}

/// Whether a block ends its stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Inner = 0,
    Final = 1,
}

/// The types of blocks, RFC 1951 §3.2.3.
pub(super) const STORED: u32 = 0b00;
pub(super) const FIXED: u32 = 0b01;
pub(super) const DYNAMIC: u32 = 0b10;

impl Blocks {
    /// Writes the header of a block.
    pub(super) fn header(&mut self, block: Block, kind: u32) -> &mut Blocks {
        self.bits(block as u32, 1).bits(kind, 2)
    }

    /// Writes `count` bits, the lowest first.
    pub(super) fn bits(&mut self, value: u32, count: u32) -> &mut Blocks {
        for at in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            *self.bytes.last_mut().unwrap() |= ((value >> at & 1) << (8 - self.free)) as u8;
            self.free -= 1;
        }
        self
    }

    /// Writes a Huffman code, the highest bit first.
    pub(super) fn code(&mut self, value: u32, count: u32) -> &mut Blocks {
        self.bits(value.reverse_bits() >> (32 - count), count)
    }

    /// Pads with zeros to the end of a byte.
    pub(super) fn align(&mut self) -> &mut Blocks {
        self.free = 0;
        self
    }

    /// Writes whole bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Blocks {
        self.align().bytes.extend(bytes);
        self
    }

    /// Writes literals with the fixed codes, RFC 1951 §3.2.6.
    pub(super) fn literals(&mut self, bytes: &[u8]) -> &mut Blocks {
        for &byte in bytes {
            match u32::from(byte) {
                byte @ ..144 => self.code(0x30 + byte, 8),
                byte => self.code(0x190 + byte - 144, 9),
            };
        }
        self
    }

    /// Writes a copy of 3 to 10 bytes with the fixed codes, RFC 1951 §3.2.5.
    pub(super) fn copy(&mut self, len: usize, distance: usize) -> &mut Blocks {
        self.code(len as u32 - 2, 7);
        let from_0 = distance as u32 - 1;
        if from_0 < 4 {
            return self.code(from_0, 5);
        }
        let extra = from_0.ilog2() - 1;
        self.code(2 * (extra + 1) + (from_0 >> extra & 1), 5).bits(from_0, extra)
    }

    /// Ends a block of fixed codes.
    pub(super) fn end(&mut self) -> &mut Blocks {
        self.code(0, 7)
    }

    /// Writes a stored block.
    pub(super) fn stored(&mut self, block: Block, bytes: &[u8]) -> &mut Blocks {
        let len = bytes.len() as u16;
        self.header(block, STORED)
            .bytes(&len.to_le_bytes())
            .bytes(&(!len).to_le_bytes())
            .bytes(bytes)
    }

    /// Returns the blocks, with the header that ends a message, RFC 7692 §7.2.1.
    pub(super) fn message(&self) -> Vec<u8> {
        self.clone().header(Block::Inner, STORED).to_vec()
    }

    /// Returns the blocks.
    pub(super) fn to_vec(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

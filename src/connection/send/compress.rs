//! Sending compressed messages, RFC 7692 §7.2.1.

use alloc::boxed::Box;

use crate::connection::Connection;
use crate::deflate::Compressor;
use crate::frame::{Header, Rsv};
use crate::message::{PreparedFrame, PreparedMessage};
use crate::opcode::Opcode;

impl Connection {
    /// Compresses and queues a message, after all checks have passed. Returns `false` if it is better
    /// sent as it is.
    #[inline(never)]
    pub(super) fn send_compressed(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        if !self.should_compress(payload.len()) {
            return false;
        }
        let Some((mut compressor, takes_over)) = self.take_compressor() else { return false };
        let compressed = match takes_over {
            true => compressor.compress(payload),
            false => compressor.compress_alone(payload),
        };
        let is_sent = compressed.is_some();
        if let Some(compressed) = compressed {
            self.queue_compressed(opcode, compressed);
        }
        self.put_back(compressor, takes_over);
        is_sent
    }

    /// Compresses a fragment, and queues it with this header, whose length is that of the piece.
    /// Returns `false` if compression is not possible.
    pub(super) fn send_fragment_compressed(&mut self, header: Header, piece: &[u8]) -> bool {
        let Some((mut compressor, takes_over)) = self.take_compressor() else { return false };
        let compressed = compressor.fragment(piece, header.fin);
        self.output.push(compressed_header(header, compressed.len()), compressed);
        self.put_back(compressor, takes_over || !header.fin);
        true
    }

    /// Returns the compressed frame of a prepared message, or `None` if the message is better sent as
    /// it is.
    pub(super) fn compressed_frame<'m>(
        &mut self,
        message: &'m PreparedMessage,
    ) -> Option<&'m PreparedFrame> {
        if !self.should_compress(message.payload().len()) {
            return None;
        }
        let window = self.compression.as_ref()?.window?;
        let frame = message.compressed(window, self.config.deflate.as_ref()?)?;
        // Its own compressor does not know this message, which the peer will refer back over.
        self.give_back_compressor();
        Some(frame)
    }

    /// Returns `true` if a message of this length is worth compressing.
    fn should_compress(&self, len: usize) -> bool {
        let (Some(compression), Some(settings)) = (&self.compression, &self.config.deflate) else {
            return false;
        };
        let min_len = match compression.takes_over {
            true => settings.min_len,
            false => settings.min_len_without_takeover,
        };
        compression.is_compressing() && len >= min_len
    }

    /// Takes out the compressor of this connection, or one of the pool. Also returns whether it is
    /// kept for later messages, which may refer to this one.
    fn take_compressor(&mut self) -> Option<(Box<Compressor>, bool)> {
        let (compression, settings) = (self.compression.as_mut()?, self.config.deflate.as_ref()?);
        let window = compression.window?;
        compression.unused = 0;
        let compressor = compression.compressor.take();
        let compressor = compressor.unwrap_or_else(|| settings.compressor(window));
        Some((compressor, compression.takes_over))
    }

    /// Keeps the compressor for the next message, or returns it to the pool.
    fn put_back(&mut self, compressor: Box<Compressor>, keep: bool) {
        if let Some(compression) = &mut self.compression {
            compression.compressor = Some(compressor);
        }
        if !keep {
            self.give_back_compressor();
        }
    }

    /// Queues a compressed message.
    fn queue_compressed(&mut self, opcode: Opcode, payload: &[u8]) {
        if self.config.is_one_frame(payload.len()) {
            let header = self.header(opcode, payload.len());
            self.output.push(compressed_header(header, payload.len()), payload);
            return;
        }
        self.queue_fragments(opcode, payload.len(), |ws, header, range| {
            let header = compressed_header(header, range.len());
            ws.output.push(header, payload.get(range).unwrap_or_default());
        });
    }
}

/// Returns the header of a frame with `len` compressed bytes. RFC 7692 §6: RSV1 is set on the first
/// frame of a message.
fn compressed_header(header: Header, len: usize) -> Header {
    let is_first = header.opcode != Opcode::Continuation;
    let rsv = if is_first { Rsv::RSV1 } else { Rsv::NONE };
    Header { rsv, payload_len: len as u64, ..header }
}

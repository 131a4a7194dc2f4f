//! Control frames that are sent, RFC 6455 §5.5.

use super::SendError;
use crate::connection::Connection;
use crate::frame::{self, ControlFrame, MAX_CONTROL_PAYLOAD};
use crate::opcode::Opcode;

/// Sending pings and pongs.
impl Connection {
    /// Queues a ping with a payload of at most 125 bytes, RFC 6455 §5.5.2. The peer's pong repeats
    /// the payload.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the output is full, the connection is closing, or the payload is too long.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Queues a pong with a payload of at most 125 bytes, RFC 6455 §5.5.3.
    ///
    /// Use it for a pong that answers no ping, or if your
    /// [`PingPolicy`](crate::connection::PingPolicy) leaves pings to you. Otherwise
    /// [`receive`](Self::receive) queues the answers to pings.
    ///
    /// # Errors
    ///
    /// As for [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload)
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::TooLong);
        }
        self.admit(payload.len())?;
        let header = self.header(opcode, payload.len());
        self.output.push(header, payload);
        Ok(())
    }

    /// Encodes a control frame that the connection sends by itself.
    pub(in crate::connection) fn control_frame(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> ControlFrame {
        // The frame that it answers was already taken from the input, so a panic cannot be undone.
        let mask_key = self.or_end(|ws| ws.config.next_mask_key());
        frame::control_frame(opcode, payload, mask_key)
    }
}

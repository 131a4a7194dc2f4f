//! What the caller does with the transport: what to write, and what to do next.

use bytes::Buf;

use super::state::Sending;
use super::{Connection, Output, TransportAction};

/// Driving the transport.
impl Connection {
    /// Borrows the bytes to write to the transport. Write them after each call that receives or
    /// sends.
    ///
    /// The output of a failed connection holds the Close frame that tells the peer, so write it
    /// after an error as well.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Returns `true` if there is output to write.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.output.has_remaining()
    }

    /// Returns what to do with the transport next. Ask after each write and each
    /// [`receive`](Self::receive).
    ///
    /// The action changes only when you call this connection or take bytes from its output.
    #[must_use]
    pub fn transport_action(&self) -> TransportAction {
        let sending = match (self.has_output(), self.has_sent_eof) {
            (true, _) => Sending::Queued,
            (false, true) => Sending::ShutDown,
            (false, false) => Sending::Written,
        };
        self.state.transport_action(self.config.role(), sending)
    }

    /// Returns `true` if as much output is queued as
    /// [`Config::max_output`](crate::Config::max_output) allows. Messages, pings and pongs that you
    /// send are then refused with [`SendError::Full`](crate::SendError::Full).
    ///
    /// Ask before each [`receive`](Self::receive), and write first if this returns `true`. Then you
    /// can answer whatever is received, and the output never holds more than `max_output` and the
    /// answers to one event.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut config = Config::server();
    /// config.max_output = Some(5);
    /// let mut server = Connection::new(config);
    /// assert!(!server.is_full());
    /// server.send_text("Hello")?;
    /// assert!(server.is_full());
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.config.is_full_at(self.output_len())
    }

    /// Returns how many bytes of output are queued.
    ///
    /// If the peer reads slowly, the number grows. From [`max_output`](crate::Config::max_output)
    /// bytes on, messages are refused, and [`send`](Self::send) returns the message. Automatic
    /// answers to the peer are not refused: their number is limited separately.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection, Message, SendError};
    ///
    /// let mut config = Config::server();
    /// config.max_output = Some(10);
    /// let mut server = Connection::new(config);
    /// server.send_text("more than it should")?; // the limit is checked before it is added
    /// assert_eq!(server.output_len(), 2 + 19);
    /// let refused = server.send("later").unwrap_err();
    /// assert_eq!((refused.error, refused.message), (SendError::Full, Message::from("later")));
    ///
    /// server.output().advance(12); // written
    /// assert_eq!(server.output_len(), 9);
    /// server.send("later").unwrap();
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.output.remaining()
    }
}

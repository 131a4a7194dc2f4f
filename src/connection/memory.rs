//! Memory: how much a connection holds, and how to have it hold less.

use super::Connection;

impl Connection {
    /// Frees the buffers that hold no data: output that is all written, and memory that waits for the
    /// next reassembled message. Call it whenever a read would block. It is cheap, as it moves no data;
    /// the next message allocates again.
    ///
    /// Without it, the output keeps room for the bursts of the last few rounds, and the buffer of a
    /// reassembled message from 1 KiB on waits for the next one, until sixteen in a row have used less
    /// than a quarter of it.
    pub fn release_buffers(&mut self) {
        self.output.release();
        self.assembler.release();
    }

    /// Frees all memory that the connection can do without, at the cost of speed when there is more to
    /// do: the buffers that hold no data, and the free space around data that waits. Call it when the
    /// connection has been idle for a while. It takes constant time: where more than 4 KiB would have to
    /// be moved, that buffer stays as it is.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection};
    ///
    /// let mut server = Connection::new(Config::server());
    /// server.send_binary(&[7; 1000])?;
    /// server.output().advance(1000); // the transport took all but the last four bytes
    /// server.release_buffers();
    /// assert!(server.memory_usage() >= 1000);
    /// server.shrink_to_fit();
    /// assert_eq!(server.memory_usage(), 4);
    /// server.output().advance(4);
    /// server.release_buffers();
    /// assert_eq!(server.memory_usage(), 0);
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.output.shrink_to_fit();
        self.assembler.shrink_to_fit();
    }

    /// Bytes that the connection holds on the heap: output with the room around it, what has come of a
    /// message or a control frame that is not whole, and memory that waits for the next message.
    /// That counts in full while an event holds a part of it, as do payloads that are queued by
    /// reference, though others may share them; the configuration, which is shared, does not, nor does a
    /// [`ReadBuffer`](crate::ReadBuffer), which is the caller's.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut server = Connection::new(Config::server());
    /// assert_eq!(server.memory_usage(), 0);
    /// server.send_text("Hello")?;
    /// assert!(server.memory_usage() >= 7);
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    pub fn memory_usage(&self) -> usize {
        let control = self.control.as_ref().map_or(0, |control| size_of_val(&**control));
        self.assembler.memory_usage() + control + self.output.memory_usage()
    }
}

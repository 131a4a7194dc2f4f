//! How much memory a connection holds, and how to free it.

use super::Connection;

/// Memory.
impl Connection {
    /// Frees the buffers that hold no data: the buffers of written output, and the memory that is
    /// kept for the next reassembled message. Call it whenever a read would block. It is cheap,
    /// because it moves no data. The next message allocates again.
    ///
    /// If you do not call it, the output keeps room for the bursts of the last few rounds. A buffer
    /// of 1 KiB or more in which a message was reassembled is kept for the next one, until sixteen
    /// messages in a row have used less than a quarter of it.
    pub fn release_buffers(&mut self) {
        self.output.release();
        self.assembler.release();
        #[cfg(feature = "deflate")]
        self.give_back_inflater();
    }

    /// Frees all memory that the connection does not need: the buffers that hold no data, and the
    /// free space around data that waits. Call it when the connection has been idle for a while.
    /// The next message allocates again.
    ///
    /// It takes constant time: if more than 4 KiB of a buffer would have to be moved, that buffer
    /// stays as it is.
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
        #[cfg(feature = "deflate")]
        self.shrink_compression();
    }

    /// Returns how many bytes the connection holds on the heap: the output with the free space
    /// around it, unfinished messages and control frames, and the memory that is kept for the next
    /// message.
    ///
    /// Memory that is kept for the next message counts in full even if an event holds a part of it.
    /// Payloads that are queued by reference count in full even if they are shared. The shared
    /// configuration and the caller's [`ReadBuffer`](crate::ReadBuffer) do not count.
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
        #[cfg(feature = "deflate")]
        let compression = self.compression.as_ref().map_or(0, |c| c.memory_usage());
        #[cfg(not(feature = "deflate"))]
        let compression = 0;
        self.assembler.memory_usage() + control + self.output.memory_usage() + compression
    }
}

//! A read buffer for one connection, in which a message stays until it is whole.

mod connection_id;
mod partial;
#[cfg(feature = "std")]
mod read_from;

use alloc::vec::Vec;
use core::fmt;

use crate::frame::{MAX_HEADER, SingleFrame};
use crate::input::Input;
use crate::message::Received;
use crate::retain::{MAX_RELEASE_MOVE, Retain};
use crate::utf8::InvalidUtf8;

pub(crate) use connection_id::ConnectionId;
use partial::Unread;

/// A buffer to read into, for
/// [`Connection::receive_buffered`](crate::Connection::receive_buffered).
///
/// A message in one frame stays in the buffer until it is whole, however many reads bring it. Its
/// event borrows it from there, so that it is never copied to be reassembled. In a steady state
/// nothing is allocated. If many connections share a buffer, use
/// [`Connection::receive`](crate::Connection::receive) instead, which leaves nothing in it. To stop
/// using the buffer within a message, pass its [unread bytes](Self::into_unread) to whatever
/// receives the rest.
///
/// Its memory follows what arrives. The first call of [`spare_mut`](Self::spare_mut) allocates the
/// capacity. If a longer message arrives, the buffer doubles each time it is full, up to the length
/// of that message. It also doubles if it is filled again and again while nothing is received from
/// it. It shrinks again when no long message has arrived for a while.
///
/// A buffer that holds unread bytes belongs to the connection that has seen them. Any other
/// connection refuses it with
/// [`ReceiveError::ForeignBuffer`](crate::connection::ReceiveError::ForeignBuffer).
///
/// ```
/// use sansock::{Config, Connection, Event, ReadBuffer};
///
/// let mut server = Connection::new(Config::server());
/// let mut input = ReadBuffer::new();
/// // Two masked "Hello", RFC 6455 §5.7, from a transport that returns seven bytes at a time.
/// let mut transport = &b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".repeat(2)[..];
/// let mut texts = Vec::new();
/// while !transport.is_empty() {
///     let room = input.spare_mut();
///     let len = std::io::Read::read(&mut transport, &mut room[..7])?;
///     input.mark_filled(len);
///     while let Some(event) = server.receive_buffered(&mut input)? {
///         let Event::Text(text) = event else { panic!() };
///         assert!(text.as_borrowed().is_some()); // a part of `input`
///         server.send_text(&text)?;
///         texts.push(text.to_string());
///     }
/// }
/// assert_eq!(texts, ["Hello", "Hello"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReadBuffer {
    unread: Unread,
    /// The connection that the unread bytes belong to: `NONE` before a connection has seen any of
    /// them.
    owner: ConnectionId,
    /// `MIN_CAPACITY <= capacity <= MAX_CAPACITY`
    capacity: usize,
    /// The count of rounds in a row in which a buffer that had grown got no long message.
    retain: Retain,
}

impl ReadBuffer {
    /// The capacity of a [`new`](Self::new) buffer, in bytes.
    pub const DEFAULT_CAPACITY: usize = 16 << 10;

    /// Creates a buffer with [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY). Allocates nothing yet.
    pub const fn new() -> Self {
        ReadBuffer::with_capacity(Self::DEFAULT_CAPACITY)
    }

    /// Creates a buffer that reads about `capacity` bytes at once, and at least 64.
    ///
    /// The capacity is how much to read per call of the transport. It is not a limit: longer
    /// messages make the buffer grow. 16 KiB stay in the L1 cache until they are processed. If
    /// calls are expensive and messages are long, 64 KiB need fewer calls. A binary message that a
    /// client receives needs no processing; if it is long, one call reads as much of it as there is
    /// room for.
    pub const fn with_capacity(mut capacity: usize) -> Self {
        if capacity < MIN_CAPACITY {
            capacity = MIN_CAPACITY;
        } else if capacity > MAX_CAPACITY {
            capacity = MAX_CAPACITY;
        }
        ReadBuffer {
            unread: Unread::new(),
            owner: ConnectionId::NONE,
            capacity,
            retain: Retain::new(),
        }
    }

    /// Returns the free space to read into. Never empty; its contents are unspecified.
    ///
    /// Call [`mark_filled`](Self::mark_filled) after the read. Within a message that is longer than
    /// the capacity, the space ends shortly after that message, so that nothing has to be moved.
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        if self.is_empty() {
            self.unread.rewind();
            self.owner = ConnectionId::NONE;
            let room_end = self.capacity + SLACK;
            if self.unread.size() != room_end {
                self.settle(room_end);
            }
            self.unread.set_room_end(room_end);
        } else if !self.unread.has_room() {
            self.grow();
        }
        self.unread.spare_mut()
    }

    /// Adds the first `len` bytes of [`spare_mut`](Self::spare_mut) to the unread bytes. If `len`
    /// exceeds the length of that space, the excess is ignored.
    #[inline]
    pub fn mark_filled(&mut self, len: usize) {
        self.unread.fill(len);
    }

    /// Returns `true` if the buffered message is incomplete and reading more is cheaper than
    /// receiving now. Read more only if the transport has bytes available at once.
    #[inline]
    pub const fn wants_more(&self) -> bool {
        self.wanted() > 0
    }

    /// Returns how many more bytes are wanted.
    #[inline]
    const fn wanted(&self) -> usize {
        self.unread.wanted()
    }

    /// Appends bytes that were read elsewhere, for example those that arrived with a handshake.
    pub fn extend_from_slice(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.spare_mut();
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            if let Some(room) = room.get_mut(..now.len()) {
                room.copy_from_slice(now);
            }
            self.mark_filled(now.len());
            bytes = later;
        }
    }

    /// Returns how many bytes were read and have not become events. Between calls of
    /// [`receive_buffered`](crate::Connection::receive_buffered), these are a part of a message.
    #[inline]
    pub const fn len(&self) -> usize {
        self.unread.len()
    }

    /// Returns `true` if there are no unread bytes. Another connection may use the buffer then.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.unread.len() == 0
    }

    /// Frees the memory if there are no unread bytes. If many connections have a buffer each, call
    /// it whenever a read would block. The next read allocates again.
    pub fn release_buffers(&mut self) {
        if self.is_empty() {
            self.shrink(0);
        }
    }

    /// Frees all memory except that of the unread bytes. Call it when the connection has been idle
    /// for a while. It takes constant time: if more than 4 KiB are unread, nothing changes.
    pub fn shrink_to_fit(&mut self) {
        if self.len() <= MAX_RELEASE_MOVE {
            self.shrink(0);
        }
    }

    /// Returns how many bytes the buffer holds on the heap.
    pub fn memory_usage(&self) -> usize {
        self.unread.memory_usage()
    }

    /// Returns the unread bytes as they were received, so that another transport or process can
    /// continue with them.
    pub fn into_unread(self) -> Vec<u8> {
        self.unread.into_vec()
    }

    /// Returns `true` if this connection has seen the unread bytes, or bytes before them.
    #[inline]
    pub(crate) fn belongs_to(&self, connection: ConnectionId) -> bool {
        self.owner == connection
    }

    /// Assigns the unread bytes to this connection, which has left `held` bytes in a buffer.
    ///
    /// Returns `false` if the unread bytes belong to another connection, or if there are fewer than
    /// `held`.
    #[inline(never)]
    pub(crate) fn claim(&mut self, connection: ConnectionId, held: u64) -> bool {
        if self.is_empty() {
            return true;
        }
        let is_free = self.owner == ConnectionId::NONE && self.len() as u64 >= held;
        if is_free {
            self.owner = connection;
        }
        is_free
    }

    /// Returns the unread bytes, or `None` if a header or a frame was noted at their front.
    #[inline]
    pub(crate) fn as_received(&self) -> Option<&[u8]> {
        self.unread.as_received()
    }

    /// Takes a header and its payload from the front, and borrows the payload.
    #[inline]
    pub(crate) fn take(&mut self, header_len: usize, payload_len: usize) -> &mut [u8] {
        self.unread.take(header_len, payload_len)
    }

    /// Passes all unread bytes, as they were received, to `receive`, which takes bytes from their
    /// front.
    pub(crate) fn take_with<'a, R>(&'a mut self, receive: impl FnOnce(&mut Input<'a>) -> R) -> R {
        self.unread.take_with(receive)
    }

    /// Restores the unread bytes to what was received, and returns them. What was noted about them
    /// is dropped.
    pub(crate) fn restore(&mut self) -> &[u8] {
        self.unread.restore();
        self.unread.as_slice()
    }

    /// Notes that the unread bytes are a part of a header, and makes room for what may follow.
    /// `len` is the length of the header, as far as the part determines it.
    pub(crate) fn begin_header(&mut self, len: usize) {
        self.unread.begin_header(len);
        self.count_short_round();
        if self.unread.size() - self.unread.end() < self.capacity / 2 {
            self.unread.move_to_front();
        }
        self.open_room(self.unread.size());
    }

    /// Notes that the unread bytes begin with this message, and opens room for it, as far as memory
    /// is allocated.
    pub(crate) fn begin_message(&mut self, frame: SingleFrame) {
        let len = frame.header_len.saturating_add(frame.payload_len);
        self.unread.begin_frame(frame);
        let is_long = len > self.capacity;
        if is_long {
            self.retain = Retain::new();
        } else {
            self.count_short_round();
        }
        if len > self.unread.size() - self.unread.taken() {
            self.unread.move_to_front();
        }
        let most = if is_long { len.saturating_add(MAX_HEADER) } else { self.capacity + SLACK };
        self.open_room(self.unread.taken().saturating_add(most));
    }

    /// Returns `true` if a message was noted at the front of the unread bytes.
    #[inline]
    pub(crate) fn has_message(&self) -> bool {
        self.unread.frame_len().is_some()
    }

    /// Returns `true` if more of the noted message must arrive before it is scanned again.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.unread.is_waiting()
    }

    /// Returns how many bytes of the noted message have arrived, including its header.
    #[inline]
    pub(crate) fn message_received(&self) -> usize {
        self.len().min(self.unread.frame_len().unwrap_or_default())
    }

    /// Scans what has arrived of the noted message. If that is all of the message, takes it and
    /// returns it; otherwise returns `None`.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index, in the frame, of the byte that makes a text invalid. If the
    /// text ends within a code point, that is the index of its last byte. The bytes of the message
    /// that have arrived are taken.
    #[inline]
    pub(crate) fn scan(&mut self) -> Result<Option<Received<'_>>, InvalidUtf8> {
        self.unread.scan()
    }

    /// Makes room if there is none.
    ///
    /// If at least half of the bytes in the buffer were taken, the unread bytes are moved over
    /// them. So a buffer that is never empty does not grow, and each byte is moved at most twice.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.unread.taken() > 0 && self.unread.taken() >= self.len() {
            self.unread.move_to_front();
        }
        let end = self.unread.end();
        let doubled = end + self.len().max(self.capacity);
        let frame_len = self.unread.frame_len().unwrap_or_default();
        let frame_end = self.unread.taken().saturating_add(frame_len);
        let wanted = if end < frame_end { frame_end.saturating_add(MAX_HEADER) } else { doubled };
        if end == self.unread.size() {
            // RFC 6455 §10.4: a declared length costs its sender nothing. So at most as much again
            // is reserved for it as has arrived.
            self.unread.grow(wanted.min(doubled));
        }
        self.open_room(wanted);
    }

    /// Sets the end of the room to `end`, or to an earlier index if the buffer ends earlier. If the
    /// bytes must be scanned, the room is also limited to `capacity` bytes, so that the L1 cache
    /// still holds them at the scan.
    fn open_room(&mut self, end: usize) {
        let first = self.unread.end();
        let most = if self.unread.is_never_scanned() { usize::MAX } else { first + self.capacity };
        self.unread.set_room_end(end.min(most));
    }

    /// Adjusts the memory of an empty buffer: extends it to `size` bytes, or counts a round after
    /// which the excess may be freed.
    #[cold]
    #[inline(never)]
    fn settle(&mut self, size: usize) {
        if self.unread.size() < size {
            self.unread.replace(size);
        } else {
            self.count_short_round();
        }
    }

    /// Counts a round without a long message. After enough of them, frees the memory of earlier
    /// ones.
    fn count_short_round(&mut self) {
        let least = self.capacity + SLACK;
        if self.unread.size() <= least || self.len() > self.capacity {
            return;
        }
        if self.retain.should_shrink_after(true) {
            self.shrink(least);
        }
    }

    /// Frees all memory beyond `size` bytes, or beyond the unread bytes if these are more.
    fn shrink(&mut self, size: usize) {
        self.unread.replace(size);
        self.retain = Retain::new();
    }
}

impl Default for ReadBuffer {
    fn default() -> Self {
        ReadBuffer::new()
    }
}

/// Shows only lengths, so that logs hold no user data.
impl fmt::Debug for ReadBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuffer")
            .field("len", &self.len())
            .field("capacity", &self.unread.size())
            .finish_non_exhaustive()
    }
}

/// Room for a few headers beyond the capacity. Lengths of payloads are often powers of two, and so
/// are capacities.
const SLACK: usize = 128;

/// The smallest capacity: a header, and some more bytes.
const MIN_CAPACITY: usize = 64;

/// The largest capacity: more than any machine has, and small enough that sums do not overflow.
const MAX_CAPACITY: usize = usize::MAX / 8;

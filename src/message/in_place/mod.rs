//! A read buffer of a connection's own, in which a message stays until it is whole.

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

/// A buffer to read to, for [`Connection::receive_buffered`](crate::Connection::receive_buffered).
///
/// A message in one frame stays in it until it is whole, however many reads bring it, and is lent
/// from there: it is never copied to be reassembled, and in a steady state allocates nothing. Where
/// many connections share a buffer, [`Connection::receive`](crate::Connection::receive) is for them,
/// which leaves nothing behind in it. To go on without it within a message, give what is
/// [unread](Self::into_unread) to whatever goes on.
///
/// Its memory follows what arrives. It has the capacity that it is made with, from the first
/// [`spare_mut`](Self::spare_mut) on. Where a longer message comes, it doubles each time that it is full, up to
/// the length of that; so it does where it is filled again and again and nothing is received from it. It
/// shrinks again when no long message has come for a while.
///
/// A buffer in which something is left belongs to the connection that has seen it, and is refused by any
/// other as [`ReceiveError::ForeignBuffer`](crate::connection::ReceiveError::ForeignBuffer).
///
/// ```
/// use sansock::{Config, Connection, Event, ReadBuffer};
///
/// let mut server = Connection::new(Config::server());
/// let mut input = ReadBuffer::new();
/// // Two masked "Hello", RFC 6455 §5.7, of which a transport brings seven bytes at a time.
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
    /// The connection that the unread bytes belong to; none before it has seen any of them.
    owner: ConnectionId,
    /// `MIN_CAPACITY <= capacity <= MAX_CAPACITY`
    capacity: usize,
    /// Counts the times in a row that nothing was left and no longer message came.
    retain: Retain,
}

impl ReadBuffer {
    /// The capacity of a [`new`](Self::new) one, in bytes.
    pub const DEFAULT_CAPACITY: usize = 16 << 10;

    /// A buffer of [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY).
    pub const fn new() -> Self {
        ReadBuffer::with_capacity(Self::DEFAULT_CAPACITY)
    }

    /// A buffer that reads about `capacity` bytes at once, or 64 where that is less.
    ///
    /// Longer messages than that make it grow: it says how much is worth a call to the transport,
    /// and limits nothing. 16 KiB stay in the nearest cache until they are looked at; where calls are
    /// dear and messages long, 64 KiB make fewer of them. Of a long message whose payload is not looked
    /// at, which is a client's binary one, as much is read at once as there is room for.
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

    /// Where the next bytes are to be read to: at least one byte, of no meaning.
    ///
    /// To be followed by [`mark_filled`](Self::mark_filled). Within a message that is longer than the capacity
    /// it ends little behind that, so that nothing has to be moved.
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

    /// Notes that `len` bytes were read to the front of [`spare_mut`](Self::spare_mut). More than it had do not
    /// count.
    #[inline]
    pub fn mark_filled(&mut self, len: usize) {
        self.unread.fill(len);
    }

    /// Whether only a part of a message is there, so that it costs less to go on reading, where the
    /// transport has more at once, than to look at it now.
    #[inline]
    pub const fn wants_more(&self) -> bool {
        self.wanted() > 0
    }

    /// How many bytes are wanted.
    #[inline]
    const fn wanted(&self) -> usize {
        self.unread.wanted()
    }

    /// Puts in bytes that were read elsewhere, as those that came with a handshake.
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

    /// How many bytes were read and have not become events: between calls, a part of a message.
    #[inline]
    pub const fn len(&self) -> usize {
        self.unread.len()
    }

    /// Whether nothing is left in it, so that it may serve another connection.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.unread.len() == 0
    }

    /// Frees its memory if no unread bytes are in it. Call it whenever a read would block, where many
    /// connections have a buffer each; the next read allocates again.
    pub fn release_buffers(&mut self) {
        if self.is_empty() {
            self.shrink(0);
        }
    }

    /// Frees all memory but that of the unread bytes. Call it when the connection has been idle for a
    /// while. It takes constant time: if more than 4 KiB are unread, nothing changes.
    pub fn shrink_to_fit(&mut self) {
        if self.len() <= MAX_RELEASE_MOVE {
            self.shrink(0);
        }
    }

    /// Bytes that it holds on the heap.
    pub fn memory_usage(&self) -> usize {
        self.unread.memory_usage()
    }

    /// What is left in it, as it was received: for a transport or a process that goes on.
    pub fn into_unread(self) -> Vec<u8> {
        self.unread.into_vec()
    }

    /// Returns `true` where this connection has seen the unread bytes, or any before them.
    #[inline]
    pub(crate) fn belongs_to(&self, connection: ConnectionId) -> bool {
        self.owner == connection
    }

    /// Has the unread bytes belong to this connection, which has left `held` bytes in a buffer. Returns
    /// `false` where they are another's, or where those are not among them.
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

    /// Returns what is left, or `None` where anything is known of it.
    #[inline]
    pub(crate) fn as_received(&self) -> Option<&[u8]> {
        self.unread.as_received()
    }

    /// Takes `header_len` bytes off the front and then `payload_len`, which it lends.
    #[inline]
    pub(crate) fn take(&mut self, header_len: usize, payload_len: usize) -> &mut [u8] {
        self.unread.take(header_len, payload_len)
    }

    /// Lends all that is left, as it was received, to `receive`, which takes bytes off its front.
    pub(crate) fn take_with<'a, R>(&'a mut self, receive: impl FnOnce(&mut Input<'a>) -> R) -> R {
        self.unread.take_with(receive)
    }

    /// Returns all that is left as it was received, and forgets what was known of it.
    pub(crate) fn restore(&mut self) -> &[u8] {
        self.unread.restore();
        self.unread.as_slice()
    }

    /// Keeps a part of a header of `len` bytes, as far as is known, and provides room for what may
    /// follow.
    pub(crate) fn begin_header(&mut self, len: usize) {
        self.unread.begin_header(len);
        self.count_idle_round();
        if self.unread.size() - self.unread.end() < self.capacity / 2 {
            self.unread.move_to_front();
        }
        self.open_room(self.unread.size());
    }

    /// Notes the message that what is left begins with, and provides room for it, as far as there is
    /// memory.
    pub(crate) fn begin_message(&mut self, frame: SingleFrame) {
        let len = frame.header_len.saturating_add(frame.payload_len);
        self.unread.begin_frame(frame);
        let is_long = len > self.capacity;
        if is_long {
            self.retain = Retain::new();
        } else {
            self.count_idle_round();
        }
        if len > self.unread.size() - self.unread.taken() {
            self.unread.move_to_front();
        }
        let most = if is_long { len.saturating_add(MAX_HEADER) } else { self.capacity + SLACK };
        self.open_room(self.unread.taken().saturating_add(most));
    }

    /// Returns `true` where what is left begins with a message that was noted.
    #[inline]
    pub(crate) fn has_message(&self) -> bool {
        self.unread.frame_len().is_some()
    }

    /// Returns `true` where more of that has to come before it is scanned again.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.unread.is_waiting()
    }

    /// Returns how many bytes of that message, its header included, have come.
    #[inline]
    pub(crate) fn message_received(&self) -> usize {
        self.len().min(self.unread.frame_len().unwrap_or_default())
    }

    /// Scans what has come of that message, and takes it where that is all of it. `None` says that
    /// more is to come.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index in the frame of the byte that breaks a text, or of its last byte
    /// where it ends within a code point. What has come of the message is taken.
    #[inline]
    pub(crate) fn scan(&mut self) -> Result<Option<Received<'_>>, InvalidUtf8> {
        self.unread.scan()
    }

    /// Makes room where there is none: what was taken is overwritten where that is at least half, so
    /// that a buffer that is never empty does not grow, and each byte is moved twice at most.
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
            // RFC 6455 §10.4: a declared length costs its sender nothing, so that no more is reserved
            // for it than as much again as has come.
            self.unread.grow(wanted.min(doubled));
        }
        self.open_room(wanted);
    }

    /// Has the room end at `end`, or earlier where the buffer does, or where more would be read at
    /// once than is scanned while the nearest cache holds it.
    fn open_room(&mut self, end: usize) {
        let first = self.unread.end();
        let most = if self.unread.is_never_scanned() { usize::MAX } else { first + self.capacity };
        self.unread.set_room_end(end.min(most));
    }

    /// Allocates `size` bytes, or gives some back, where nothing is left.
    #[cold]
    #[inline(never)]
    fn settle(&mut self, size: usize) {
        if self.unread.size() < size {
            self.unread.replace(size);
        } else {
            self.count_idle_round();
        }
    }

    /// Gives back the memory of long messages, when none has come for a while.
    fn count_idle_round(&mut self) {
        let least = self.capacity + SLACK;
        if self.unread.size() <= least || self.len() > self.capacity {
            return;
        }
        if self.retain.should_shrink_after(true) {
            self.shrink(least);
        }
    }

    /// Keeps no memory beyond `size` bytes, or beyond what is left where that is more.
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

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for ReadBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuffer")
            .field("len", &self.len())
            .field("capacity", &self.unread.size())
            .finish_non_exhaustive()
    }
}

/// Room for some headers beyond the capacity: payloads are often as long as a power of two, and so
/// are capacities.
const SLACK: usize = 128;

/// A header, and some more.
const MIN_CAPACITY: usize = 64;

/// More than any machine has, and less than what does not add up.
const MAX_CAPACITY: usize = usize::MAX / 8;

//! A read buffer of a connection's own, in which a message stays until it is whole.

use alloc::vec::Vec;
use core::fmt;

use crate::frame::{MAX_HEADER, SingleFrame};
use crate::message::Ahead;

/// A buffer to read to, for [`Connection::receive_buffered`](super::Connection::receive_buffered).
///
/// A message in one frame stays in it until it is whole, however many reads bring it, and is lent
/// from there: it is never copied to be put together, and in a steady state allocates nothing. Where
/// many connections share a buffer, [`Connection::receive`](super::Connection::receive) is for them,
/// which leaves nothing behind in it. To go on without it within a message, give what is
/// [unread](Self::into_unread) to whatever goes on.
///
/// Its memory follows what arrives. It has the capacity that it is made with, from the first
/// [`spare_mut`](Self::spare_mut) on; where a longer message comes, it doubles each time that it is full, up to
/// the length of that, and shrinks again when none has come for a while.
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
    /// To be read to, and empty where nothing was read yet.
    bytes: Vec<u8>,
    /// What has been read and not been taken: `start <= end <= room_end`
    start: usize,
    end: usize,
    /// Where the room ends: `room_end <= bytes.len()`
    room_end: usize,
    /// What is known of the frame that begins at `start`, where that is a message which was looked at
    /// and not taken. What it has seen is not as it was received, and nobody else may read it:
    /// `start` moves over bytes only where this is `None`.
    ahead: Option<Ahead>,
    /// Where the bytes end that are best looked at together: a header, or a part of what is `ahead`.
    /// No more than `end` where nothing is begun.
    batch_end: usize,
    /// Where the next bytes end that have to be looked at: `next_look <= batch_end`
    next_look: usize,
    /// `MIN_CAPACITY <= capacity <= MAX_CAPACITY`
    capacity: usize,
    /// How many times in a row nothing was left since the last message that is longer than that.
    quiet: u8,
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
            bytes: Vec::new(),
            start: 0,
            end: 0,
            room_end: 0,
            ahead: None,
            batch_end: 0,
            next_look: 0,
            capacity,
            quiet: 0,
        }
    }

    /// Where the next bytes are to be read to: at least one byte, of no meaning.
    ///
    /// To be followed by [`mark_filled`](Self::mark_filled). Within a message that is longer than the capacity
    /// it ends little behind that, so that nothing has to be moved.
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end, self.batch_end) = (0, 0, 0);
            self.room_end = self.capacity + SLACK;
            if self.bytes.len() != self.room_end {
                self.settle();
            }
        } else if self.end == self.room_end {
            self.grow();
        }
        self.bytes.get_mut(self.end..self.room_end).unwrap_or_default()
    }

    /// Notes that `len` bytes were read to the front of [`spare_mut`](Self::spare_mut). More than it had do not
    /// count.
    #[inline]
    pub fn mark_filled(&mut self, len: usize) {
        self.end += len.min(self.room_end - self.end);
    }

    /// Whether only a part of a message is there, so that it costs less to go on reading, where the
    /// transport has more at once, than to look at it now.
    #[inline]
    pub const fn wants_more(&self) -> bool {
        self.wanted() > 0
    }

    /// How many bytes are wanted.
    #[inline]
    pub(super) const fn wanted(&self) -> usize {
        self.batch_end.saturating_sub(self.end)
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
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether nothing is left in it, so that it may serve another connection.
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Gives back what memory it can in constant time: all where nothing is left in it, and else that
    /// around what is left, if that is little. To be called when the transport would block.
    pub fn release_buffers(&mut self) {
        if self.len() <= MAX_RELEASE_MOVE {
            self.move_to(self.unread().to_vec());
            self.quiet = 0;
        }
    }

    /// Bytes that it holds on the heap.
    pub fn memory_usage(&self) -> usize {
        self.bytes.capacity()
    }

    /// What is left in it, as it was received: for a transport or a process that goes on.
    pub fn into_unread(mut self) -> Vec<u8> {
        self.undo();
        self.bytes.truncate(self.end);
        self.bytes.drain(..self.start);
        self.bytes
    }

    /// All that is left, or nothing where it was looked at.
    #[inline]
    pub(super) fn unread_as_received(&self) -> &[u8] {
        if self.is_ahead() { &[] } else { self.unread() }
    }

    /// All that is left.
    #[inline]
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// All that is left, and where to count what is taken of it.
    pub(super) fn unread_mut(&mut self) -> (&mut [u8], &mut usize) {
        let unread = self.bytes.get_mut(self.start..self.end).unwrap_or_default();
        (unread, &mut self.start)
    }

    /// Takes `header_len` bytes off the front, and then `payload_len`, which it lends.
    #[inline]
    pub(super) fn take(&mut self, header_len: usize, payload_len: usize) -> &mut [u8] {
        let start = self.start + header_len;
        self.start = start + payload_len;
        self.bytes.get_mut(start..self.start).unwrap_or_default()
    }

    /// Notes the message that what is left begins with, and sees that there is room for it, as far as
    /// that may be.
    pub(super) fn begin(&mut self, frame: SingleFrame) {
        let ahead = Ahead::new(frame);
        let len = ahead.frame_len();
        let is_long = len > self.capacity;
        if is_long {
            self.quiet = 0;
        } else {
            self.count_quiet();
        }
        if len > self.bytes.len() - self.start {
            self.move_to_front();
        }
        let most = if is_long { len + MAX_HEADER } else { self.capacity + SLACK };
        self.ahead = Some(ahead);
        self.open_room(self.start.saturating_add(most));
    }

    /// Keeps a part of a header of `len` bytes, as far as is known, and sees that there is room for what
    /// may follow.
    pub(super) fn keep(&mut self, len: usize) {
        self.batch_end = self.start + len;
        self.count_quiet();
        if self.bytes.len() - self.end < self.capacity / 2 {
            self.move_to_front();
        }
        self.open_room(self.bytes.len());
    }

    /// Whether what is left is known, and nothing else to be looked at yet.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        self.end < self.next_look
    }

    /// Notes that what is there was looked at, and how much of the frame has to be there for the next
    /// look to be of use.
    pub(super) fn looked(&mut self, batch: usize, is_text: bool) {
        self.batch_end = self.start + batch;
        // Any byte may break a text.
        self.next_look = if is_text { 0 } else { self.batch_end };
    }

    /// Whether what is left begins with a message that was looked at.
    #[inline]
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// That message, and its payload as far as it has come.
    #[inline]
    pub(super) fn ahead(&mut self) -> Option<(&mut Ahead, &mut [u8])> {
        let ahead = self.ahead.as_mut()?;
        let start = self.start + ahead.header_len();
        let end = self.end.min(self.start.saturating_add(ahead.frame_len()));
        Some((ahead, self.bytes.get_mut(start..end).unwrap_or_default()))
    }

    /// Takes that message and its payload, all of which is there.
    #[inline]
    pub(super) fn take_ahead(&mut self) -> Option<(Ahead, &mut [u8])> {
        let ahead = self.ahead.take()?;
        (self.batch_end, self.next_look) = (0, 0);
        let payload = self.take(ahead.header_len(), ahead.payload_len());
        Some((ahead, payload))
    }

    /// Takes all that is left.
    pub(super) fn take_all(&mut self) {
        self.forget();
        self.start = self.end;
    }

    /// Makes what is left again what it was before it was looked at.
    pub(super) fn undo(&mut self) {
        if let Some((ahead, payload)) = self.ahead() {
            ahead.undo(payload);
        }
        self.forget();
    }

    fn forget(&mut self) {
        (self.ahead, self.batch_end, self.next_look) = (None, 0, 0);
    }

    fn move_to_front(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.moved();
    }

    /// Has what is left lie in `bytes`, which begin with it.
    fn move_to(&mut self, bytes: Vec<u8>) {
        self.bytes = bytes;
        self.moved();
        self.room_end = self.bytes.len();
    }

    /// Notes that what is left lies at the front.
    fn moved(&mut self) {
        self.batch_end = self.batch_end.saturating_sub(self.start);
        self.next_look = self.next_look.saturating_sub(self.start);
        (self.start, self.end) = (0, self.len());
    }

    /// Makes room where there is none: what was taken is overwritten where that is at least half, so
    /// that a buffer that is never empty does not grow, and each byte is moved twice at most.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.start > 0 && self.start >= self.len() {
            self.move_to_front();
        }
        let frame_end =
            self.ahead.as_ref().map_or(0, |ahead| self.start.saturating_add(ahead.frame_len()));
        let wanted = if self.end < frame_end {
            frame_end.saturating_add(MAX_HEADER)
        } else {
            self.end + self.capacity
        };
        if self.end == self.bytes.len() {
            // RFC 6455 §10.4: a declared length costs its sender nothing, so that no more is reserved
            // for it than as much again as has come.
            let len = wanted.min(self.end + self.len().max(self.capacity));
            self.bytes.reserve_exact(len - self.end);
            self.bytes.resize(len, 0);
        }
        self.open_room(wanted);
    }

    /// Has the room end at `end`, or earlier where the buffer does, or where more would be read at
    /// once than is looked at while the nearest cache holds it.
    fn open_room(&mut self, end: usize) {
        let is_looked_at = self.ahead.as_ref().is_none_or(|ahead| !ahead.is_as_received());
        let most = if is_looked_at { self.end + self.capacity } else { usize::MAX };
        self.room_end = self.bytes.len().min(end).min(most).max(self.end);
    }

    /// Allocates, where nothing is left.
    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        if self.bytes.len() < self.room_end {
            self.bytes = alloc::vec![0; self.room_end];
        } else {
            self.count_quiet();
        }
    }

    /// Gives back the memory of long messages, when none has come for a while.
    fn count_quiet(&mut self) {
        let least = self.capacity + SLACK;
        if self.bytes.len() <= least || self.len() > self.capacity {
            return;
        }
        self.quiet += 1;
        if self.quiet == QUIET {
            let mut bytes = self.unread().to_vec();
            bytes.resize(least, 0);
            self.move_to(bytes);
            self.quiet = 0;
        }
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
            .field("capacity", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Room for some headers beyond the capacity: payloads are often as long as a power of two, and so
/// are capacities.
const SLACK: usize = 128;

/// Bytes that are moved at most to give back the room around them.
const MAX_RELEASE_MOVE: usize = 4096;

/// A header, and some more.
const MIN_CAPACITY: usize = 64;

/// More than any machine has, and less than what does not add up.
const MAX_CAPACITY: usize = usize::MAX / 8;

/// How many times in a row it takes that nothing is left, without a long message, until the memory of
/// those is given back.
const QUIET: u8 = 16;

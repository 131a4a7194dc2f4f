//! One side of the model: an application with its end, and what must always be true of it.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use bytes::Buf;
use sansock::connection::State;
use sansock::timer::Expired;
use sansock::{CloseCode, CloseStatus, Role, SendError, TransportAction};

use super::machine::{CLOSE, Ending, Machine, is_open};
use super::transport::Reader;

/// An application with its end.
pub(super) struct Side<M> {
    pub(super) role: Role,
    pub(super) machine: M,
    /// The latest time for the next poll.
    pub(super) deadline: Option<Duration>,
    /// Why nothing more is received.
    pub(super) ending: Option<Ending>,
    /// Why the transport was dropped.
    pub(super) done: Option<Done>,
    /// The code with which the application has closed.
    pub(super) closed_with: Option<u16>,
    /// How many messages and pings the application may send.
    pub(super) messages: u8,
    pub(super) pings: u8,
    pub(super) has_shut_down: bool,
    has_received_eof: bool,
    /// Since when it waits for the peer to close or to end the transport.
    closing_since: Option<Duration>,
    /// Reads what this end has written.
    pub(super) written: Reader,
}

/// Why the transport was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Done {
    /// As [`TransportAction::Disconnect`] says.
    Disconnected,
    /// A write has failed.
    Broken,
    Expired(Expired),
}

impl<M: Machine> Side<M> {
    pub(super) fn new(role: Role, messages: u8, pings: u8) -> Self {
        Side {
            role,
            machine: M::start(role),
            deadline: None,
            ending: None,
            done: None,
            closed_with: None,
            messages,
            pings,
            has_shut_down: false,
            has_received_eof: false,
            closing_since: None,
            written: Reader::default(),
        }
    }

    pub(super) fn is_open(&mut self) -> bool {
        self.done.is_none() && is_open(&mut self.machine)
    }

    pub(super) fn action(&self) -> TransportAction {
        self.machine.transport_action()
    }

    pub(super) fn has_output(&mut self) -> bool {
        self.machine.output().has_remaining()
    }

    pub(super) fn close(&mut self) {
        let code = if self.role == Role::Server { 1001 } else { 1000 };
        self.closed_with = Some(code);
        let ws = self.machine.connection().expect("is open");
        ws.close(CloseCode::new(code).unwrap(), "").unwrap();
        assert_eq!(ws.state(), State::CloseSent);
    }

    pub(super) fn send(&mut self) {
        self.messages -= 1;
        self.machine.connection().expect("is open").send_text("m").unwrap();
    }

    pub(super) fn ping(&mut self) {
        self.pings -= 1;
        self.machine.connection().expect("is open").ping(b"").unwrap();
    }

    pub(super) fn answer(&mut self, accept: bool) {
        let ending = &mut self.ending;
        self.machine.answer(accept, |report| end(ending, report));
    }

    pub(super) fn receive(&mut self, bytes: Vec<u8>) {
        let ending = &mut self.ending;
        self.machine.receive(bytes, |report| end(ending, report));
    }

    pub(super) fn receive_eof(&mut self) {
        self.has_received_eof = true;
        match self.machine.receive_eof() {
            Some(said) => end(&mut self.ending, Some(said)),
            // A connection says it by its status: no Close.
            None => self.ending = self.ending.or(Some(Ending::Eof)),
        }
    }

    /// Takes bytes from the output.
    pub(super) fn take_output(&mut self, len: usize) -> Vec<u8> {
        let output = self.machine.output();
        let bytes = output.copy_to_bytes(len).to_vec();
        self.written.push(&bytes);
        bytes
    }

    pub(super) fn shut_down(&mut self) {
        assert!(self.written.is_between(), "shuts down within a frame");
        let has_said = self.written.closes() == 1 || self.written.is_http;
        assert!(has_said, "shuts down without a word");
        self.has_shut_down = true;
        self.machine.sent_eof();
    }

    pub(super) fn drop_transport(&mut self, why: Done) {
        assert_eq!(self.done, None);
        self.done = Some(why);
    }

    /// Polls. If the peer is to be dropped, drops the transport.
    pub(super) fn poll(&mut self, now: Duration) {
        loop {
            let was_open = is_open(&mut self.machine);
            match self.machine.poll(now) {
                Ok(deadline) => {
                    assert!(deadline.is_none_or(|deadline| deadline > now), "a time that is past");
                    self.deadline = deadline;
                    return self.check_deadline(now);
                }
                Err(why @ (Expired::MessageTimeout | Expired::HandshakeTimeout)) => {
                    let is_over = self.action() == TransportAction::Disconnect;
                    let ending = if is_over { Ending::Unopened } else { Ending::Expired(why) };
                    end(&mut self.ending, Some(ending));
                }
                Err(why) => {
                    assert_eq!(self.machine.poll(now), Err(why), "it stays");
                    assert_eq!(why == Expired::CloseTimeout, !was_open && !self.has_output());
                    assert!(why != Expired::NoPong || was_open);
                    self.ending = self.ending.or(Some(Ending::Expired(why)));
                    return self.drop_transport(Done::Expired(why));
                }
            }
        }
    }

    /// Asserts that whatever comes does not extend the time for closing.
    fn check_deadline(&mut self, now: Duration) {
        let is_closing = self.machine.connection().is_some_and(|ws| ws.state() != State::Open);
        if is_closing && !self.has_output() && self.action() != TransportAction::Disconnect {
            let limit = *self.closing_since.get_or_insert(now) + CLOSE;
            assert!(self.deadline.is_some_and(|deadline| deadline <= limit), "closing is extended");
        }
    }

    /// Asserts what must be true after each move.
    pub(super) fn check(&mut self) {
        let status = match self.ending {
            Some(Ending::Closed(Some(code))) => CloseStatus::Code(CloseCode::new(code).unwrap()),
            Some(Ending::Closed(None)) => CloseStatus::NoStatus,
            _ => CloseStatus::Abnormal,
        };
        assert_eq!(self.machine.close_status(), status);
        self.written.check(self.role);
        if self.done.is_none() {
            assert_eq!(self.action(), self.expected_action());
            let ends = self.deadline.is_some() || self.action() == TransportAction::Disconnect;
            assert!(ends, "waits for ever");
            self.check_refusals();
        }
    }

    /// RFC 6455 §7.1.1: what is to be done with the transport, by what has happened so far.
    fn expected_action(&mut self) -> TransportAction {
        let has_output = self.has_output();
        match self.ending {
            None => TransportAction::Continue,
            Some(_) if has_output => TransportAction::Flush,
            Some(Ending::Unopened) => TransportAction::Disconnect,
            Some(_) if self.has_received_eof => TransportAction::Disconnect,
            Some(_) if self.role == Role::Client || self.has_shut_down => TransportAction::AwaitEof,
            Some(_) => TransportAction::ShutdownWrite,
        }
    }

    /// Asserts that an end that is closing, or has ended, takes nothing and is not changed by it.
    fn check_refusals(&mut self) {
        let before = (self.machine.output().remaining(), self.action());
        let Some(ws) = self.machine.connection() else { return };
        let state = ws.state();
        if state == State::Open {
            return;
        }
        assert_eq!(ws.send_text("late"), Err(SendError::Closing));
        assert_eq!(ws.ping(b"late"), Err(SendError::Closing));
        ws.close(CloseCode::PROTOCOL_ERROR, "again").unwrap();
        assert_eq!(ws.state(), state);
        assert_eq!((self.machine.output().remaining(), self.action()), before);
    }
}

/// Notes what an end reports. Nothing may come after an ending, and no ending twice.
fn end(ending: &mut Option<Ending>, report: Option<Ending>) {
    assert_eq!(*ending, None, "followed by {report:?}");
    *ending = report;
}

impl<M: Machine> Side<M> {
    /// Hashes all that tells two states of this side apart.
    pub(super) fn hash_into(&mut self, hasher: &mut impl Hasher) {
        let state = self.machine.connection().map(|ws| (ws.state(), ws.bytes_received()));
        state.hash(hasher);
        let output = self.machine.output();
        assert_eq!(output.chunk().len(), output.remaining(), "all of the output is hashed");
        output.chunk().hash(hasher);
        self.machine.hidden().hash(hasher);
        (self.deadline, self.ending, self.done, self.closed_with).hash(hasher);
        (self.messages, self.pings, self.has_shut_down, self.has_received_eof).hash(hasher);
        self.closing_since.hash(hasher);
        self.written.hash(hasher);
    }
}

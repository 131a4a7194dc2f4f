//! The states of a connection, RFC 6455 §7: one table, which sees no bytes, no transport and no
//! role.
//!
//! docs/CLOSING.md is drawn from this table.

use crate::close::CloseCode;
use crate::role::Role;

/// The state of a connection, RFC 6455 §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// We sent a Close and wait for the peer's. What the peer sends until then is still delivered.
    CloseSent,
    /// Both ends have sent a Close. Ours may still be in the output. The transport is open.
    CloseExchanged,
    /// The peer broke the protocol, a deadline passed, or the caller made a mistake. What the peer
    /// still sends is discarded.
    Failed,
    /// The transport has ended.
    Ended,
}

/// An event that changes the state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occurrence {
    /// The application closes the connection.
    SendClose,
    /// The peer's Close frame was received. Ours is queued at the same time, unless it was sent
    /// before.
    ReceiveClose,
    /// The peer broke the protocol, or this end fails for another reason.
    Violation,
    /// The transport ended.
    Eof,
}

impl State {
    /// Returns the state after `occurrence`, or the same state if it changes nothing.
    pub(super) const fn after(self, occurrence: Occurrence) -> State {
        match (self, occurrence) {
            (State::Ended, _) | (_, Occurrence::Eof) => State::Ended,

            (State::Open, Occurrence::SendClose) => State::CloseSent,
            (State::Open | State::CloseSent, Occurrence::ReceiveClose) => State::CloseExchanged,
            (State::Open | State::CloseSent, Occurrence::Violation) => State::Failed,

            (State::CloseSent, Occurrence::SendClose) => State::CloseSent,
            (State::CloseExchanged | State::Failed, _) => self,
        }
    }

    /// Returns `true` if what the peer sends is received. RFC 6455 §1.4, §7.1.7: after the peer's
    /// Close and after a failure, it is discarded.
    pub(super) const fn is_receiving(self) -> bool {
        matches!(self, State::Open | State::CloseSent)
    }

    /// Returns what to do with the transport next.
    pub(super) const fn transport_action(self, role: Role, sending: Sending) -> TransportAction {
        match (self, sending, role) {
            (State::Open | State::CloseSent, _, _) => TransportAction::Continue,
            (_, Sending::Queued, _) => TransportAction::Flush,
            // RFC 6455 §7.1.1: the server closes first, and the client waits for that.
            (State::CloseExchanged | State::Failed, Sending::Written, Role::Server) => {
                TransportAction::ShutdownWrite
            }
            (State::CloseExchanged | State::Failed, _, _) => TransportAction::AwaitEof,
            (State::Ended, _, _) => TransportAction::Disconnect,
        }
    }
}

/// How far this end has come with sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Output is queued.
    Queued,
    /// All output was written.
    Written,
    /// The caller has shut down the writing half of the transport.
    ShutDown,
}

/// What to do with the transport of a connection next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportAction {
    /// Continue to read and write.
    Continue,
    /// Write the output. You can stop reading: what still arrives is discarded.
    Flush,
    /// Shut down the writing half of the transport, then call
    /// [`Connection::sent_eof`](super::Connection::sent_eof). The action after that is
    /// [`AwaitEof`](TransportAction::AwaitEof).
    ///
    /// All output has been written by then. If the transport cannot shut down one half, drop it.
    ShutdownWrite,
    /// Read and discard until the peer ends the transport or a few seconds have passed. Then call
    /// [`Connection::receive_eof`](super::Connection::receive_eof), or drop the transport.
    ///
    /// If you drop a transport that has unread input, the peer may lose what was written last.
    AwaitEof,
    /// Drop the transport.
    Disconnect,
}

/// How a connection ended, RFC 6455 §7.1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseStatus {
    /// A Close frame with this code was received. The first Close frame counts.
    Code(CloseCode),
    /// A Close frame without a code was received.
    NoStatus,
    /// No Close frame was received.
    Abnormal,
}

impl CloseStatus {
    /// Returns the connection close code of RFC 6455 §7.1.5: 1005 for
    /// [`NoStatus`](CloseStatus::NoStatus), 1006 for [`Abnormal`](CloseStatus::Abnormal).
    pub const fn code(self) -> u16 {
        match self {
            CloseStatus::Code(code) => code.as_u16(),
            CloseStatus::NoStatus => 1005,
            CloseStatus::Abnormal => 1006,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use core::fmt::Write as _;

    const STATES: [State; 5] =
        [State::Open, State::CloseSent, State::CloseExchanged, State::Failed, State::Ended];

    const SENDINGS: [Sending; 3] = [Sending::Queued, Sending::Written, Sending::ShutDown];

    const OCCURRENCES: [Occurrence; 4] =
        [Occurrence::SendClose, Occurrence::ReceiveClose, Occurrence::Violation, Occurrence::Eof];

    /// Checks that docs/CLOSING.md shows the table. If this fails, copy the printed text to that
    /// page.
    #[test]
    fn the_diagram_in_the_docs_is_the_table() {
        let drawn = drawn();
        let page = include_str!("../../docs/CLOSING.md");
        assert!(page.contains(&drawn), "docs/CLOSING.md should have\n\n{drawn}");
    }

    fn drawn() -> String {
        let mut page = String::from("```mermaid\nstateDiagram-v2\n    [*] --> Open\n");
        for state in STATES {
            for occurrence in OCCURRENCES {
                let next = state.after(occurrence);
                if next != state {
                    writeln!(page, "    {state:?} --> {next:?}: {occurrence:?}").unwrap();
                }
            }
        }
        page.push_str("    Ended --> [*]\n```\n\n");
        page.push_str("| state | sending | server | client |\n| --- | --- | --- | --- |\n");
        for state in STATES {
            let actions = |sending| {
                [Role::Server, Role::Client].map(|role| state.transport_action(role, sending))
            };
            let mut row = |sending: &str, [server, client]: [TransportAction; 2]| {
                writeln!(page, "| `{state:?}` | {sending} | `{server:?}` | `{client:?}` |")
                    .unwrap();
            };
            if SENDINGS.map(actions) == [actions(Sending::Queued); 3] {
                row("any", actions(Sending::Queued));
            } else {
                for sending in SENDINGS {
                    row(&format!("{sending:?}"), actions(sending));
                }
            }
        }
        page
    }

    #[test]
    fn nothing_leads_back() {
        let rank = |state| STATES.iter().position(|other| *other == state).unwrap();
        for state in STATES {
            for occurrence in OCCURRENCES {
                assert!(rank(state.after(occurrence)) >= rank(state), "{state:?} {occurrence:?}");
            }
        }
    }
}

//! The life of a connection, RFC 6455 §7: one table, which sees no bytes, no transport and no role.
//!
//! docs/CLOSING.md is drawn from it.

use crate::close::CloseCode;
use crate::role::Role;

/// How far a connection has come, RFC 6455 §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// We sent a Close, and wait for the peer's; what the peer still sends is still delivered.
    CloseSent,
    /// Both ends have sent a Close; ours may still be in the output, and the transport is open.
    CloseExchanged,
    /// The peer broke the protocol, or a deadline or the caller's mistake made this end fail. What the
    /// peer still sends is swallowed.
    Failed,
    /// The transport has ended.
    Ended,
}

/// What moves a connection from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occurrence {
    /// The application closes.
    SendClose,
    /// The peer's Close frame was received; ours is sent with it, if it was not before.
    ReceiveClose,
    /// The peer broke the protocol, or this end fails for another reason.
    Violation,
    /// The transport ended.
    Eof,
}

impl State {
    /// The state after an occurrence; the same where it changes nothing.
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

    /// Whether what the peer sends is read. RFC 6455 §1.4, §7.1.7: after a Close, and after a
    /// failure, whatever comes is discarded.
    pub(super) const fn is_receiving(self) -> bool {
        matches!(self, State::Open | State::CloseSent)
    }

    /// Returns what the transport should do next.
    pub(super) const fn transport_action(self, role: Role, sending: Sending) -> TransportAction {
        match (self, sending, role) {
            (State::Open | State::CloseSent, _, _) => TransportAction::Continue,
            (_, Sending::Queued, _) => TransportAction::Flush,
            // RFC 6455 §7.1.1: the server closes first, so that it is the client that waits.
            (State::CloseExchanged | State::Failed, Sending::Written, Role::Server) => {
                TransportAction::ShutdownWrite
            }
            (State::CloseExchanged | State::Failed, _, _) => TransportAction::AwaitEof,
            (State::Ended, _, _) => TransportAction::Disconnect,
        }
    }
}

/// How much of what this end sends is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Output waits to be written.
    Queued,
    /// All output was written.
    Written,
    /// The caller has shut down the writing half of the transport.
    ShutDown,
}

/// What the transport under a connection should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportAction {
    /// Read and write on.
    Continue,
    /// Write the output; reading is of no more use.
    Flush,
    /// Shut down the writing half of the transport, then call
    /// [`Connection::sent_eof`](super::Connection::sent_eof), which makes this
    /// [`AwaitEof`](TransportAction::AwaitEof).
    ///
    /// All output has been written by then. If the transport has no halves, drop it.
    ShutdownWrite,
    /// Read and discard until the peer ends the transport, or a few seconds have passed; then call
    /// [`Connection::receive_eof`](super::Connection::receive_eof) or just drop the transport.
    ///
    /// A transport dropped with unread input may destroy what was written last.
    AwaitEof,
    /// Drop the transport.
    Disconnect,
}

/// How a connection ended, RFC 6455 §7.1.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseStatus {
    /// With this code in the first Close frame that was received.
    Code(CloseCode),
    /// With a Close frame without a code.
    NoStatus,
    /// Without a Close frame.
    Abnormal,
}

impl CloseStatus {
    /// The connection close code as RFC 6455 §7.1.5 has it: 1005 stands for
    /// [`NoStatus`](CloseStatus::NoStatus) and 1006 for [`Abnormal`](CloseStatus::Abnormal).
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

    /// docs/CLOSING.md as the table has it. Where it differs, what is printed is to be put there.
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

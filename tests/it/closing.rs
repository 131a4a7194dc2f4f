//! The end of a connection, RFC 6455 §5.5.1 and §7: codes, reasons, which end answers, and every
//! call in every state.

use crate::support::{
    ROLES, Seen, assert_ends_with, assert_sees, close_body, config, connection, drain, frame_for,
    frames, receive,
};
use bytes::Buf;
use sansock::connection::{CloseError, State};
use sansock::{
    CloseCode, CloseStatus, Connection, Message, Role, SendError, TransportAction, Violation,
};

/// Returns a Close frame as the peer of `role` sends it.
fn close_for(role: Role, code: u16, reason: &str) -> Vec<u8> {
    frame_for(role, 0x88, &close_body(code, reason))
}

/// Returns the first bytes and payloads of all frames in the output.
fn sent(ws: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    frames(&drain(ws)).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

/// The codes of RFC 6455 §7.4 and of the IANA registry, written down independently of the code.
fn may_be_on_the_wire(code: u16) -> bool {
    match code {
        0..1000 | 1004..=1006 | 1015 | 5000.. => false, // never sent
        1016..3000 => false,                            // reserved, not registered
        1000..=1003 | 1007..=1014 | 3000..5000 => true,
    }
}

#[test]
fn every_code_is_echoed_or_refused() {
    for role in ROLES {
        for code in 0..=u16::MAX {
            let stream = close_for(role, code, "");
            let mut ws = connection(role);
            let seen = receive(&mut ws, &[&stream]);
            let at = stream.len() as u64 - 1;
            if may_be_on_the_wire(code) {
                assert_eq!(seen, [Seen::Close(Some(code), String::new())]);
                assert_eq!(sent(&mut ws), [(0x88, close_body(code, ""))]);
                assert_eq!(ws.receive_eof().code(), code);
            } else {
                let violation = Violation::InvalidCloseCode { code };
                assert_eq!(seen, [Seen::Failed(violation, at)]);
                assert_eq!(sent(&mut ws), [(0x88, close_body(1002, &violation.to_string()))]);
                assert_eq!(ws.receive_eof(), CloseStatus::Abnormal);
            }
        }
    }
}

#[test]
fn a_close_without_a_code_is_answered_without_one() {
    for role in ROLES {
        let stream = frame_for(role, 0x88, b"");
        assert_ends_with(&config(role), &stream, &[Seen::Close(None, String::new())]);
        let mut ws = connection(role);
        receive(&mut ws, &[&stream]);
        assert_eq!(sent(&mut ws), [(0x88, vec![])]);
        assert_eq!(ws.receive_eof(), CloseStatus::NoStatus);
        assert_eq!(ws.receive_eof().code(), 1005);
    }
}

#[test]
fn a_close_is_answered_with_its_code_and_reason() {
    let longest = "é".repeat(61) + "x";
    for role in ROLES {
        for reason in ["bye", "κόσμε €uro 🦀", &longest] {
            let stream = close_for(role, 1000, reason);
            assert_ends_with(&config(role), &stream, &[Seen::Close(Some(1000), reason.into())]);
            let mut ws = connection(role);
            receive(&mut ws, &[&stream]);
            assert_eq!(sent(&mut ws), [(0x88, close_body(1000, reason))]);
        }
    }
}

#[test]
fn a_broken_reason_or_code_fails_at_the_byte_that_breaks_it() {
    let cases: [(&[u8], Violation, usize); 6] = [
        (b"\x03\xE8\xFF", Violation::InvalidCloseReason, 2),
        (b"\x03\xE8ok\xCEx and more", Violation::InvalidCloseReason, 5),
        (b"\x03\xE8\xED\xA0\x80", Violation::InvalidCloseReason, 3),
        (b"\x03\xE8\xF4\x90\x80\x80", Violation::InvalidCloseReason, 3),
        (b"\x03\xE8\xE2\x82", Violation::InvalidCloseReason, 3), // fails at its last byte
        (b"\x03\xEE\xFF", Violation::InvalidCloseCode { code: 1006 }, 1),
    ];
    for role in ROLES {
        for (body, violation, at) in cases {
            let stream = frame_for(role, 0x88, body);
            let offset = stream.len() - body.len() + at;
            let expected = [Seen::Failed(violation, offset as u64)];
            assert_ends_with(&config(role), &stream, &expected);
            // That byte completes the violation, and no earlier one does.
            assert_sees(&config(role), &stream[..=offset], &expected);
            assert_sees(&config(role), &stream[..offset], &[]);
        }
    }
}

#[test]
fn the_first_close_wins() {
    for role in ROLES {
        for (code, closure) in [
            (Some(3000), CloseStatus::Code(CloseCode::new(3000).unwrap())),
            (None, CloseStatus::NoStatus),
        ] {
            let body = code.map_or(vec![], |code| close_body(code, ""));
            let first = frame_for(role, 0x88, &body);
            let second = close_for(role, 1011, "");
            let expected = [Seen::Close(code, String::new())];
            assert_sees(&config(role), &[&first[..], &second].concat(), &expected);
            let mut ws = connection(role);
            receive(&mut ws, &[&first, &second]);
            assert_eq!(sent(&mut ws), [(0x88, body)], "it is answered once");
            assert_eq!(ws.receive_eof(), closure);
        }
    }
}

#[test]
fn what_follows_the_peers_close_is_dropped() {
    for role in ROLES {
        let close = close_for(role, 1000, "");
        let after = [
            frame_for(role, 0x81, b"text"),
            frame_for(role, 0x89, b"ping"),
            close_for(role, 1006, ""),
            b"\xFF\xFF\xFF".to_vec(),
        ];
        let mut ws = connection(role);
        let seen = receive(&mut ws, &[&close, &after[0], &after[1], &after[2], &after[3]]);
        assert_eq!(seen, [Seen::Close(Some(1000), String::new())]);
        assert_eq!(sent(&mut ws), [(0x88, close_body(1000, ""))], "and no pong");
        assert_eq!(ws.state(), State::CloseExchanged);
    }
}

#[test]
fn closes_that_cross_are_one_close_each() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.close(CloseCode::GOING_AWAY, "bye").unwrap();
        let seen = receive(&mut ws, &[&close_for(role, 1011, "oh")]);
        assert_eq!(seen, [Seen::Close(Some(1011), "oh".into())]);
        assert_eq!(sent(&mut ws), [(0x88, close_body(1001, "bye"))]);
        assert_eq!((ws.state(), ws.receive_eof().code()), (State::CloseExchanged, 1011));
    }
}

#[test]
fn after_our_close_data_is_delivered_and_pings_are_not_answered() {
    for role in ROLES {
        let mut ws = connection(role);
        receive(&mut ws, &[&frame_for(role, 0x01, b"be")]);
        ws.close(CloseCode::NORMAL, "").unwrap();
        drain(&mut ws);
        let stream = [
            frame_for(role, 0x80, b"fore"),
            frame_for(role, 0x89, b"ping"),
            frame_for(role, 0x82, b"after"),
            frame_for(role, 0x88, b""),
        ];
        let expected = [
            Seen::Text("before".into()),
            Seen::Ping(b"ping".into()),
            Seen::Binary(b"after".into()),
            Seen::Close(None, String::new()),
        ];
        assert_eq!(receive(&mut ws, &[&stream.concat()]), expected);
        assert_eq!(sent(&mut ws), []);
    }
}

#[test]
fn a_close_is_sent_with_as_much_of_its_reason_as_fits() {
    let long = "é".repeat(62);
    for role in ROLES {
        let mut ws = connection(role);
        ws.close(CloseCode::NORMAL, &long).unwrap();
        assert_eq!(sent(&mut ws), [(0x88, close_body(1000, &long[..122]))]);
    }
}

#[test]
fn only_a_client_says_1010() {
    let mut client = connection(Role::Client);
    client.close(CloseCode::MANDATORY_EXTENSION, "x").unwrap();
    assert_eq!(sent(&mut client), [(0x88, close_body(1010, "x"))]);
    let mut server = connection(Role::Server);
    let refused = server.close(CloseCode::MANDATORY_EXTENSION, "x").unwrap_err();
    assert_eq!(refused, CloseError::ClientOnlyCode);
    assert_eq!((server.state(), sent(&mut server)), (State::Open, vec![]), "nothing has changed");
}

const STATES: [State; 5] =
    [State::Open, State::CloseSent, State::CloseExchanged, State::Failed, State::Ended];

/// Returns a connection in this state, with no output.
fn connection_in(role: Role, state: State) -> Connection {
    let mut ws = connection(role);
    match state {
        State::Open => {}
        State::CloseSent => ws.close(CloseCode::NORMAL, "").unwrap(),
        State::CloseExchanged => drop(receive(&mut ws, &[&close_for(role, 1000, "")])),
        State::Failed => drop(receive(&mut ws, &[b"\xFF"])),
        State::Ended => drop(ws.receive_eof()),
    }
    drain(&mut ws);
    assert_eq!(ws.state(), state);
    ws
}

/// The effect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    /// What it was asked to do.
    Done,
    /// Nothing: it returned `SendError::Closing`.
    Refused,
    /// It returned an event.
    Delivered,
    /// It took all input and returned no event.
    Nothing,
    /// It returned a violation.
    Failed,
    /// It reported the end, with this code.
    Ended(u16),
}

type Call = fn(&mut Connection, Role) -> Did;

fn send(result: Result<(), SendError>) -> Did {
    match result {
        Ok(()) => Did::Done,
        Err(error) => {
            assert_eq!(error, SendError::Closing);
            Did::Refused
        }
    }
}

fn pass(ws: &mut Connection, stream: &[u8]) -> Did {
    match &receive(ws, &[stream])[..] {
        [] => Did::Nothing,
        [Seen::Failed(..)] => Did::Failed,
        [_] => Did::Delivered,
        more => panic!("{more:?}"),
    }
}

/// The effect of a call, the state after it, and whether there is output.
type Cell = (Did, State, bool);

#[test]
fn every_call_in_every_state_does_what_the_table_says() {
    use Did::{Delivered, Done, Nothing, Refused};
    use State::{CloseExchanged, CloseSent, Ended, Failed, Open};

    let sends = [
        (Done, Open, true),
        (Refused, CloseSent, false),
        (Refused, CloseExchanged, false),
        (Refused, Failed, false),
        (Refused, Ended, false),
    ];
    // For calls that receive bytes: the cells for Open and CloseSent, where bytes are still read.
    let receives = |open: Cell, close_sent: Cell| {
        let [closed, failed, ended] =
            [CloseExchanged, Failed, Ended].map(|state| (Nothing, state, false));
        [open, close_sent, closed, failed, ended]
    };
    let changes_nothing = STATES.map(|state| (Done, state, false));

    let table: [(&str, Call, [Cell; 5]); 18] = [
        ("send_text", |ws, _| send(ws.send_text("x")), sends),
        ("send_binary", |ws, _| send(ws.send_binary(b"x")), sends),
        ("send", |ws, _| send_owned(ws), sends),
        ("ping", |ws, _| send(ws.ping(b"x")), sends),
        ("pong", |ws, _| send(ws.pong(b"x")), sends),
        ("close", |ws, _| close(ws), {
            let mut cells = changes_nothing;
            cells[0] = (Done, CloseSent, true);
            cells
        }),
        ("message", |ws, role| pass(ws, &frame_for(role, 0x81, b"x")), {
            receives((Delivered, Open, false), (Delivered, CloseSent, false))
        }),
        ("fragment", |ws, role| pass(ws, &frame_for(role, 0x01, b"x")), {
            receives((Nothing, Open, false), (Nothing, CloseSent, false))
        }),
        ("half a header", |ws, _| pass(ws, b"\x81"), {
            receives((Nothing, Open, false), (Nothing, CloseSent, false))
        }),
        ("ping received", |ws, role| pass(ws, &frame_for(role, 0x89, b"x")), {
            receives((Delivered, Open, true), (Delivered, CloseSent, false))
        }),
        ("pong received", |ws, role| pass(ws, &frame_for(role, 0x8A, b"x")), {
            receives((Delivered, Open, false), (Delivered, CloseSent, false))
        }),
        ("Close received", |ws, role| pass(ws, &close_for(role, 1001, "")), {
            receives((Delivered, CloseExchanged, true), (Delivered, CloseExchanged, false))
        }),
        ("violation", |ws, _| pass(ws, b"\xFF"), {
            receives((Did::Failed, Failed, true), (Did::Failed, Failed, false))
        }),
        ("receive_eof", |ws, _| Did::Ended(ws.receive_eof().code()), {
            // Before CloseExchanged, the peer's Close arrived with 1000.
            [1006, 1006, 1000, 1006, 1006].map(|code| (Did::Ended(code), Ended, false))
        }),
        ("sent_eof", |ws, _| done(ws, Connection::sent_eof), changes_nothing),
        ("release", |ws, _| done(ws, Connection::release_buffers), changes_nothing),
        ("shrink", |ws, _| done(ws, Connection::shrink_to_fit), changes_nothing),
        ("output", |ws, _| done(ws, |ws| ws.output().advance(0)), changes_nothing),
    ];
    for role in ROLES {
        for (name, call, cells) in &table {
            for (from, (did, to, has_output)) in STATES.into_iter().zip(*cells) {
                let mut ws = connection_in(role, from);
                let case = format!("{name} by a {role:?} in {from:?}");
                assert_eq!(call(&mut ws, role), did, "{case}");
                assert_eq!(ws.state(), to, "{case}");
                assert_eq!(ws.output().has_remaining(), has_output, "{case}");
                if *name != "sent_eof" {
                    assert_eq!(ws.transport_action(), action(to, role, has_output), "{case}");
                    drain(&mut ws);
                    assert_eq!(ws.transport_action(), action(to, role, false), "{case}, written");
                    ws.sent_eof();
                }
                let expected = match action(to, role, false) {
                    TransportAction::ShutdownWrite => TransportAction::AwaitEof,
                    action => action,
                };
                assert_eq!(ws.transport_action(), expected, "{case}, shut down");
            }
        }
    }
}

/// Runs a call that cannot be refused.
fn done(ws: &mut Connection, call: fn(&mut Connection)) -> Did {
    call(ws);
    Did::Done
}

fn close(ws: &mut Connection) -> Did {
    done(ws, |ws| ws.close(CloseCode::NORMAL, "").unwrap())
}

/// Sends an owned message. If it is refused, it is returned.
fn send_owned(ws: &mut Connection) -> Did {
    match ws.send("x") {
        Ok(()) => Did::Done,
        Err(unsent) => {
            assert_eq!((unsent.error, unsent.message), (SendError::Closing, Message::from("x")));
            Did::Refused
        }
    }
}

/// RFC 6455 §7.1.1: the server closes the transport, and the client waits for that.
fn action(state: State, role: Role, has_output: bool) -> TransportAction {
    match state {
        State::Open | State::CloseSent => TransportAction::Continue,
        _ if has_output => TransportAction::Flush,
        State::Ended => TransportAction::Disconnect,
        State::CloseExchanged | State::Failed if role == Role::Server => {
            TransportAction::ShutdownWrite
        }
        State::CloseExchanged | State::Failed => TransportAction::AwaitEof,
    }
}

#[test]
fn output_that_is_left_at_the_end_of_the_transport_is_still_to_be_flushed() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.send_text("x").unwrap();
        assert_eq!(ws.receive_eof(), CloseStatus::Abnormal);
        assert_eq!(ws.transport_action(), TransportAction::Flush);
        drain(&mut ws);
        assert_eq!(ws.transport_action(), TransportAction::Disconnect);
    }
}

#[test]
fn a_writing_half_that_was_shut_down_stays_so_over_parts() {
    let mut server = connection_in(Role::Server, State::CloseExchanged);
    drain(&mut server);
    server.sent_eof();
    let mut server = Connection::from_parts(server.into_parts()).unwrap();
    assert_eq!(server.transport_action(), TransportAction::AwaitEof);
    server.receive_eof();
    assert_eq!(server.transport_action(), TransportAction::Disconnect);
}

#[test]
fn the_code_of_the_end_outlasts_the_end() {
    for role in ROLES {
        let mut ws = connection_in(role, State::CloseExchanged);
        for _ in 0..2 {
            assert_eq!(ws.receive_eof(), CloseStatus::Code(CloseCode::NORMAL));
        }
        assert_eq!(CloseStatus::NoStatus.code(), 1005);
        assert_eq!(CloseStatus::Abnormal.code(), 1006);
    }
}

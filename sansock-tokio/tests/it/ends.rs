//! How connections end, over a scripted stream.

use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;

use sansock_tokio::sansock::connection::SendError;
use sansock_tokio::sansock::endpoint;
use sansock_tokio::sansock::{CloseStatus, Event, Role};
use sansock_tokio::{CloseCode, Error, WebSocket};

use crate::script::{Script, Task};
use crate::support::{ROLES, close_body, frame_for, frames};
use crate::{code, open, scripted, within_a_minute};

fn close_frame(role: Role) -> Vec<u8> {
    frame_for(role, 0x88, &close_body(4001, "bye"))
}

/// Receives events until the Close, and returns its code and reason.
async fn receive_close(ws: &mut WebSocket<Script>) -> (Option<CloseCode>, String) {
    loop {
        while let Some((event, _)) = ws.next_event() {
            if let Event::Close { code, reason } = event {
                return (code, reason.to_string());
            }
        }
        assert!(ws.fill().await.unwrap());
    }
}

/// The frames that were written since the last call.
#[track_caller]
fn expect_written(script: &Script, expected: &[(u8, &[u8])]) {
    let written = frames(&script.take_written());
    let written: Vec<_> = written.iter().map(|frame| frame.content()).collect();
    assert_eq!(written, expected);
}

#[track_caller]
fn expect_end(ws: &mut WebSocket<Script>, status: CloseStatus) {
    for _ in 0..3 {
        assert!(matches!(Task::now(ws.receive()), Ok(None)));
    }
    assert_eq!(ws.close_status(), status);
}

#[track_caller]
fn expect_unexpected_eof(ws: &mut WebSocket<Script>) {
    for _ in 0..3 {
        assert!(matches!(Task::now(ws.receive()), Err(Error::UnexpectedEof)));
    }
    assert_eq!(ws.close_status(), CloseStatus::Abnormal);
}

#[test]
fn the_peer_may_close() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, &close_frame(role));
        assert_eq!(Task::now(receive_close(&mut ws)), (Some(code(4001)), "bye".into()));
        Task::waits(ws.receive());
        expect_written(&script, &[(0x88, &close_body(4001, "bye"))]);
        assert_eq!(script.wire().is_shut_down, role == Role::Server, "the server ends first");
        script.end(Ok(()));
        expect_end(&mut ws, CloseStatus::Code(code(4001)));
        assert!(script.wire().is_shut_down);
        expect_written(&script, &[]);
    }
}

#[test]
fn this_end_may_close_and_receives_what_comes_before_the_answer() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, &frame_for(role, 0x81, b"late"));
        Task::now(ws.close(code(4001), "bye")).unwrap();
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("late".into()));
        Task::waits(ws.receive());
        assert!(!script.wire().is_shut_down);
        assert!(matches!(Task::now(ws.send("late")), Err(Error::Send(SendError::Closing))));
        script.feed(&close_frame(role));
        assert_eq!(Task::now(receive_close(&mut ws)), (Some(code(4001)), "bye".into()));
        script.end(Ok(()));
        expect_end(&mut ws, CloseStatus::Code(code(4001)));
        expect_written(&script, &[(0x88, &close_body(4001, "bye"))]);
    }
}

#[test]
fn after_both_closes_it_does_not_matter_how_the_stream_ends() {
    let ends = [Ok(()), Err(ErrorKind::UnexpectedEof), Err(ErrorKind::ConnectionReset)];
    for role in ROLES {
        for end in ends {
            for is_first in [false, true] {
                let (mut ws, script) = scripted(role, &close_frame(role));
                if is_first {
                    Task::now(ws.close(CloseCode::NORMAL, "")).unwrap();
                }
                script.end(end);
                expect_end(&mut ws, CloseStatus::Code(code(4001)));
            }
        }
    }
}

#[test]
fn before_both_closes_an_end_is_an_error() {
    for role in ROLES {
        for has_closed in [false, true] {
            for end in [Ok(()), Err(ErrorKind::UnexpectedEof)] {
                let (mut ws, script) = scripted(role, &frame_for(role, 0x81, b"last"));
                if has_closed {
                    Task::now(ws.close(CloseCode::NORMAL, "")).unwrap();
                }
                script.end(end);
                assert_eq!(Task::now(ws.receive()).unwrap(), Some("last".into()));
                expect_unexpected_eof(&mut ws);
            }
            let (mut ws, script) = scripted(role, b"");
            script.end(Err(ErrorKind::ConnectionReset));
            let error = Task::now(ws.receive()).unwrap_err();
            let Error::Io(error) = error else { panic!("{error}") };
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
    }
}

#[test]
fn a_violation_is_told_to_the_peer_and_then_returned_once() {
    for role in ROLES {
        // The mask bit is that of the other role.
        let peer = if role == Role::Server { Role::Client } else { Role::Server };
        let (mut ws, script) = scripted(role, &frame_for(role, 0x81, b"good"));
        script.feed(&frame_for(peer, 0x81, b"bad"));
        script.wire().room = 0;
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("good".into()));
        let task = Task::new();
        {
            let mut receive = pin!(ws.receive());
            assert!(task.poll(receive.as_mut()).is_pending());
            let mut len = 0;
            while !frame_is_whole(&script) {
                // It still sends, and takes a byte at a time.
                script.feed(&[0x81; 1000]);
                script.make_room(1);
                assert!(task.poll(receive.as_mut()).is_pending(), "the Close is not written");
                len += 1;
                assert_eq!(script.wire().written.len(), len);
            }
            script.make_room(1000);
            for _ in 0..100 {
                script.feed(&[0x81; 100_000]);
                assert!(task.poll(receive.as_mut()).is_pending(), "the peer goes on");
                assert!(script.wire().input.is_empty(), "it is discarded");
            }
            script.end(Err(ErrorKind::ConnectionReset));
            let Poll::Ready(Err(error)) = task.poll(receive.as_mut()) else { panic!() };
            assert!(matches!(error, Error::Endpoint(endpoint::Error::Protocol(_))), "{error}");
        }
        expect_unexpected_eof(&mut ws);
        assert!(Task::now(ws.close(CloseCode::NORMAL, "")).is_ok());
        assert!(Task::now(ws.send("more")).is_err());
        let written = frames(&script.take_written());
        assert_eq!(written.len(), 1, "one Close");
        assert_eq!((written[0].first, &written[0].payload[..2]), (0x88, &[0x03, 0xEA][..]));
        assert!(script.wire().is_shut_down);
    }
}

/// Whether a short frame was written whole.
fn frame_is_whole(script: &Script) -> bool {
    let wire = script.wire();
    let header = |len: u8| 2 + if len & 0x80 == 0 { 0 } else { 4 } + usize::from(len & 0x7F);
    wire.written.get(1).is_some_and(|len| wire.written.len() >= header(*len))
}

#[test]
fn after_a_violation_there_is_one_close_even_if_the_program_has_closed() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, b"");
        Task::now(ws.close(code(4000), "")).unwrap();
        script.feed(&[0xFF; 100]);
        script.end(Ok(()));
        let error = Task::now(ws.receive()).unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Protocol(_))), "{error}");
        expect_unexpected_eof(&mut ws);
        expect_written(&script, &[(0x88, &close_body(4000, ""))]);
    }
}

#[test]
fn after_the_peers_close_there_is_one_close() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, &close_frame(role));
        Task::now(receive_close(&mut ws));
        Task::now(ws.close(CloseCode::NORMAL, "mine")).unwrap();
        assert!(matches!(Task::now(ws.send("late")), Err(Error::Send(SendError::Closing))));
        script.end(Ok(()));
        expect_end(&mut ws, CloseStatus::Code(code(4001)));
        Task::now(ws.close(CloseCode::NORMAL, "mine")).unwrap();
        expect_written(&script, &[(0x88, &close_body(4001, "bye"))]);
    }
}

#[test]
fn after_the_end_to_send_and_to_flush_are_errors() {
    for role in ROLES {
        for input in [close_frame(role), Vec::new()] {
            let (mut ws, script) = scripted(role, &input);
            script.end(Ok(()));
            let _ = Task::now(ws.receive());
            let closing = |sent| matches!(sent, Err(Error::Send(SendError::Closing)));
            assert!(closing(Task::now(ws.send("late"))));
            assert!(closing(Task::now(ws.send_text("late"))));
            assert!(closing(Task::now(ws.send_binary(b"late"))));
            assert!(closing(Task::now(ws.ping(b""))));
            assert!(closing(ws.queue("late")));
            assert!(closing(Task::now(ws.ready())));
            assert!(closing(Task::now(ws.flush())));
            assert!(Task::now(ws.close(CloseCode::NORMAL, "")).is_ok(), "it is closed");

            let (mut receiving, mut sending) = ws.split();
            assert!(closing(Task::now(sending.send("late"))));
            assert!(closing(Task::now(sending.ready())));
            assert!(closing(Task::now(sending.flush())));
            assert!(Task::now(sending.close(CloseCode::NORMAL, "")).is_ok());
            let _ = Task::now(receiving.receive());
        }
    }
}

#[test]
fn a_write_that_fails_does_not_hide_what_was_received_before() {
    for role in ROLES {
        let mut input = frame_for(role, 0x89, b"?");
        input.extend(frame_for(role, 0x81, b"last"));
        input.extend(close_frame(role));
        let (mut ws, script) = scripted(role, &input);
        script.wire().room = 0;
        script.wire().write_error = Some(ErrorKind::BrokenPipe);
        assert!(matches!(Task::now(ws.send("lost")), Err(Error::Io(_))));
        assert!(matches!(Task::now(ws.flush()), Err(Error::Io(_))));
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("last".into()));
        expect_end(&mut ws, CloseStatus::Code(code(4001)));
    }
}

#[test]
fn a_write_that_fails_while_receiving_is_no_error_of_receiving() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, &frame_for(role, 0x89, b"?"));
        script.wire().room = 0;
        script.wire().write_error = Some(ErrorKind::BrokenPipe);
        Task::waits(ws.receive());
        script.feed(&frame_for(role, 0x82, b"last"));
        assert_eq!(Task::now(ws.receive()).unwrap(), Some((&b"last"[..]).into()));
        script.end(Ok(()));
        assert!(matches!(Task::now(ws.receive()), Err(Error::UnexpectedEof)));
    }
}

#[test]
fn a_peer_that_has_ended_its_half_gets_what_is_queued() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, b"");
        script.wire().room = 3;
        ws.queue("queued").unwrap();
        script.end(Ok(()));
        Task::waits(ws.receive());
        script.make_room(100);
        assert!(matches!(Task::now(ws.receive()), Err(Error::UnexpectedEof)));
        expect_written(&script, &[(0x81, b"queued")]);
    }
}

#[test]
fn a_peer_that_has_ended_its_half_gets_what_the_stream_holds() {
    for role in ROLES {
        let close = frame_for(role, 0x88, b"");
        for (input, is_closed) in [(&b""[..], false), (&close[..], true)] {
            for room in [0, usize::MAX] {
                let (mut ws, script) = scripted(role, input);
                (script.wire().room, script.wire().holds) = (room, true);
                ws.queue("held").unwrap();
                script.end(Ok(()));
                Task::waits(ws.receive());
                script.make_room(100);
                Task::waits(ws.receive());
                script.wire().holds = false;
                let received = Task::now(ws.receive());
                assert_eq!(received.is_ok(), is_closed, "{received:?}");
            }
        }
    }
}

#[test]
fn parts_go_on_where_a_websocket_has_stopped() {
    for role in ROLES {
        let message = frame_for(role, 0x81, b"Hello");
        let (mut ws, script) = scripted(role, &message[..4]);
        script.wire().room = 2;
        Task::waits(ws.send("sent"));
        Task::waits(ws.receive());
        let (stream, unread, connection) = ws.into_parts();
        let mut ws = WebSocket::from_parts(stream, &unread, connection, None);
        script.make_room(100);
        script.feed(&message[4..]);
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("Hello".into()));
        Task::now(ws.flush()).unwrap();
        expect_written(&script, &[(0x81, b"sent")]);
    }
}

#[test]
fn empty_messages_go_both_ways() {
    within_a_minute(async {
        let (client, server) = tokio::io::duplex(1);
        let mut client = open(Role::Client, client, |_| ());
        let mut server = open(Role::Server, server, |_| ());
        let echo = tokio::spawn(async move {
            while let Some(message) = server.receive().await.unwrap() {
                server.send(message).await.unwrap();
            }
        });
        client.send_text("").await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some("".into()));
        client.send_binary(b"").await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some(Vec::new().into()));
        client.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(client.receive().await.unwrap(), None);
        echo.await.unwrap();
    });
}

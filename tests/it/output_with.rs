//! Borrowed messages produce the same bytes as queued ones, however the transport takes them.

use crate::support::{ROLES, assert_shows, config, connection, drain, frame_for, frames, receive};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sansock::connection::OutputWith;
use sansock::{CloseCode, CloseStatus, Connection, Role, SendError, TransportAction};
use std::num::NonZeroUsize;

/// The bytes that a client masks at once.
const BLOCK: usize = 16 << 10;

/// The lengths at which headers grow, some around one block, and some of several blocks.
const LENGTHS: [usize; 12] =
    [0, 1, 125, 126, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 50_001, 65_535, 65_536, 5 * BLOCK + 3];

/// Returns `len` bytes, each different from its neighbours.
fn payload(len: usize) -> Vec<u8> {
    (0..=250u8).cycle().map(|byte| byte.wrapping_mul(7)).take(len).collect()
}

/// Returns the output of a connection after `send`.
fn output_after(role: Role, send: impl FnOnce(&mut Connection)) -> Vec<u8> {
    let mut ws = connection(role);
    send(&mut ws);
    drain(&mut ws)
}

/// Takes up to `count` bytes, at most `piece` at once.
fn take(view: &mut OutputWith<'_>, mut count: usize, piece: usize) -> Vec<u8> {
    let mut taken = Vec::new();
    while count > 0 && view.has_remaining() {
        let chunk = view.chunk();
        assert!(!chunk.is_empty());
        let chunk = &chunk[..chunk.len().min(piece).min(count)];
        taken.extend_from_slice(chunk);
        count -= chunk.len();
        let (len, before) = (chunk.len(), view.remaining());
        view.advance(len);
        assert_eq!(view.remaining(), before - len);
    }
    taken
}

/// Receives a ping with this payload.
fn ping(ws: &mut Connection, role: Role, payload: &[u8]) {
    assert_eq!(receive(ws, &[&frame_for(role, 0x89, payload)]).len(), 1);
}

/// After a part of a frame, the peer would read anything else as its payload.
#[test]
fn a_view_that_is_leaked_ends_the_connection() {
    for role in ROLES {
        for (queued, taken) in [(false, 0), (false, 1), (false, 5000), (true, 0), (true, 5000)] {
            let mut ws = connection(role);
            if queued {
                ws.send_text("before").unwrap();
            }
            let payload = vec![7; 100_000];
            let mut view = ws.output_with_binary(&payload).unwrap();
            view.advance(taken);
            std::mem::forget(view);

            assert_eq!(ws.send_text("after"), Err(SendError::Closing));
            assert_eq!(ws.ping(b""), Err(SendError::Closing));
            assert!(matches!(ws.output_with_text("after"), Err(SendError::Closing)));
            ws.close(CloseCode::NORMAL, "").unwrap();
            let len = ws.output_len();
            receive(&mut ws, &[&frame_for(role, 0x89, b"ping")]);
            assert_eq!(ws.output_len(), len, "nothing follows a part of a frame");
            drain(&mut ws);
            assert_eq!(ws.transport_action(), TransportAction::Disconnect);
            assert_eq!(ws.receive_eof(), CloseStatus::Abnormal);
        }
    }
}

#[test]
fn what_is_lent_is_what_would_be_queued() {
    for role in ROLES {
        for len in LENGTHS {
            let (data, text) = (payload(len), "x".repeat(len));
            let binary = output_after(role, |ws| ws.send_binary(&data).unwrap());
            assert_eq!(frames(&binary)[0].content(), (0x82, &data[..]));
            let texts = output_after(role, |ws| ws.send_text(&text).unwrap());
            // At once, in small pieces, or dropped at once.
            for (count, piece) in [(usize::MAX, usize::MAX), (usize::MAX, 1), (0, 1)] {
                let mut ws = connection(role);
                let mut view = ws.output_with_binary(&data).unwrap();
                assert_eq!(view.remaining(), binary.len());
                let mut wire = take(&mut view, count, piece);
                drop(view);
                wire.extend(drain(&mut ws));
                assert!(wire == binary, "{role:?}, {len} bytes, {piece} at once");

                let mut view = ws.output_with_text(&text).unwrap();
                let mut wire = take(&mut view, count, piece);
                drop(view);
                wire.extend(drain(&mut ws));
                assert!(wire == texts, "{role:?}, {len} characters, {piece} at once");
            }
        }
    }
}

#[test]
fn a_transport_may_stop_anywhere() {
    for role in ROLES {
        for len in [0, 1, 125, 126, BLOCK + 1, 65_536] {
            let data = payload(len);
            let expected = output_after(role, |ws| {
                ws.send_text("before").unwrap();
                ws.send_binary(&data).unwrap();
                ws.send_text("after").unwrap();
            });
            let end = expected.len();
            let stops = (0..40).chain([BLOCK, BLOCK + 13, BLOCK + 30, end - 12, end]);
            for stop in stops.filter(|stop| *stop <= end) {
                for piece in [usize::MAX, 1000] {
                    let mut ws = connection(role);
                    ws.send_text("before").unwrap();
                    let mut view = ws.output_with_binary(&data).unwrap();
                    let mut wire = take(&mut view, stop, piece);
                    drop(view);
                    ws.send_text("after").unwrap();
                    wire.extend(drain(&mut ws));
                    assert!(wire == expected, "{role:?}, {len} bytes, stopped after {stop}");
                }
            }
        }
    }
}

/// Payloads by reference that were queued before keep their order.
#[test]
fn output_comes_first_whatever_it_is() {
    for role in ROLES {
        let (large, data) = (Bytes::from(payload(10_000)), payload(2 * BLOCK));
        let expected = output_after(role, |ws| {
            ws.send_text("before").unwrap();
            ws.send(large.clone()).unwrap();
            ws.send_binary(&data).unwrap();
        });
        for stop in (0..expected.len()).step_by(997) {
            let mut ws = connection(role);
            ws.send_text("before").unwrap();
            ws.send(Bytes::from(large.to_vec())).unwrap();
            let mut view = ws.output_with_binary(&data).unwrap();
            assert_eq!(view.remaining(), expected.len());
            let mut wire = take(&mut view, stop, usize::MAX);
            drop(view);
            wire.extend(drain(&mut ws));
            assert!(wire == expected, "{role:?}, stopped after {stop}");
        }
    }
}

/// A caller may take more at once than is shown, for example if the transport has lost it.
#[test]
fn what_is_not_shown_can_be_taken_too() {
    for role in ROLES {
        let data = payload(5 * BLOCK);
        let expected = output_after(role, |ws| ws.send_binary(&data).unwrap());
        for count in [1, BLOCK, BLOCK + 15, 3 * BLOCK + 1, expected.len() - 1, expected.len()] {
            let mut ws = connection(role);
            let mut view = ws.output_with_binary(&data).unwrap();
            view.advance(count);
            assert_eq!(take(&mut view, usize::MAX, usize::MAX), expected[count..], "{count}");
            assert_eq!((view.remaining(), view.chunk()), (0, &[][..]));
        }
    }
}

#[test]
fn a_server_lends_the_very_bytes() {
    let data = payload(100);
    let mut ws = connection(Role::Server);
    let mut view = ws.output_with_binary(&data).unwrap();
    assert_eq!(view.chunk(), [0x82, 100]);
    view.advance(2);
    assert_eq!((view.chunk().as_ptr(), view.chunk().len()), (data.as_ptr(), 100));
    view.advance(99);
    assert_eq!(format!("{view:?}"), "OutputWith { remaining: 1, borrowed: 1, .. }");
}

#[test]
fn pongs_go_out_before_and_after_but_never_within() {
    let data = payload(3000);
    for role in ROLES {
        for stop in (0..3500).step_by(7) {
            // One pong waits in the queue. Of two more, only the latest waits beside it.
            let mut ws = connection(role);
            ping(&mut ws, role, b"1");
            ws.send_binary(&data).unwrap();
            ping(&mut ws, role, b"2");
            ping(&mut ws, role, b"3");
            let mut view = ws.output_with_binary(&data).unwrap();
            let mut wire = take(&mut view, 3000 + stop, 500);
            drop(view);
            ping(&mut ws, role, b"4");
            wire.extend(drain(&mut ws));
            let frames = frames(&wire);
            let contents: Vec<_> = frames.iter().map(|frame| frame.content()).collect();
            let expected =
                [(0x8A, &b"1"[..]), (0x82, &data), (0x8A, b"3"), (0x82, &data), (0x8A, b"4")];
            assert!(contents == expected, "{role:?}, {stop}");
        }
    }
}

#[test]
fn a_pong_whose_turn_has_come_goes_out_before() {
    for role in ROLES {
        let mut ws = connection(role);
        ping(&mut ws, role, b"1");
        ws.send_binary(&[7; 2000]).unwrap();
        ping(&mut ws, role, b"2");
        ws.output().advance(10); // the first pong, and a part of the message
        let mut view = ws.output_with_binary(b"view").unwrap();
        let wire = take(&mut view, usize::MAX, usize::MAX);
        drop(view);
        assert!(!ws.has_output());
        let pong = output_after(role, |ws| ping(ws, role, b"2"));
        let last = output_after(role, |ws| ws.send_binary(b"view").unwrap());
        assert!(wire.ends_with(&[pong, last].concat()));
    }
}

#[test]
fn a_pong_that_waits_beside_the_queue_goes_out_before() {
    for role in ROLES {
        let mut ws = connection(role);
        ping(&mut ws, role, b"1");
        ws.send_binary(&[7; 2000]).unwrap();
        ping(&mut ws, role, b"2");
        let before = ws.output_len();
        let mask = if role == Role::Client { 4 } else { 0 };
        let mut view = ws.output_with_binary(b"view").unwrap();
        assert_eq!(view.remaining(), before + 6 + mask);
        let wire = take(&mut view, usize::MAX, 100);
        drop(view);
        let frames = frames(&wire);
        let last: Vec<_> = frames[2..].iter().map(|frame| frame.content()).collect();
        assert_eq!(last, [(0x8A, &b"2"[..]), (0x82, b"view")]);
        assert!(!ws.has_output());
    }
}

#[test]
fn refused_where_a_send_would_be() {
    let refused = |ws: &mut Connection, why| {
        let before = ws.output_len();
        let error = Some(why);
        assert_eq!(ws.output_with_text("x").err(), error);
        assert_eq!(ws.output_with_binary(&[7; 70_000]).err(), error);
        assert_eq!(ws.output_len(), before, "nothing was queued");
    };
    for role in ROLES {
        let mut config = config(role);
        config.max_output = Some(10);
        let mut ws = Connection::new(config.clone());
        ws.send_binary(&[7; 20]).unwrap();
        refused(&mut ws, SendError::Full);
        drain(&mut ws);
        drop(ws.output_with_binary(&[7; 70_000]).unwrap());
        refused(&mut ws, SendError::Full);
        config.max_output = Some(0);
        refused(&mut Connection::new(config), SendError::Full);

        let mut ws = connection(role);
        ws.start_text().unwrap().fragment(b"x").unwrap();
        refused(&mut ws, SendError::MessageOpen);
        drain(&mut ws);
        refused(&mut ws, SendError::MessageOpen);
        ws.close(CloseCode::NORMAL, "").unwrap();
        refused(&mut ws, SendError::Closing);
        drain(&mut ws);
        refused(&mut ws, SendError::Closing);
    }
}

#[test]
fn a_message_that_is_fragmented_is_queued() {
    for role in ROLES {
        let mut config = config(role);
        config.fragment_size = NonZeroUsize::new(1000);
        let data = payload(2500);
        let mut ws = Connection::new(config);
        ws.send_binary(&data).unwrap();
        let expected = drain(&mut ws);
        assert_eq!(frames(&expected).len(), 3);
        let mut view = ws.output_with_binary(&data).unwrap();
        assert_eq!(view.remaining(), expected.len());
        let mut wire = take(&mut view, 1500, 100);
        drop(view);
        assert_eq!(ws.output_len(), expected.len() - 1500);
        wire.extend(drain(&mut ws));
        assert_eq!(wire, expected);

        let view = ws.output_with_binary(&data[..1000]).unwrap();
        assert_eq!(view.remaining(), 1004 + if role == Role::Client { 4 } else { 0 });
    }
}

/// A transport that reports more bytes than it was passed is not believed.
#[test]
fn taking_more_than_there_is_is_refused() {
    for role in ROLES {
        let data = payload(2 * BLOCK);
        let mut ws = connection(role);
        ws.send_text("x").unwrap();
        let mut view = ws.output_with_binary(&data).unwrap();
        for _ in 0..2 {
            let remaining = view.remaining();
            for count in [remaining + 1, usize::MAX] {
                assert_eq!(view.try_advance(count).unwrap_err().remaining, remaining);
            }
            assert_eq!(view.remaining(), remaining);
            assert_eq!(view.try_advance(5), Ok(()));
        }
        let rest = view.remaining();
        assert_eq!(view.try_advance(rest), Ok(()));
        assert_eq!(view.try_advance(1).unwrap_err().remaining, 0);
        assert_eq!(view.try_advance(0), Ok(()));
        drop(view);
        assert_eq!(ws.transport_action(), TransportAction::Continue);
        assert!(!ws.has_output());
    }
}

#[test]
#[should_panic(expected = "advance beyond the 3 bytes of output")]
fn advance_panics_beyond_the_end_as_buf_asks() {
    let mut ws = connection(Role::Server);
    ws.output_with_text("x").unwrap().advance(4);
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    /// A payload by reference, if this end is a server.
    Large(usize),
    /// Borrows a message, and takes shares of it before the view is dropped.
    Borrow(usize, Vec<prop::sample::Index>),
    Advance(prop::sample::Index),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    let shares = || prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    prop_oneof![
        (0usize..300).prop_map(Step::Send),
        (4090usize..5000).prop_map(Step::Large),
        (0usize..300, shares()).prop_map(|(len, shares)| Step::Borrow(len, shares)),
        (0usize..70_000, shares()).prop_map(|(len, shares)| Step::Borrow(len, shares)),
        any::<prop::sample::Index>().prop_map(Step::Advance),
        Just(Step::Release),
    ]
}

proptest! {
    /// The naive model is one `Vec` of all bytes.
    #[test]
    fn the_output_is_its_bytes_in_order_whatever_is_lent_and_taken(
        steps in prop::collection::vec(step(), 0..20),
        is_client: bool,
    ) {
        let role = if is_client { Role::Client } else { Role::Server };
        let mut ws = connection(role);
        let mut model: Vec<u8> = Vec::new();
        for step in steps {
            match step {
                Step::Send(len) => {
                    ws.send_binary(&payload(len)).unwrap();
                    model.extend(frame_for(role.peer(), 0x82, &payload(len)));
                }
                Step::Large(len) => {
                    ws.send(payload(len)).unwrap();
                    model.extend(frame_for(role.peer(), 0x82, &payload(len)));
                }
                Step::Borrow(len, shares) => {
                    let data = payload(len);
                    model.extend(frame_for(role.peer(), 0x82, &data));
                    let mut view = ws.output_with_binary(&data).unwrap();
                    assert_shows(&view, &model, role == Role::Server);
                    for share in shares {
                        let count = share.index(model.len() + 1);
                        view.advance(count);
                        model.drain(..count);
                        assert_shows(&view, &model, role == Role::Server);
                    }
                }
                Step::Advance(share) => {
                    let count = share.index(model.len() + 1);
                    ws.output().advance(count);
                    model.drain(..count);
                }
                Step::Release => ws.shrink_to_fit(),
            }
            assert_shows(ws.output(), &model, true);
        }
        prop_assert_eq!(drain(&mut ws), model);
    }
}

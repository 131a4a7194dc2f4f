//! A source of mask keys that panics, and a caller that catches the panic and continues.
#![cfg(feature = "std")]

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{KEY, Seen, connection, drain, frame_for, frames, receive};
use sansock::connection::State;
use sansock::frame::{CloseBody, Relay};
use sansock::{CloseCode, CloseReason, Config, Connection, Input, Role, TransportAction};

/// Returns a client whose source returns `good` keys, then panics once, and then returns keys
/// again.
fn client(good: u32) -> Connection {
    Connection::new(config(good))
}

fn config(good: u32) -> Config {
    let asked = Arc::new(AtomicU32::new(0));
    Config::client_with_mask_keys(move || {
        if asked.fetch_add(1, Ordering::Relaxed) == good {
            // Panics without printing a message.
            resume_unwind(Box::new("no entropy"));
        }
        KEY
    })
}

/// Returns what `act` returns, or `None` if it panics.
fn caught<T>(act: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(act)).ok()
}

/// Returns what a server sees of all that was sent.
fn seen_by_a_server(client: &mut Connection) -> Vec<Seen> {
    receive(&mut connection(Role::Server), &[&drain(client)])
}

fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

/// Asserts that the connection has ended: it receives and sends nothing any more.
fn assert_has_ended(client: &mut Connection) {
    assert_eq!(client.state(), State::Ended);
    assert!(client.send_text("more").is_err());
    assert!(client.ping(b"").is_err());
    assert_eq!(receive(client, &[&frame_for(Role::Client, 0x81, b"more")]), []);
    drain(client);
    assert_eq!(client.transport_action(), TransportAction::Disconnect);
}

#[test]
fn a_send_that_panicked_can_be_tried_again() {
    type Send = fn(&mut Connection);
    let sends: [Send; 6] = [
        |ws| ws.send_text("text").unwrap(),
        |ws| ws.send("text").unwrap(),
        |ws| ws.send("text".repeat(2000)).unwrap(),
        |ws| drop(ws.output_with_text("text").unwrap()),
        |ws| ws.ping(b"text").unwrap(),
        |ws| ws.pong(b"text").unwrap(),
    ];
    for send in sends {
        let mut expected = client(u32::MAX);
        send(&mut expected);
        let mut client = client(0);
        assert_eq!(caught(|| send(&mut client)), None);
        assert!(!client.has_output());
        send(&mut client);
        assert_eq!(drain(&mut client), drain(&mut expected));
    }
}

#[test]
fn a_fragment_that_panicked_can_be_tried_again() {
    for good in 0..3 {
        let mut client = client(good);
        let write = |client: &mut Connection, last: bool, piece: &[u8]| {
            let mut writer = client.open_message().expect("it is open");
            if last { writer.finish(piece).unwrap() } else { writer.fragment(piece).unwrap() }
        };
        let _ = client.start_text().unwrap();
        for (i, piece) in [&b"a\xC3"[..], b"\xA9", b"c"].into_iter().enumerate() {
            let last = i == 2;
            let panicked = caught(|| write(&mut client, last, piece)).is_none();
            assert_eq!(panicked, i == good as usize);
            if panicked {
                write(&mut client, last, piece);
            }
        }
        assert!(client.open_message().is_none());
        assert_eq!(seen_by_a_server(&mut client), [text("aéc")]);
    }
}

#[test]
fn half_a_message_in_fragments_is_followed_by_nothing() {
    for owned in [false, true] {
        for good in 0..4 {
            let mut config = config(good);
            config.fragment_size = NonZeroUsize::new(10);
            let mut client = Connection::new(config);
            let message = "0123456789".repeat(4);
            let send = |client: &mut Connection| match owned {
                true => client.send(&*message).is_ok(),
                false => client.send_text(&message).is_ok(),
            };
            assert_eq!(caught(|| send(&mut client)), None);
            let sent = frames(&drain(&mut client));
            assert_eq!(sent.len(), good as usize);
            assert!(sent.iter().all(|frame| frame.first & 0x80 == 0), "none is the last");
            assert_has_ended(&mut client);
        }
    }
}

#[test]
fn a_broken_message_is_not_delivered_without_what_broke_it() {
    let cuts: [&[&[u8]]; 3] =
        [&[b"\x81\x03a\xFFb"], &[b"\x01\x02a\xFF", b"\x80\x01b"], &[b"\x81\x04a", b"\xFF", b"bc"]];
    for cut in cuts {
        let mut client = client(0);
        let panicked = cut.iter().any(|bytes| caught(|| receive(&mut client, &[bytes])).is_none());
        assert!(panicked);
        assert_eq!(receive(&mut client, &[b"\x80\x01b"]), []);
        assert_has_ended(&mut client);
    }
}

#[test]
fn a_frame_that_could_not_be_answered_ends_the_connection() {
    for frame in [
        frame_for(Role::Client, 0x88, b"\x03\xE8"),
        frame_for(Role::Client, 0x89, b"ping"),
        b"\xFF".to_vec(),
    ] {
        let mut client = client(0);
        assert_eq!(caught(|| receive(&mut client, &[&frame])), None);
        assert_has_ended(&mut client);
    }
}

#[test]
fn a_close_that_panicked_ends_the_connection() {
    let mut client = client(0);
    assert_eq!(caught(|| client.close(CloseCode::NORMAL, "")), None);
    assert_has_ended(&mut client);
}

#[test]
fn a_relay_whose_keys_panic_sends_nothing_more() {
    let keys = || -> [u8; 4] { resume_unwind(Box::new("no entropy")) };
    let hello = frame_for(Role::Server, 0x81, b"Hello");
    let body = CloseBody { status: Some((CloseCode::NORMAL, CloseReason::EMPTY)) };
    // The whole frame, and only its header.
    for end in [hello.len(), 6] {
        let mut relay = Relay::new(Role::Server);
        let mut bytes = hello.clone();
        let mut input = Input::new(&mut bytes[..end]);
        assert!(caught(|| relay.forward(&mut input, keys).is_ok()).is_none());
        let mut rest =
            [input.into_bytes(), &mut hello[end..].to_vec(), &mut hello.clone()].concat();
        assert!(relay.forward(&mut Input::new(&mut rest[..]), || KEY).unwrap().is_none());
        assert!(relay.is_closed());
        assert!(relay.close(body, || KEY).is_none());
    }
    let mut relay = Relay::new(Role::Server);
    assert!(caught(|| relay.close(body, keys)).is_none());
    assert!(relay.close(body, || KEY).is_none());
}

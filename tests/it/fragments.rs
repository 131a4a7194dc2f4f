//! Messages sent in fragments: by `MessageWriter`, and by `Config::fragment_size`.

use crate::support::{
    KEY, ROLES, Seen, close_body, config, connection, drain, frame_for, frames, receive,
};
use sansock::connection::State;
use sansock::message::PreparedMessage;
use sansock::{CloseCode, Connection, Message, Role, SendError};
use std::num::NonZeroUsize;

/// Returns what was sent, without what depends on the role.
fn sent(ws: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    let frames = frames(&drain(ws));
    for frame in &frames {
        assert_eq!(frame.key, (ws.config().role() == Role::Client).then_some(KEY));
    }
    frames.into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

fn frame(first: u8, payload: &[u8]) -> (u8, Vec<u8>) {
    (first, payload.to_vec())
}

#[test]
fn a_message_goes_out_as_its_fragments() {
    for role in ROLES {
        let mut ws = connection(role);
        let mut writer = ws.start_binary().unwrap();
        writer.fragment(b"ab").unwrap();
        writer.fragment(b"").unwrap();
        writer.fragment(&[7; 200]).unwrap();
        writer.finish(b"c").unwrap();
        let expected = [frame(0x02, b"ab"), frame(0, b""), frame(0, &[7; 200]), frame(0x80, b"c")];
        assert_eq!(sent(&mut ws), expected);

        ws.start_text().unwrap().finish(b"whole").unwrap();
        assert_eq!(sent(&mut ws), [frame(0x81, b"whole")]);
        assert!(ws.open_message().is_none());
        ws.send_text("next").unwrap();
    }
}

#[test]
fn the_connection_lives_on_between_fragments() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.start_text().unwrap().fragment(b"h\xE2").unwrap();
        let seen = receive(&mut ws, &[&frame_for(role, 0x89, b"?"), &frame_for(role, 0x82, b"x")]);
        assert_eq!(seen, [Seen::Ping(b"?".to_vec()), Seen::Binary(b"x".to_vec())]);
        ws.ping(b"!").unwrap();
        ws.open_message().unwrap().fragment(b"\x82").unwrap();
        ws.open_message().unwrap().finish(b"\xAC").unwrap();
        let expected = [
            frame(0x01, b"h\xE2"),
            frame(0x8A, b"?"),
            frame(0x89, b"!"),
            frame(0x00, b"\x82"),
            frame(0x80, b"\xAC"),
        ];
        assert_eq!(sent(&mut ws), expected);
    }
}

#[test]
fn no_other_message_is_sent_meanwhile() {
    for role in ROLES {
        let mut ws = connection(role);
        let _ = ws.start_text().unwrap();
        let refused = SendError::MessageOpen;
        assert_eq!(ws.send_text("no").unwrap_err(), refused);
        assert_eq!(ws.send_binary(b"no").unwrap_err(), refused);
        assert_eq!(ws.send_prepared(&PreparedMessage::new("no")).unwrap_err(), refused);
        assert_eq!(ws.start_binary().unwrap_err(), refused);
        let error = ws.send("back").unwrap_err();
        assert_eq!((error.error, error.message), (refused, Message::from("back")));
        assert_eq!(refused.to_string(), "not sent: another message is not finished");
        assert_eq!(sent(&mut ws), []);
        ws.open_message().unwrap().finish(b"").unwrap();
        assert_eq!(sent(&mut ws), [frame(0x81, b"")]);
    }
}

#[test]
fn a_text_that_breaks_is_refused_and_stays_open() {
    for role in ROLES {
        let mut ws = connection(role);
        let mut writer = ws.start_text().unwrap();
        writer.fragment(b"h\xE2").unwrap();
        assert_eq!(writer.fragment(b"\xFF").unwrap_err(), SendError::NotUtf8);
        assert_eq!(writer.finish(b"\x82").unwrap_err(), SendError::NotUtf8);
        ws.open_message().unwrap().finish(b"\x82\xAC").unwrap();
        assert_eq!(sent(&mut ws), [frame(0x01, b"h\xE2"), frame(0x80, b"\x82\xAC")]);
        assert_eq!(SendError::NotUtf8.to_string(), "not sent: text message would not be UTF-8");
    }
}

#[test]
fn a_full_output_refuses_a_fragment_and_keeps_the_message_open() {
    for role in ROLES {
        let mut config = config(role);
        config.max_output = Some(10);
        let mut ws = Connection::new(config);
        let mut writer = ws.start_binary().unwrap();
        writer.fragment(b"0123456789").unwrap();
        assert_eq!(writer.fragment(b"x").unwrap_err(), SendError::Full);
        assert_eq!(writer.finish(b"x").unwrap_err(), SendError::Full);
        assert_eq!(sent(&mut ws), [frame(0x02, b"0123456789")]);
        ws.open_message().unwrap().finish(b"x").unwrap();
        assert_eq!(sent(&mut ws), [frame(0x80, b"x")]);
    }
}

#[test]
fn a_message_may_be_begun_while_the_output_is_full() {
    let mut config = config(Role::Server);
    config.max_output = Some(1);
    let mut ws = Connection::new(config);
    ws.send_text("fills it").unwrap();
    let mut writer = ws.start_text().unwrap();
    assert_eq!(writer.fragment(b"no").unwrap_err(), SendError::Full);
}

#[test]
fn a_writer_that_is_dropped_sends_no_last_fragment() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.start_text().unwrap().fragment(b"half").unwrap();
        assert_eq!(sent(&mut ws), [frame(0x01, b"half")]);
        assert!(!ws.has_output());
        assert!(ws.open_message().is_some());
    }
}

#[test]
fn our_close_abandons_the_message() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.start_text().unwrap().fragment(b"half").unwrap();
        ws.close(CloseCode::INTERNAL_ERROR, "").unwrap();
        assert!(ws.open_message().is_none());
        assert_eq!(ws.start_text().unwrap_err(), SendError::Closing);
        assert_eq!(sent(&mut ws), [frame(0x01, b"half"), frame(0x88, &close_body(1011, ""))]);
    }
}

#[test]
fn the_peers_close_abandons_the_message() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.start_text().unwrap().fragment(b"half").unwrap();
        receive(&mut ws, &[&frame_for(role, 0x88, &close_body(1000, ""))]);
        assert!(ws.open_message().is_none());
        assert_eq!(ws.state(), State::CloseExchanged);
        assert_eq!(sent(&mut ws), [frame(0x01, b"half"), frame(0x88, &close_body(1000, ""))]);
    }
}

#[test]
fn a_failure_and_the_end_of_the_transport_abandon_the_message() {
    for role in ROLES {
        let mut ws = connection(role);
        let _ = ws.start_text().unwrap();
        receive(&mut ws, &[b"\xFF"]);
        assert!(ws.open_message().is_none());

        let mut ws = connection(role);
        let _ = ws.start_text().unwrap();
        ws.receive_eof();
        assert!(ws.open_message().is_none());
    }
}

#[test]
fn long_messages_are_cut_where_the_configuration_says_so() {
    for role in ROLES {
        let mut config = config(role);
        config.fragment_size = NonZeroUsize::new(4);
        config.max_output = None;
        let mut ws = Connection::new(config);
        ws.send_text("12345678€").unwrap();
        ws.send_binary(b"1234").unwrap();
        ws.send(Message::from(b"12345".to_vec())).unwrap();
        ws.send_text("").unwrap();
        let expected = [
            frame(0x01, b"1234"),
            frame(0x00, b"5678"),
            frame(0x80, "€".as_bytes()),
            frame(0x82, b"1234"),
            frame(0x02, b"1234"),
            frame(0x80, b"5"),
            frame(0x81, b""),
        ];
        assert_eq!(sent(&mut ws), expected);
        ws.send_prepared(&PreparedMessage::new("12345")).unwrap();
        assert_eq!(sent(&mut ws), [frame(0x81, b"12345")]);
    }
}

#[test]
fn a_fragment_may_be_one_byte() {
    let mut config = config(Role::Server);
    config.fragment_size = NonZeroUsize::new(1);
    let mut ws = Connection::new(config);
    ws.send_text("ab").unwrap();
    assert_eq!(sent(&mut ws), [frame(0x01, b"a"), frame(0x80, b"b")]);
}

#[test]
fn large_fragments_of_a_given_up_message_are_not_copied() {
    use sansock::bytes::{Buf, Bytes};
    let mut config = config(Role::Server);
    config.fragment_size = NonZeroUsize::new(8192);
    let mut ws = Connection::new(config);
    let payload = Bytes::from(vec![7; 16_384]);
    ws.send(Message::Binary(payload.clone())).unwrap();
    let output = ws.output();
    assert_eq!(output.chunk(), b"\x02\x7E\x20\x00");
    output.advance(4);
    assert_eq!(output.chunk().as_ptr(), payload.as_ptr());
    output.advance(8192);
    assert_eq!(output.chunk(), b"\x80\x7E\x20\x00");
    output.advance(4);
    assert_eq!(output.chunk().as_ptr(), payload[8192..].as_ptr());
}

#[test]
fn a_client_masks_a_given_up_message_where_it_is() {
    use sansock::bytes::{Buf, Bytes};
    let mut ws = connection(Role::Client);
    let payload = Bytes::from(vec![7; 16_384]);
    let start = payload.as_ptr();
    ws.send(Message::Binary(payload)).unwrap();
    let output = ws.output();
    output.advance(8);
    assert_eq!(output.chunk().as_ptr(), start);
    assert_eq!(output.chunk()[0], 7 ^ KEY[0]);
}

#[test]
fn a_client_masks_fragments_of_a_given_up_message_where_they_are() {
    use sansock::bytes::Buf;
    let mut config = config(Role::Client);
    config.fragment_size = NonZeroUsize::new(8192);
    let mut ws = Connection::new(config);
    let payload = vec![7; 20_000];
    let start = payload.as_ptr() as usize;
    ws.send(payload).unwrap();
    for at in [0, 8192] {
        let output = ws.output();
        output.advance(8);
        assert_eq!(output.chunk().as_ptr() as usize, start + at);
        assert_eq!(output.chunk()[..4], KEY.map(|key| key ^ 7));
        output.advance(8192);
    }
    assert_eq!(ws.output_len(), 8 + 20_000 - 16_384, "the rest is short, and copied");
}

#[test]
fn a_prepared_message_is_one_buffer_for_all_servers() {
    use sansock::bytes::Buf;
    let message = PreparedMessage::new(vec![b'x'; 1024]);
    assert_eq!(message.payload(), [b'x'; 1024]);
    let (mut one, mut other) = (connection(Role::Server), connection(Role::Server));
    one.send_prepared(&message).unwrap();
    other.send_prepared(&message).unwrap();
    assert_eq!(one.output().chunk().as_ptr(), other.output().chunk().as_ptr());
    assert_eq!(sent(&mut one), [frame(0x82, &[b'x'; 1024])]);

    let mut client = connection(Role::Client);
    client.send_prepared(&message).unwrap();
    client.send_prepared(&PreparedMessage::new("short")).unwrap();
    assert_eq!(sent(&mut client), [frame(0x82, &[b'x'; 1024]), frame(0x81, b"short")]);
}

#[test]
fn a_prepared_message_goes_out_in_its_turn() {
    for len in [0, 10, 300, 5000] {
        let message = PreparedMessage::new(vec![7; len]);
        let mut ws = connection(Role::Server);
        ws.send_text("before").unwrap();
        ws.send_prepared(&message).unwrap();
        ws.send_text("after").unwrap();
        let expected = [frame(0x81, b"before"), frame(0x82, &vec![7; len]), frame(0x81, b"after")];
        assert_eq!(sent(&mut ws), expected);
    }
}

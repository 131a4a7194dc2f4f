//! Comparisons and conversions as users write them.

use crate::support::connection;
use bytes::Bytes;
use sansock::message::Utf8Bytes;
use sansock::{CloseCode, Event, Input, Message, Opcode, Payload, Role, Text};

#[test]
fn texts_compare_with_strings() {
    let text = Text::from("Hello");
    assert_eq!(text, "Hello");
    assert_eq!(text, *"Hello");
    assert_eq!(text, String::from("Hello"));
    assert_eq!(text, Text::from(String::from("Hello")));
    let shared = Utf8Bytes::from_static("Hello");
    assert_eq!(shared, "Hello");
    assert_eq!(shared, *"Hello");
    assert_eq!(shared, String::from("Hello"));
    assert_eq!(Event::Text("Hello".into()), Event::Text(text));
}

#[test]
fn payloads_compare_with_bytes() {
    let payload = Payload::from(&b"abc"[..]);
    assert_eq!(payload, b"abc");
    assert_eq!(payload, *b"abc");
    assert_eq!(payload, b"abc"[..]);
    assert_eq!(payload, &b"abc"[..]);
    assert_ne!(payload, [1, 2]);
    assert!(!payload.is_borrowed());
}

#[test]
fn messages_show_their_content_only_in_the_long_form() {
    let text = Event::Text("schön".into());
    assert_eq!(format!("{text:?}"), "Text(Text(6 bytes))");
    assert!(format!("{text:#?}").contains(r#""schön""#));
    let data = Event::Binary(Payload::from(&b"a\"\xFF"[..]));
    assert_eq!(format!("{data:?}"), "Binary(Payload(3 bytes))");
    assert!(format!("{data:#?}").contains(r#"b"a\"\xff""#));

    let text = Message::from("schön");
    assert_eq!(format!("{text:?}"), "Text(6 bytes)");
    assert_eq!(format!("{text:#?}"), "Text(\n    \"schön\",\n)");
    let data = Message::from(vec![b'a', 0]);
    assert_eq!(format!("{data:?}"), "Binary(2 bytes)");
    assert_eq!(format!("{data:#?}"), "Binary(\n    b\"a\\x00\",\n)");
    assert_eq!(format!("{:?}", Utf8Bytes::from("a")), "Utf8Bytes(1 bytes)");
    assert_eq!(format!("{:#?}", Utf8Bytes::from("a")), "Utf8Bytes(\n    \"a\",\n)");
}

#[test]
fn numbers_convert_where_they_mean_something() {
    for number in 0..=u16::MAX {
        let code = CloseCode::try_from(number);
        assert_eq!(code.ok(), CloseCode::new(number));
        assert!(code.is_err() || code.map(u16::from) == Ok(number));
    }
    for number in 0..=u8::MAX {
        let opcode = Opcode::try_from(number);
        assert_eq!(opcode.ok(), Opcode::from_u8(number));
        if let Ok(opcode) = opcode {
            assert_eq!(u8::from(opcode), number);
        }
    }
    assert_eq!(Opcode::try_from(3).unwrap_err().to_string(), "reserved opcode 0x3");
    assert!(Utf8Bytes::try_from(Bytes::from_static(b"\xFF")).is_err());
}

#[test]
fn an_input_returns_the_bytes_that_were_not_taken() {
    let stream = b"\x81\x02Hi\x81".to_vec();
    for left in [0, 1] {
        let mut bytes = stream[..4 + left].to_vec();
        let mut input = Input::new(&mut bytes);
        let mut client = connection(Role::Client);
        assert_eq!(client.receive(&mut input), Ok(Some(Event::Text("Hi".into()))));
        assert_eq!(input.len(), left);
        assert_eq!(input.is_empty(), left == 0);
        assert_eq!(input.as_bytes(), &stream[4..4 + left]);
        let unexpected = input.expect_empty().map_err(|error| error.to_string());
        let expected = Err("1 unexpected bytes left in the input".into());
        assert_eq!(unexpected, if left == 0 { Ok(()) } else { expected });
        assert_eq!(input.into_bytes(), &stream[4..4 + left]);
    }
}

//! Comparisons and conversions as users write them.

use bytes::Bytes;
use sansock::message::Utf8Bytes;
use sansock::{CloseCode, Event, Message, Opcode, Payload, Text};

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

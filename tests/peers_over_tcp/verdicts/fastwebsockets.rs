//! `fastwebsockets`. Its handshake is not its own, and it does not compress.

use std::io::Cursor;

use ::fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket, WebSocketError};

use super::{compare_streams_on_tokio, is_server};
use crate::corpus::Case;
use crate::differences::payload;

/// Returns what fastwebsockets reports. It sends no Close for most errors: the code is that of the
/// RFC for this kind of error.
async fn stream(case: Case) -> String {
    let role = if is_server(&case) { Role::Server } else { Role::Client };
    let transport = tokio::io::join(Cursor::new(case.bytes), tokio::io::sink());
    let mut ws = WebSocket::after_handshake(transport, role);
    // Otherwise pings are not reported.
    ws.set_auto_pong(false);
    let mut ws = FragmentCollector::new(ws);
    let mut seen = Vec::new();
    loop {
        let frame = ws.read_frame().await;
        let is_last = !matches!(&frame, Ok(frame) if frame.opcode != OpCode::Close);
        seen.push(match frame {
            Ok(frame) => match (frame.opcode, &frame.payload[..]) {
                (OpCode::Text, data) => payload("text", data),
                (OpCode::Binary, data) => payload("binary", data),
                (OpCode::Ping, data) => payload("ping", data),
                (OpCode::Pong, data) => payload("pong", data),
                (OpCode::Close, [first, second, reason @ ..]) => {
                    payload(&format!("close {}", u16::from_be_bytes([*first, *second])), reason)
                }
                (OpCode::Close, _) => "close".into(),
                (OpCode::Continuation, _) => panic!("a fragment"),
            },
            // The transport ends where no more bytes have come.
            Err(WebSocketError::UnexpectedEOF) => "open".into(),
            Err(WebSocketError::InvalidUTF8) => "fail 1007".into(),
            Err(WebSocketError::FrameTooLarge) => "fail 1009".into(),
            Err(WebSocketError::IoError(error)) => panic!("{error}"),
            Err(_) => "fail 1002".into(),
        });
        if is_last {
            return seen.join(", ");
        }
    }
}

#[test]
fn streams_are_judged_like_fastwebsockets_does_unless_a_reason_is_listed() {
    compare_streams_on_tokio("fastwebsockets", stream);
}

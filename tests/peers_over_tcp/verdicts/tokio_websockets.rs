//! `tokio-websockets`. It does not compress.

use std::io::Cursor;

use ::tokio_websockets::proto::ProtocolError;
use ::tokio_websockets::{ClientBuilder, Error, ServerBuilder};
use futures_util::StreamExt as _;

use super::{compare_streams_on_tokio, is_server};
use crate::corpus::Case;
use crate::differences::payload;

async fn stream(case: Case) -> String {
    let is_server = is_server(&case);
    let transport = tokio::io::join(Cursor::new(case.bytes), tokio::io::sink());
    let mut ws = if is_server {
        ServerBuilder::new().serve(transport)
    } else {
        ClientBuilder::new().take_over(transport)
    };
    let mut seen = Vec::new();
    loop {
        let end = match ws.next().await {
            Some(Ok(message)) => match message.as_close() {
                Some(_) if message.as_payload().is_empty() => "close".into(),
                Some((code, reason)) => {
                    payload(&format!("close {}", u16::from(code)), reason.as_bytes())
                }
                None => {
                    let kind = match () {
                        () if message.is_text() => "text",
                        () if message.is_binary() => "binary",
                        () if message.is_ping() => "ping",
                        () => "pong",
                    };
                    seen.push(payload(kind, message.as_payload()));
                    continue;
                }
            },
            // The transport ends where no more bytes have come.
            None | Some(Err(Error::Io(_))) => "open".into(),
            Some(Err(Error::Protocol(ProtocolError::InvalidUtf8))) => "fail 1007".into(),
            Some(Err(Error::Protocol(_))) => "fail 1002".into(),
            Some(Err(Error::PayloadTooLong { .. })) => "fail 1009".into(),
            Some(Err(other)) => panic!("{other}"),
        };
        seen.push(end);
        return seen.join(", ");
    }
}

#[test]
fn streams_are_judged_like_tokio_websockets_does_unless_a_reason_is_listed() {
    compare_streams_on_tokio("tokio-websockets", stream);
}

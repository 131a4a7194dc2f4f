//! What tungstenite makes of the streams in `tests/verdicts`, in memory.

use std::io::{self, Cursor, Read, Write};

use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

use crate::corpus::{self, Case};
use crate::differences::{Pair, assert_differences_are_listed, payload, verdict};
use crate::support::{config, receive};

const STREAMS: &str = include_str!("../verdicts/streams.txt");

/// A transport whose peer has sent `unread` and waits. What is written is lost.
pub(crate) struct Memory {
    unread: Cursor<Vec<u8>>,
}

impl Memory {
    pub(crate) fn new(unread: &[u8]) -> Memory {
        Memory { unread: Cursor::new(unread.to_vec()) }
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.unread.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Memory {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns what tungstenite reports. It sends no Close when it fails: the code is that of the RFC
/// for this kind of error.
fn tungstenite(case: &Case) -> String {
    let role = if case.key.starts_with("server ") { Role::Server } else { Role::Client };
    let mut ws = WebSocket::from_raw_socket(Memory::new(&case.bytes), role, None);
    let mut seen = Vec::new();
    loop {
        seen.push(match ws.read() {
            Ok(Message::Text(text)) => payload("text", text.as_bytes()),
            Ok(Message::Binary(data)) => payload("binary", &data),
            Ok(Message::Ping(data)) => payload("ping", &data),
            Ok(Message::Pong(data)) => payload("pong", &data),
            Ok(Message::Close(frame)) => {
                seen.push(frame.map_or("close".into(), |frame| {
                    payload(&format!("close {}", u16::from(frame.code)), frame.reason.as_bytes())
                }));
                return seen.join(", ");
            }
            Ok(frame @ Message::Frame(_)) => panic!("{frame:?}"),
            Err(error) => {
                seen.push(match error {
                    Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => "open".into(),
                    Error::Protocol(_) => "fail 1002".into(),
                    Error::Utf8(_) => "fail 1007".into(),
                    Error::Capacity(_) => "fail 1009".into(),
                    other => panic!("{other}"),
                });
                return seen.join(", ");
            }
        });
    }
}

fn ours(case: &Case) -> String {
    let is_server = case.key.starts_with("server ");
    let role = if is_server { sansock::Role::Server } else { sansock::Role::Client };
    verdict(&receive(&mut sansock::Connection::new(config(role)), &[&case.bytes]))
}

#[test]
fn streams_are_judged_like_tungstenite_does_unless_a_reason_is_listed() {
    let cases = corpus::streams("", STREAMS);
    let pairs = cases.iter().map(|case| Pair {
        key: case.key.clone(),
        ours: ours(case),
        theirs: tungstenite(case),
    });
    assert_differences_are_listed("tungstenite", &pairs.collect::<Vec<_>>());
}

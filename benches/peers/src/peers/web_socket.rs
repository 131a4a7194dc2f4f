//! `web-socket` over a buffered reader, because it reads field by field.
//!
//! It does not validate text, answer pings or reassemble fragments. Here, fragments are appended to
//! a buffer that is kept.

use tokio::io::BufReader;
use web_socket::{DataType, Event, Frame, MessageType, Stream, WebSocket as Socket};

use super::Peer;
use crate::rows::{Message, Role, Row, Work, opcode};
use crate::transport::{Transport, block_on};

pub struct WebSocket {
    ws: Socket<BufReader<Transport>>,
    message: Vec<u8>,
}

impl Peer for WebSocket {
    const NAME: &'static str = "web-socket";
    const STRUCT: usize = size_of::<Socket<BufReader<Transport>>>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        let stream = BufReader::new(transport);
        let ws = match role {
            Role::Server => Socket::server(stream),
            Role::Client => Socket::client(stream),
        };
        WebSocket { ws, message: Vec::new() }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            let mut left = count;
            while left > 0 {
                let (ty, data) = next(&mut self.ws).await;
                let is_done = matches!(ty, DataType::Complete(_));
                if is_done {
                    visit(&data);
                } else if collect(&mut self.message, &ty, &data) {
                    visit(&self.message);
                } else {
                    continue;
                }
                left -= 1;
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        block_on(async {
            for _ in 0..count {
                send(&mut self.ws, opcode(message.is_text), &message.bytes).await;
            }
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            let mut left = count;
            while left > 0 {
                let (ty, data) = next(&mut self.ws).await;
                match ty {
                    DataType::Complete(kind) => send(&mut self.ws, kind as u8, &data).await,
                    DataType::Stream(ref stream) => {
                        let kind = stream.ty();
                        if !collect(&mut self.message, &ty, &data) {
                            continue;
                        }
                        send(&mut self.ws, kind as u8, &self.message).await;
                    }
                }
                left -= 1;
            }
        });
    }

    fn refusal(row: &Row) -> Option<&'static str> {
        (row.is_text() && row.work != Work::Encode).then_some("does not validate text")
    }
}

async fn next(ws: &mut Socket<BufReader<Transport>>) -> (DataType, Box<[u8]>) {
    match ws.recv().await.expect("a read") {
        Event::Data { ty, data } => (ty, data),
        _ => panic!("a message of data"),
    }
}

async fn send(ws: &mut Socket<BufReader<Transport>>, opcode: u8, data: &[u8]) {
    let frame = Frame { fin: true, opcode, data };
    debug_assert!(opcode == MessageType::Text as u8 || opcode == MessageType::Binary as u8);
    ws.send_raw(frame).await.expect("a sink");
}

/// Appends a fragment. Returns whether it is the last.
fn collect(message: &mut Vec<u8>, ty: &DataType, data: &[u8]) -> bool {
    if matches!(ty, DataType::Stream(Stream::Start(_))) {
        message.clear();
    }
    message.extend_from_slice(data);
    matches!(ty, DataType::Stream(Stream::End(_)))
}

//! `soketto` between a buffered reader and a buffered writer, as in its examples.
//!
//! It does not validate text, and does not check whether the peer masks as it must.

use futures::io::{BufReader, BufWriter};
use soketto::Data;
use soketto::connection::{Builder, Mode, Receiver, Sender};

use super::Peer;
use crate::rows::{Message, Role, Row, Work};
use crate::transport::{Transport, block_on};

type Stream = BufReader<BufWriter<Transport>>;

pub struct Soketto {
    sender: Sender<Stream>,
    receiver: Receiver<Stream>,
    message: Vec<u8>,
}

impl Peer for Soketto {
    const NAME: &'static str = "soketto";
    // The transport is on the heap, and must not be counted there.
    const STRUCT: usize =
        size_of::<Sender<Stream>>() + size_of::<Receiver<Stream>>() + size_of::<Vec<u8>>()
            - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        let stream = BufReader::new(BufWriter::new(transport));
        let mode = if role == Role::Server { Mode::Server } else { Mode::Client };
        let (sender, receiver) = Builder::new(stream, mode).finish();
        Soketto { sender, receiver, message: Vec::new() }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            for _ in 0..count {
                self.message.clear();
                self.receiver.receive_data(&mut self.message).await.expect("a message");
                visit(&self.message);
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        block_on(async {
            for _ in 0..count {
                if message.is_text {
                    self.sender.send_text(&message.text).await.expect("a sink");
                } else {
                    self.sender.send_binary(&message.bytes).await.expect("a sink");
                }
            }
            self.sender.flush().await.expect("a sink");
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            for _ in 0..count {
                self.message.clear();
                match self.receiver.receive_data(&mut self.message).await.expect("a message") {
                    Data::Binary(_) => {
                        self.sender.send_binary_mut(&mut self.message).await.expect("a sink");
                    }
                    Data::Text(_) => unreachable!("see `refusal`"),
                }
            }
            self.sender.flush().await.expect("a sink");
        });
    }

    fn refusal(row: &Row) -> Option<&'static str> {
        (row.is_text() && row.work != Work::Encode).then_some("does not validate text")
    }
}

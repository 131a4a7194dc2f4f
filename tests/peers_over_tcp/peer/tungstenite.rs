//! `tungstenite`, which blocks.

use sansock::Role;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data as DataOpcode, OpCode};
use tungstenite::{Message, WebSocket};

use crate::endpoint::{self, BETWEEN, Data, Endpoint, Peer, Seen};
use crate::link::{BlockingStream, Link};

pub(crate) struct Tungstenite {
    ws: WebSocket<BlockingStream>,
    frame_len: usize,
}

impl Peer for Tungstenite {
    fn open(link: Link, frame_len: usize) -> Tungstenite {
        let ws = match link.role() {
            Role::Client => tungstenite::client("ws://localhost/", link.blocking()).unwrap().0,
            Role::Server => tungstenite::accept(link.blocking()).unwrap(),
        };
        Tungstenite { ws, frame_len }
    }
}

impl Endpoint for Tungstenite {
    fn send(&mut self, message: &Data) -> usize {
        let (opcode, whole) = match message {
            Data::Text(text) => (DataOpcode::Text, Message::text(text)),
            Data::Binary(data) => (DataOpcode::Binary, Message::binary(data.clone())),
        };
        if message.bytes().len() <= self.frame_len {
            self.ws.send(whole).unwrap();
            return 0;
        }
        for (is_first, is_last, payload) in endpoint::frames(message.bytes(), self.frame_len) {
            let opcode = if is_first { opcode } else { DataOpcode::Continue };
            let frame = Frame::message(payload.to_vec(), OpCode::Data(opcode), is_last);
            self.ws.write(Message::Frame(frame)).unwrap();
            if is_first {
                self.ping(BETWEEN);
            }
        }
        self.ws.flush().unwrap();
        1
    }

    fn ping(&mut self, payload: &[u8]) {
        self.ws.send(Message::Ping(payload.to_vec().into())).unwrap();
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.ws.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).unwrap();
    }

    fn receive(&mut self) -> Seen {
        loop {
            return match self.ws.read() {
                Ok(Message::Text(text)) => Seen::Data(Data::Text(text.to_string())),
                Ok(Message::Binary(data)) => Seen::Data(Data::Binary(data.to_vec())),
                Ok(Message::Ping(_)) => continue,
                Ok(Message::Pong(payload)) => Seen::Pong(payload.to_vec()),
                Ok(Message::Close(frame)) => Seen::Close(frame.map(|frame| frame.code.into())),
                Ok(other) => panic!("{other:?}"),
                Err(tungstenite::Error::ConnectionClosed) => Seen::End(None),
                Err(error) => panic!("{error}"),
            };
        }
    }
}

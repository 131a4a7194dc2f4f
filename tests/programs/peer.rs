//! The other end of a program: a blocking socket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use sansock::Input;
use sansock::handshake::server::ServerHandshake;

use crate::program::PATIENCE;
use crate::support::{Frame, frames};

/// Returns a listening socket and its address.
pub(crate) fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Returns an address at which nothing listens.
pub(crate) fn nowhere() -> String {
    listen().1
}

/// Reads a head, up to its empty line.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Accepts the next connection.
pub(crate) fn accept_tcp(listener: &TcpListener) -> TcpStream {
    let (sender, receiver) = channel();
    let listener = listener.try_clone().unwrap();
    // On its own thread, because the wait for a program that does not connect must end.
    thread::spawn(move || sender.send(listener.accept()));
    let (stream, _) = receiver.recv_timeout(PATIENCE).expect("a connection").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Accepts a connection and performs the opening handshake.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let mut stream = accept_tcp(listener);
    let request = head(&mut stream);
    let mut request = request.into_bytes();
    let request = ServerHandshake::default().receive(&mut Input::new(&mut request)).unwrap();
    stream.write_all(&request.unwrap().upgrade().unwrap().accept().0).unwrap();
    stream
}

/// Reads the next frame of a client, which is a short one.
pub(crate) fn frame(stream: &mut TcpStream) -> Frame {
    let mut frame = vec![0; 2];
    stream.read_exact(&mut frame).unwrap();
    let len = usize::from(frame[1] & 0x7F);
    assert!(len <= 125, "a short frame");
    frame.resize(2 + 4 + len, 0);
    stream.read_exact(&mut frame[2..]).unwrap();
    frames(&frame).pop().unwrap()
}

/// Reads until the end of the transport.
pub(crate) fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest
}

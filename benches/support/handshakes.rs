//! Opening handshakes in memory, read in pieces.
#![allow(clippy::panic, reason = "and so does a benchmark")]

use std::hint::black_box;

use sansock::Input;
use sansock::handshake::client::{ClientHandshake, Outcome};
use sansock::handshake::server::ServerHandshake;

/// Receives a request in reads of `read` bytes. Returns the bytes of the response.
pub fn serve(mut opening: ServerHandshake, request: &[u8], read: usize) -> Vec<u8> {
    let mut head = black_box(request).to_vec();
    for piece in head.chunks_mut(read) {
        let request = opening.receive(&mut Input::new(piece)).expect("a request by the rules");
        if let Some(request) = request {
            return request.upgrade().expect("an opening handshake").accept().0;
        }
    }
    panic!("the request is whole")
}

/// Receives a response in reads of `read` bytes. Returns the outcome.
pub fn check(mut opening: ClientHandshake, response: &[u8], read: usize) -> Outcome {
    let mut head = black_box(response).to_vec();
    for piece in head.chunks_mut(read) {
        let outcome = opening.receive(&mut Input::new(piece)).expect("a response by the rules");
        if let Some(outcome) = outcome {
            assert!(matches!(outcome, Outcome::Established { .. }));
            return outcome;
        }
    }
    panic!("the response is whole")
}

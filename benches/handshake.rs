//! Opening handshakes: a browser's request to a server, and a client's request and its response.
//!
//! `cargo bench --bench handshake` prints the time for a handshake, including allocations.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

mod support;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sansock::handshake::{accept_key, client, server};
use support::handshakes::{check, serve};
use support::heads::{BROWSER_REQUEST, NONCE, RESPONSE, URI};
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};

fn handshake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake");
    let answer = accept(BROWSER_REQUEST.len());
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    assert!(accept(1) == answer, "the same byte by byte");
    group.bench_function("server, whole request", |bencher| {
        bencher.iter(|| accept(BROWSER_REQUEST.len()));
    });
    assert!(tungstenite().starts_with(b"HTTP/1.1 101 "));
    group.bench_function("server, whole request, tungstenite", |bencher| bencher.iter(tungstenite));
    group.bench_function("server, request byte by byte", |bencher| bencher.iter(|| accept(1)));
    group.bench_function("accept key", |bencher| {
        bencher.iter(|| accept_key(black_box(b"dGhlIHNhbXBsZSBub25jZQ==")));
    });

    group.bench_function("client, request from a URI", |bencher| bencher.iter(|| request().0));
    for (name, read) in [("whole", RESPONSE.len()), ("byte by byte", 1)] {
        group.bench_function(format!("client, response {name}"), |bencher| {
            bencher.iter_batched(
                || request().1,
                |opening| check(opening, RESPONSE, read),
                BatchSize::SmallInput,
            );
        });
    }
}

/// Receives the request in reads of `read` bytes. Returns the bytes of the response.
fn accept(read: usize) -> Vec<u8> {
    serve(server::ServerHandshake::default(), BROWSER_REQUEST, read)
}

/// Does the same with tungstenite's parser and response.
fn tungstenite() -> Vec<u8> {
    let head = black_box(BROWSER_REQUEST).to_vec();
    let parsed = Request::try_parse(&head).expect("a request by the rules");
    let (_, request) = parsed.expect("a whole request");
    let response = create_response(&request).expect("an opening handshake");
    let mut bytes = Vec::new();
    write_response(&mut bytes, &response).expect("a vector takes all");
    bytes
}

fn request() -> (Vec<u8>, client::ClientHandshake) {
    client::Request::new(black_box(URI)).expect("a URI").start(black_box(NONCE))
}

criterion_group!(name = benches; config = support::criterion(); targets = handshake);
criterion_main!(benches);

//! Every input is read in every way: whole, byte by byte, at every split, with trailing bytes.

use std::fmt::Debug;

use sansock::Input;
use sansock::handshake::{HeadError, client, server};

/// The number of bytes that one call took, and its result, in either role.
pub(crate) type Received<T, E> = Result<(usize, Option<T>), E>;

/// Returns what a server reads from `input`, and how many bytes it took.
pub(crate) fn server(input: &[u8]) -> Received<server::RequestHead, server::Refusal> {
    let over = server::Refusal::Head(HeadError::Over);
    every_way(input, server::ServerHandshake::default, server_takes, over)
}

/// Returns what a client with `request` reads from `input`, and how many bytes it took.
pub(crate) fn client(
    request: &client::Request,
    input: &[u8],
) -> Received<client::Outcome, client::InvalidResponse> {
    let start = || request.start(*b"the sample nonce").1;
    every_way(input, start, client_takes, client::InvalidResponse::Head(HeadError::Over))
}

/// Returns what one call reads from these bytes, and how many of them it took.
pub(crate) fn server_takes(
    handshake: &mut server::ServerHandshake,
    bytes: &[u8],
) -> Received<server::RequestHead, server::Refusal> {
    taken(bytes, |input| handshake.receive(input))
}

pub(crate) fn client_takes(
    handshake: &mut client::ClientHandshake,
    bytes: &[u8],
) -> Received<client::Outcome, client::InvalidResponse> {
    taken(bytes, |input| handshake.receive(input))
}

fn taken<T, E>(
    bytes: &[u8],
    receive: impl FnOnce(&mut Input<'_>) -> Result<Option<T>, E>,
) -> Received<T, E> {
    let mut buffer = bytes.to_vec();
    let mut input = Input::new(&mut buffer);
    let received = receive(&mut input)?;
    let taken = bytes.len() - input.len();
    assert_eq!(input.as_bytes(), &bytes[taken..], "what follows is left as it is");
    Ok((taken, received))
}

fn every_way<S, T, E>(
    input: &[u8],
    start: impl Fn() -> S,
    receive: impl Fn(&mut S, &[u8]) -> Received<T, E>,
    over: E,
) -> Received<T, E>
where
    T: Debug + PartialEq,
    E: Debug + PartialEq,
{
    let run = |chunks: &[&[u8]]| in_chunks(&mut start(), chunks, &receive, &over);
    let whole = run(&[input]);
    for split in 0..=input.len() {
        let (before, after) = input.split_at(split);
        assert_eq!(run(&[before, after]), whole, "split at {split}");
        assert_eq!(run(&[before, b"", after]), whole, "split at {split}");
    }
    assert_eq!(run(&input.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    if !matches!(whole, Ok((_, None))) {
        for trailing in [&b"\x81\x85"[..], b"\r\n", b"GET / HTTP/1.1\r\n\r\n", input] {
            assert_eq!(run(&[&[input, trailing].concat()]), whole, "with trailing bytes");
        }
    }
    whole
}

/// Passes `chunks` to the handshake until there is a result. After that, no byte may be taken.
pub(crate) fn in_chunks<S, T, E: Debug + PartialEq>(
    handshake: &mut S,
    chunks: &[&[u8]],
    receive: impl Fn(&mut S, &[u8]) -> Received<T, E>,
    over: &E,
) -> Received<T, E> {
    let mut total = 0;
    for chunk in chunks {
        let result = receive(handshake, chunk);
        if let Ok((taken, None)) = result {
            assert_eq!(taken, chunk.len(), "while more is needed, all is taken");
            total += taken;
            continue;
        }
        for later in [&b""[..], b"x", b"GET / HTTP/1.1\r\n\r\n"] {
            assert_eq!(receive(handshake, later).err().as_ref(), Some(over));
        }
        return result.map(|(taken, value)| (total + taken, value));
    }
    Ok((total, None))
}

//! An endpoint beside its naive twin: a handshake, and then a connection, driven by hand.

use bytes::Buf;
use proptest::prelude::*;
use sansock::endpoint::Error;
use sansock::handshake::server::ServerHandshake;
use sansock::{Config, Connection, Input, Role, TransportAction};

use super::{REQUEST, Told, run, server, written};
use crate::support::frame_for;

/// The naive twin: a handshake, and then a connection, driven by hand.
fn by_hand(reads: &[&[u8]]) -> (Vec<Told>, Vec<u8>, TransportAction) {
    let (mut all, mut output) = (Vec::new(), Vec::new());
    let mut handshake = Some(ServerHandshake::default());
    let mut ws: Option<Connection> = None;
    let mut action = TransportAction::Continue;
    for read in reads {
        let mut read = read.to_vec();
        let mut input = Input::new(&mut read);
        if let Some(opening) = &mut handshake {
            let accepted = match opening.receive(&mut input) {
                Ok(None) => continue,
                Ok(Some(request)) => {
                    all.push(Told::Request(request.target().into()));
                    request.upgrade().map(|upgrade| upgrade.select_subprotocol(&["chat"]).accept())
                }
                Err(refusal) => {
                    all.push(Told::Failed(Error::Refused(Box::new(refusal))));
                    Err(refusal)
                }
            };
            handshake = None;
            match accepted {
                Ok((response, negotiated)) => {
                    output.extend(response);
                    let config = Config::server();
                    ws = Some(Connection::from_negotiated(config, &negotiated).unwrap());
                }
                Err(refusal) => {
                    output.extend(refusal.response().encode());
                    action = TransportAction::ShutdownWrite;
                }
            }
        }
        let Some(ws) = &mut ws else { continue };
        loop {
            match ws.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => all.push(Told::Connection(event.into())),
                Err(error) => all.push(Told::Connection(error.into())),
            }
        }
        let len = ws.output_len();
        output.extend(ws.output().copy_to_bytes(len));
        action = ws.transport_action();
    }
    (all, output, action)
}

proptest! {
    #[test]
    fn an_endpoint_says_what_its_parts_say(
        mutation in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        messages in prop::collection::vec((0x80u8..0x8B, prop::collection::vec(any::<u8>(), 0..20)), 0..6),
        cuts in prop::collection::vec(1usize..90, 1..20),
    ) {
        let mut stream = REQUEST.as_bytes().to_vec();
        for (first, payload) in &messages {
            stream.extend(frame_for(Role::Server, *first, payload));
        }
        if let Some((index, byte)) = mutation {
            let index = index.index(stream.len());
            stream[index] = byte;
        }
        let mut reads = Vec::new();
        let (mut rest, mut cuts) = (&stream[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let (read, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            reads.push(read);
            rest = after;
        }
        let (all, mut endpoint) = run(server(), &reads);
        let (expected, output, action) = by_hand(&reads);
        prop_assert_eq!(all, expected);
        prop_assert_eq!(written(&mut endpoint), output);
        prop_assert_eq!(endpoint.transport_action(), action);
    }
}

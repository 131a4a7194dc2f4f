//! Any messages, in any fragments, over any reads, arrive once and in order, in both directions.

use crate::support::{Seen, connection, receive};
use bytes::Buf;
use proptest::collection::vec;
use proptest::prelude::*;
use sansock::connection::State;
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{CloseCode, CloseStatus, Connection, Message, Opcode, Role, TransportAction};

/// What an application sends.
#[derive(Clone, Debug)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
    /// A large message, passed by value.
    Owned(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

impl Sent {
    fn by(&self, ws: &mut Connection) {
        match self {
            Sent::Text(text) => ws.send_text(text).unwrap(),
            Sent::Binary(data) => ws.send_binary(data).unwrap(),
            Sent::Owned(data) => ws.send(Message::from(data.clone())).unwrap(),
            Sent::Ping(data) => ws.ping(data).unwrap(),
            Sent::Pong(data) => ws.pong(data).unwrap(),
        }
    }

    fn seen(&self) -> Seen {
        match self.clone() {
            Sent::Text(text) => Seen::Text(text),
            Sent::Binary(data) | Sent::Owned(data) => Seen::Binary(data),
            Sent::Ping(data) => Seen::Ping(data),
            Sent::Pong(data) => Seen::Pong(data),
        }
    }
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        ".{0,80}".prop_map(Sent::Text),
        vec(any::<u8>(), 0..300).prop_map(Sent::Binary),
        (4000usize..70_000, any::<u8>()).prop_map(|(len, byte)| Sent::Owned(vec![byte; len])),
        vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Sent::Pong),
    ]
}

/// Moves all output of one end to the other, in reads of the given sizes, repeated.
fn carry(from: &mut Connection, to: &mut Connection, sizes: &[usize]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for size in sizes.iter().cycle() {
        let output = from.output();
        if !output.has_remaining() {
            return seen;
        }
        // A write takes only from the first chunk, as much as it likes.
        let piece = output.chunk()[..(*size).min(output.chunk().len())].to_vec();
        output.advance(piece.len());
        seen.extend(receive(to, &[&piece]));
    }
    seen
}

/// Pongs may be replaced by later ones. All other frames must arrive.
fn without_pongs(seen: Vec<Seen>) -> Vec<Seen> {
    seen.into_iter().filter(|seen| !matches!(seen, Seen::Pong(_))).collect()
}

proptest! {
    #[test]
    fn messages_arrive_once_and_in_order_both_ways(
        there in vec(sent(), 0..8),
        back in vec(sent(), 0..8),
        sizes in vec(1usize..9000, 1..6),
    ) {
        let (mut client, mut server) = (connection(Role::Client), connection(Role::Server));
        there.iter().for_each(|sent| sent.by(&mut client));
        let expected: Vec<Seen> = there.iter().map(Sent::seen).collect();
        prop_assert_eq!(carry(&mut client, &mut server, &sizes), expected);

        back.iter().for_each(|sent| sent.by(&mut server));
        let expected: Vec<Seen> = back.iter().map(Sent::seen).collect();
        let answers = carry(&mut server, &mut client, &sizes);
        prop_assert_eq!(without_pongs(answers), without_pongs(expected));

        client.close(CloseCode::NORMAL, "done").unwrap();
        let close = Seen::Close(Some(1000), "done".into());
        let last = carry(&mut client, &mut server, &sizes);
        prop_assert_eq!(without_pongs(last), [close]);
        let close = Seen::Close(Some(1000), "done".into());
        prop_assert_eq!(without_pongs(carry(&mut server, &mut client, &sizes)), [close]);
        prop_assert_eq!((client.state(), server.state()), (State::CloseExchanged, State::CloseExchanged));
        prop_assert_eq!(client.transport_action(), TransportAction::AwaitEof);
        prop_assert_eq!(server.transport_action(), TransportAction::ShutdownWrite);
        prop_assert_eq!(client.receive_eof(), CloseStatus::Code(CloseCode::NORMAL));
    }

    #[test]
    fn fragments_arrive_as_their_message(
        messages in vec((vec(".{0,20}", 1..6), any::<bool>()), 0..6),
        pings in vec(vec(any::<u8>(), 0..=125), 0..6),
        keys in vec(any::<[u8; 4]>(), 1..5),
        sizes in vec(1usize..200, 1..6),
        client in any::<bool>(),
    ) {
        let role = if client { Role::Client } else { Role::Server };
        let mut keys = keys.iter().copied().cycle();
        let mut pings = pings.into_iter();
        let mut encoder = Encoder::new(role.peer());
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        let mut encode = |fin, opcode, payload: &[u8]| {
            let mask_key = role.peer().masks().then(|| keys.next().unwrap());
            let (rsv, payload_len) = (Rsv::NONE, payload.len() as u64);
            let header = Header { fin, rsv, opcode, mask_key, payload_len };
            stream.extend_from_slice(&encoder.header(header).unwrap());
            let mut payload = payload.to_vec();
            encoder.payload(&mut payload).unwrap();
            stream.extend(payload);
        };
        for (fragments, is_text) in &messages {
            let last = fragments.len() - 1;
            for (i, fragment) in fragments.iter().enumerate() {
                if let Some(ping) = pings.next() {
                    encode(true, Opcode::Ping, &ping);
                    expected.push(Seen::Ping(ping));
                }
                let opcode = match (i, is_text) {
                    (0, true) => Opcode::Text,
                    (0, false) => Opcode::Binary,
                    _ => Opcode::Continuation,
                };
                encode(i == last, opcode, fragment.as_bytes());
            }
            let message = fragments.concat();
            expected.push(match is_text {
                true => Seen::Text(message),
                false => Seen::Binary(message.into_bytes()),
            });
        }
        let mut rest = &stream[..];
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(receive(&mut connection(role), &pieces), expected);
    }
}

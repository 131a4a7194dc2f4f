//! What one end sends is what the other end receives, whatever was agreed on, sent and released.

use super::{DELIVERIES, agreed, deflating};
use crate::support::{Seen, drain, receive, receive_buffered, receive_from_bytes_mut};
use proptest::prelude::*;
use sansock::deflate::{Deflate, DeflateParams, WindowBits};
use sansock::message::PreparedMessage;
use sansock::{Connection, Role};

/// What a program does with a connection.
#[derive(Clone, Debug)]
enum Act {
    Send(Vec<u8>),
    SendOwned(Vec<u8>),
    SendText(String),
    SendPrepared(Vec<u8>),
    OutputWith(Vec<u8>),
    Fragments(Vec<Vec<u8>>),
    SetCompression(bool),
    Ping,
    Idle,
    Block,
    Rebuild,
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::collection::vec(
        prop::sample::select(&["price", "101.25", "{\"a\":", "é"][..]),
        0..80,
    );
    prop_oneof![
        4 => words.prop_map(|words| words.concat().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..600),
        1 => (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| vec![byte; len]),
        1 => (any::<u32>(), 0..70_000_usize).prop_map(|(seed, len)| {
            (0..len as u32).map(|i| (i.wrapping_mul(seed | 1) >> 11) as u8).collect()
        }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => content().prop_map(Act::Send),
        2 => content().prop_map(Act::SendOwned),
        2 => "[a-zé€🦀]{0,200}".prop_map(Act::SendText),
        2 => content().prop_map(Act::SendPrepared),
        1 => content().prop_map(Act::OutputWith),
        2 => prop::collection::vec(content(), 1..5).prop_map(Act::Fragments),
        1 => any::<bool>().prop_map(Act::SetCompression),
        1 => Just(Act::Ping),
        1 => Just(Act::Idle),
        1 => Just(Act::Block),
        1 => Just(Act::Rebuild),
    ]
}

fn params() -> impl Strategy<Value = DeflateParams> {
    let bits = || prop::option::of(8_u8..=15);
    (any::<bool>(), any::<bool>(), bits(), bits()).prop_map(
        |(server, client, server_bits, client_bits)| {
            let mut params = DeflateParams::default();
            params.server_no_context_takeover = server;
            params.client_no_context_takeover = client;
            params.server_max_window_bits = server_bits.and_then(WindowBits::new);
            params.client_max_window_bits = client_bits.and_then(WindowBits::new);
            params
        },
    )
}

/// Does `act`, and returns what the peer should see.
fn perform(ws: &mut Connection, act: Act) -> Option<Seen> {
    match act {
        Act::Send(data) => {
            ws.send_binary(&data).unwrap();
            Some(Seen::Binary(data))
        }
        Act::SendOwned(data) => {
            ws.send(data.clone()).unwrap();
            Some(Seen::Binary(data))
        }
        Act::SendText(text) => {
            ws.send_text(&text).unwrap();
            Some(Seen::Text(text))
        }
        Act::SendPrepared(data) => {
            ws.send_prepared(&PreparedMessage::new(data.clone())).unwrap();
            Some(Seen::Binary(data))
        }
        Act::OutputWith(data) => {
            drop(ws.output_with_binary(&data).unwrap());
            Some(Seen::Binary(data))
        }
        Act::Fragments(pieces) => {
            let (last, before) = pieces.split_last().unwrap();
            let mut writer = ws.start_binary().unwrap();
            for piece in before {
                writer.fragment(piece).unwrap();
            }
            writer.finish(last).unwrap();
            Some(Seen::Binary(pieces.concat()))
        }
        Act::Ping => {
            ws.ping(b"p").unwrap();
            Some(Seen::Ping(b"p".to_vec()))
        }
        Act::SetCompression(is_on) => {
            ws.set_compression(is_on);
            None
        }
        Act::Idle => {
            ws.shrink_to_fit();
            None
        }
        Act::Block => {
            ws.release_buffers();
            None
        }
        Act::Rebuild => {
            let mut rebuilt = Connection::new(deflating(ws.config().role()));
            core::mem::swap(&mut rebuilt, ws);
            *ws = Connection::from_parts(rebuilt.into_parts()).unwrap();
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_sent_is_what_is_received(
        acts in prop::collection::vec(act(), 1..20),
        params in params(),
        is_server: bool,
        (level, memory_level, fragment_size) in (0_u8..11, 0_u8..11, prop::option::of(1..3000_usize)),
        delivery in prop::sample::select(&DELIVERIES[..]),
        way in 0..3,
        read in prop_oneof![Just(1_usize), 2..100_usize, 1000..5000_usize, Just(usize::MAX)],
    ) {
        let (role, peer_role) =
            if is_server { (Role::Server, Role::Client) } else { (Role::Client, Role::Server) };
        let mut config = deflating(role);
        config.max_output = None;
        config.fragment_size = fragment_size.and_then(core::num::NonZeroUsize::new);
        let mut settings = Deflate::default();
        (settings.level, settings.memory_level) = (level, memory_level);
        (settings.min_len, settings.min_len_without_takeover) = (0, 0);
        config.deflate = Some(settings);
        let mut ws = agreed(&config, params);
        let mut peer_config = deflating(peer_role);
        peer_config.delivery = delivery;
        peer_config.limits.fragments = u32::MAX;
        let mut peer = agreed(&peer_config, params);

        for act in acts {
            let rebuild = matches!(act, Act::Rebuild);
            let expected: Vec<Seen> = perform(&mut ws, act).into_iter().collect();
            let bytes = drain(&mut ws);
            let pieces: Vec<&[u8]> = bytes.chunks(read).collect();
            let seen = match way {
                0 => receive(&mut peer, &pieces),
                1 => receive_from_bytes_mut(&mut peer, &pieces),
                _ => receive_buffered(&mut peer, 1 << 10, &pieces),
            };
            prop_assert!(seen == expected);
            drain(&mut peer);
            if rebuild {
                peer.shrink_to_fit();
                peer = Connection::from_parts(peer.into_parts()).unwrap();
            }
        }
    }
}

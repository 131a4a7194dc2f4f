//! Compressed messages that are sent, RFC 7692 §6.1 and §7.2.1.

use super::{agreed, deflating, no_takeover, takeover, windows};
use crate::support::{Frame, ROLES, Seen, drain, frames, receive};
use bytes::Buf;
use sansock::message::PreparedMessage;
use sansock::{Config, Connection, Role, SendError};

/// RSV1 in the first byte of a frame.
const RSV1: u8 = 0x40;

/// A text of the kind that servers send.
fn order(number: usize) -> String {
    format!(
        "{{\"type\":\"order\",\"id\":{number},\"side\":\"buy\",\"price\":\"101.25\",\"quantity\":{}}}",
        number * 7
    )
}

/// Returns the other end of a connection of this role.
fn peer_of(role: Role) -> Role {
    match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    }
}

fn random(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

/// What a connection sends, in frames, and what its peer sees in it.
fn sent(ws: &mut Connection, peer: &mut Connection) -> (Vec<Frame>, Vec<Seen>) {
    let bytes = drain(ws);
    (frames(&bytes), receive(peer, &[&bytes]))
}

#[test]
fn a_message_with_takeover_is_the_shorter_the_more_it_repeats() {
    for role in ROLES {
        let mut ws = agreed(&deflating(role), takeover());
        let mut peer = agreed(&deflating(peer_of(role)), takeover());
        let mut lens = Vec::new();
        for number in 0..3 {
            ws.send_text(&order(number)).unwrap();
            let (frames, seen) = sent(&mut ws, &mut peer);
            assert_eq!(seen, [Seen::Text(order(number))]);
            assert_eq!((frames.len(), frames[0].first), (1, 0xC1));
            lens.push(frames[0].payload.len());
        }
        assert!(lens[1] < lens[0] / 2 && lens[2] < lens[0] / 2, "{lens:?}");
    }
}

#[test]
fn a_message_without_takeover_is_as_long_each_time() {
    for role in ROLES {
        let mut config = deflating(role);
        config.deflate.as_mut().unwrap().min_len_without_takeover = 0;
        let mut ws = agreed(&config, no_takeover());
        let mut peer = agreed(&deflating(peer_of(role)), no_takeover());
        let mut all = Vec::new();
        for _ in 0..3 {
            ws.send_text(&order(1)).unwrap();
            let (frames, seen) = sent(&mut ws, &mut peer);
            assert_eq!(seen, [Seen::Text(order(1))]);
            all.push((frames[0].first, frames[0].payload.clone()));
        }
        assert!(all[0].1.len() < order(1).len());
        assert_eq!([&all[1], &all[2]], [&all[0], &all[0]]);
    }
}

/// RFC 7692 §7.2.1 leaves it to the sender what it refers to.
#[test]
fn a_connection_that_was_idle_starts_afresh() {
    for role in ROLES {
        let mut ws = agreed(&deflating(role), takeover());
        let mut peer = agreed(&deflating(peer_of(role)), takeover());
        let idle = ws.memory_usage();
        assert!(idle <= 256, "{idle}");
        let mut first = None;
        for _ in 0..3 {
            ws.send_text(&order(1)).unwrap();
            let (frames, seen) = sent(&mut ws, &mut peer);
            assert_eq!(seen, [Seen::Text(order(1))]);
            let first = first.get_or_insert_with(|| frames[0].payload.clone());
            assert_eq!(*first, frames[0].payload);
            // A read that would block is no reason to forget.
            ws.release_buffers();
            assert!(ws.memory_usage() > 100_000);
            ws.shrink_to_fit();
            assert_eq!(ws.memory_usage(), idle);
        }
    }
}

/// Pings keep no compressor.
#[test]
fn timers_give_a_compressor_back_that_is_not_used() {
    use core::time::Duration;
    use sansock::timer::{Timeouts, Timers};

    let mut ws = agreed(&deflating(Role::Server), takeover());
    let mut timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
    let mut now = Duration::ZERO;
    let mut turn = |ws: &mut Connection, seconds| {
        drain(ws);
        receive(ws, &[&crate::support::frame_for(Role::Server, 0x89, b"")]);
        drain(ws);
        now += Duration::from_secs(seconds);
        timers.poll(ws, now).unwrap();
        ws.release_buffers();
        ws.memory_usage() > 100_000
    };
    for _ in 0..3 {
        for _ in 0..5 {
            ws.send_text(&order(1)).unwrap();
            assert!(turn(&mut ws, 4));
        }
        assert!(turn(&mut ws, 5));
        assert!(!turn(&mut ws, 1));
    }
}

#[test]
fn short_messages_are_not_compressed() {
    for (params, least) in [(takeover(), 32), (no_takeover(), 256)] {
        let mut ws = agreed(&deflating(Role::Server), params);
        for (len, first) in [(least - 1, 0x82), (least, 0xC2)] {
            ws.send_binary(&vec![b'x'; len]).unwrap();
            assert_eq!(frames(&drain(&mut ws))[0].first, first, "{len}");
            ws.send(vec![b'x'; len]).unwrap();
            assert_eq!(frames(&drain(&mut ws))[0].first, first, "{len}");
            ws.send_prepared(&PreparedMessage::new(vec![b'x'; len])).unwrap();
            assert_eq!(frames(&drain(&mut ws))[0].first, first, "{len}");
            drop(ws.output_with_binary(&vec![b'x'; len]).unwrap());
            assert_eq!(frames(&drain(&mut ws))[0].first, first, "{len}");
        }
    }
}

#[test]
fn compression_is_switched_off_and_on() {
    for role in ROLES {
        let mut ws = agreed(&deflating(role), takeover());
        let mut peer = agreed(&deflating(peer_of(role)), takeover());
        for is_on in [true, false, true, false, false, true] {
            ws.set_compression(is_on);
            assert_eq!(ws.is_compressing(), is_on);
            ws.send_text(&order(1)).unwrap();
            let (frames, seen) = sent(&mut ws, &mut peer);
            assert_eq!(frames[0].first & RSV1 != 0, is_on);
            assert_eq!(seen, [Seen::Text(order(1))]);
        }
        // What is not compressed is not copied.
        ws.set_compression(false);
        let message = [7; 10_000];
        let output = ws.output_with_binary(&message).unwrap();
        let mut slices = [std::io::IoSlice::new(&[]); 3];
        let filled = output.chunks_vectored(&mut slices);
        let is_borrowed = slices[..filled].iter().any(|slice| slice.as_ptr() == message.as_ptr());
        assert_eq!(is_borrowed, role == Role::Server);
    }
}

#[test]
fn without_an_agreement_nothing_is_compressed() {
    for role in ROLES {
        let mut ws = Connection::new(deflating(role));
        ws.set_compression(true);
        assert!(!ws.is_compressing());
        ws.send_text(&order(1)).unwrap();
        assert_eq!(frames(&drain(&mut ws))[0].payload, order(1).as_bytes());
    }
}

/// The backend has no window of 8 bits, and a peer that names it keeps no more.
#[test]
fn a_window_of_8_bits_is_sent_plain() {
    for role in ROLES {
        let mut ws = agreed(&deflating(role), windows(8));
        assert!(!ws.is_compressing());
        ws.send_text(&order(1)).unwrap();
        ws.start_text().unwrap().finish(order(2).as_bytes()).unwrap();
        ws.send_prepared(&PreparedMessage::new(order(3))).unwrap();
        let firsts: Vec<u8> = frames(&drain(&mut ws)).iter().map(|frame| frame.first).collect();
        assert_eq!(firsts, [0x81; 3]);
    }
}

#[test]
fn no_message_refers_further_back_than_the_window() {
    for bits in 9..=15 {
        for role in ROLES {
            let mut ws = agreed(&deflating(role), windows(bits));
            let mut peer = agreed(&deflating(peer_of(role)), windows(bits));
            for round in 0..40 {
                // Text that repeats after 600, 1200, 2400 … bytes.
                let mut message = random(600 << (round % 7));
                message.extend_from_within(..);
                ws.send_binary(&message).unwrap();
                let (_, seen) = sent(&mut ws, &mut peer);
                assert_eq!(seen, [Seen::Binary(message)]);
            }
        }
    }
}

#[test]
fn a_compressed_message_is_cut_into_frames_after_it_was_compressed() {
    for role in ROLES {
        let mut config = deflating(role);
        config.fragment_size = core::num::NonZeroUsize::new(50);
        let mut ws = agreed(&config, takeover());
        let mut peer = agreed(&deflating(peer_of(role)), takeover());
        let text: String = (0..100).map(order).collect();
        for way in 0..3 {
            match way {
                0 => ws.send_text(&text).unwrap(),
                1 => ws.send(text.clone()).unwrap(),
                _ => drop(ws.output_with_text(&text).unwrap()),
            }
            let (frames, seen) = sent(&mut ws, &mut peer);
            assert_eq!(seen, [Seen::Text(text.clone())]);
            assert!(frames.len() > 1 && frames.len() < text.len() / 100);
            assert_eq!(frames[0].first, 0x41);
            assert!(frames[1..].iter().all(|frame| frame.first & 0x7F == 0));
            assert!(frames.iter().all(|frame| frame.payload.len() <= 50));
        }
    }
}

#[test]
fn a_message_is_compressed_in_fragments() {
    for params in [takeover(), no_takeover(), windows(9)] {
        for role in ROLES {
            let mut ws = agreed(&deflating(role), params);
            let mut peer = agreed(&deflating(peer_of(role)), params);
            for pieces in [&["", ""][..], &["a"], &["", "é", ""], &["one ", "one ", "one", "one"]]
            {
                for _ in 0..3 {
                    let (last, before) = pieces.split_last().unwrap();
                    let mut writer = ws.start_text().unwrap();
                    for piece in before {
                        writer.fragment(piece.as_bytes()).unwrap();
                    }
                    writer.finish(last.as_bytes()).unwrap();
                    let (frames, seen) = sent(&mut ws, &mut peer);
                    assert_eq!(seen, [Seen::Text(pieces.concat())]);
                    assert_eq!(frames.len(), pieces.len());
                    assert_eq!(frames[0].first & 0x7F, 0x41);
                    assert!(frames[1..].iter().all(|frame| frame.first & RSV1 == 0));
                }
            }
        }
    }
}

/// Each fragment can be inflated when it has arrived, and pings go between them.
#[test]
fn a_fragment_is_complete_when_it_is_sent() {
    for params in [takeover(), no_takeover()] {
        let mut server = agreed(&deflating(Role::Server), params);
        let mut config = deflating(Role::Client);
        config.delivery = sansock::connection::Delivery::Streaming;
        let mut client = agreed(&config, params);
        drop(server.start_text().unwrap());
        for number in 0..10 {
            server.open_message().unwrap().fragment(order(number).as_bytes()).unwrap();
            server.ping(b"").unwrap();
            // Idle, in the middle of a message.
            server.shrink_to_fit();
            let mut bytes = drain(&mut server);
            let mut input = sansock::Input::new(&mut bytes);
            let mut text = String::new();
            while let Some(event) = client.receive(&mut input).unwrap() {
                if let sansock::Event::TextChunk { text: chunk, last } = event {
                    assert!(!last);
                    text.push_str(&chunk);
                }
            }
            assert_eq!(text, order(number));
        }
    }
}

#[test]
fn a_text_in_fragments_must_be_utf8() {
    let mut ws = agreed(&deflating(Role::Server), takeover());
    let mut peer = agreed(&deflating(Role::Client), takeover());
    let mut writer = ws.start_text().unwrap();
    writer.fragment(b"a\xc3").unwrap();
    assert_eq!(writer.fragment(b"\xc3").unwrap_err(), SendError::NotUtf8);
    writer.finish(b"\xa9").unwrap();
    assert_eq!(sent(&mut ws, &mut peer).1, [Seen::Text("aé".into())]);
}

/// Random bytes do not shrink. Neither they nor their header grow by more than this.
#[test]
fn what_does_not_shrink_hardly_grows() {
    for params in [takeover(), no_takeover()] {
        for level in [1, 3, 6, 9] {
            let mut config = deflating(Role::Server);
            let settings = config.deflate.as_mut().unwrap();
            (settings.min_len, settings.min_len_without_takeover) = (0, 0);
            settings.level = level;
            let mut ws = agreed(&config, params);
            let mut peer = agreed(&deflating(Role::Client), params);
            for len in [0, 1, 2, 3, 10, 100, 1023, 1024, 5000, 65_535, 65_536, 200_000] {
                let message = random(len);
                ws.send_binary(&message).unwrap();
                ws.send_text(&order(1)).unwrap();
                let (frames, seen) = sent(&mut ws, &mut peer);
                assert_eq!(seen, [Seen::Binary(message.clone()), Seen::Text(order(1))]);
                // A stored block has at most 65 535 bytes, RFC 1951 §3.2.4.
                let most = len + 5 * len.div_ceil(65_535) + 1;
                assert!(frames[0].payload.len() <= most, "{len}: {}", frames[0].payload.len());

                let mut writer = ws.start_binary().unwrap();
                writer.fragment(&message).unwrap();
                writer.finish(&message).unwrap();
                let (frames, seen) = sent(&mut ws, &mut peer);
                assert_eq!(seen, [Seen::Binary([&message[..], &message].concat())]);
                for frame in frames {
                    assert!(frame.payload.len() <= most.max(5), "{len}: {}", frame.payload.len());
                }
            }
        }
    }
}

#[test]
fn a_prepared_message_is_compressed_once_for_each_window() {
    let news = PreparedMessage::new((0..50).map(order).collect::<String>());
    let clone = news.clone();
    let mut by_window = Vec::new();
    for bits in [9, 12, 15] {
        let mut buffers = Vec::new();
        for message in [&news, &clone] {
            let mut server = agreed(&deflating(Role::Server), windows(bits));
            server.send_prepared(message).unwrap();
            // It is queued by reference, so the buffer is the same.
            let output = server.output();
            buffers.push((output.chunk().as_ptr(), output.chunk().len()));
            let mut peer = agreed(&deflating(Role::Client), windows(bits));
            let seen = sent(&mut server, &mut peer).1;
            assert_eq!(seen, [Seen::Text(String::from_utf8(news.payload().to_vec()).unwrap())]);
        }
        assert_eq!(buffers[0], buffers[1]);
        assert!(buffers[0].1 < news.payload().len() / 2);
        by_window.push(buffers[0].0);
    }
    assert!(by_window[0] != by_window[1] && by_window[1] != by_window[2]);
}

#[test]
fn own_messages_go_between_prepared_ones() {
    let news = PreparedMessage::new(order(1));
    for params in [takeover(), no_takeover(), windows(9)] {
        for role in ROLES {
            let mut ws = agreed(&deflating(role), params);
            let mut peer = agreed(&deflating(peer_of(role)), params);
            for number in 0..5 {
                ws.send_text(&order(number)).unwrap();
                ws.send_prepared(&news).unwrap();
                ws.send_text(&order(number)).unwrap();
                let expected = [order(number), order(1), order(number)].map(Seen::Text);
                assert_eq!(sent(&mut ws, &mut peer).1, expected);
            }
        }
    }
}

/// A message that is refused leaves no trace: the peer does not know it, so nothing refers to it.
#[test]
fn a_message_that_is_refused_is_not_referred_to() {
    let mut config = deflating(Role::Server);
    config.max_output = Some(1);
    let mut ws = agreed(&config, takeover());
    let mut peer = agreed(&deflating(Role::Client), takeover());
    for number in 0..5 {
        ws.send_text(&order(0)).unwrap();
        assert_eq!(ws.send_text(&order(number)).unwrap_err(), SendError::Full);
        assert!(ws.send(order(number)).is_err());
        assert_eq!(ws.send_prepared(&PreparedMessage::new(order(9))).unwrap_err(), SendError::Full);
        assert!(ws.output_with_text(&order(number)).is_err());
        ws.start_text().unwrap().fragment(b"").unwrap_err();
        let seen = sent(&mut ws, &mut peer).1;
        assert_eq!(seen, [Seen::Text(order(0))]);
        ws.open_message().unwrap().finish(order(number).as_bytes()).unwrap();
        assert_eq!(sent(&mut ws, &mut peer).1, [Seen::Text(order(number))]);
    }
}

/// The source of mask keys is the caller's code.
#[test]
fn a_source_of_keys_that_panics_harms_no_later_message() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let is_broken = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_broken);
    let mut config = Config::client_with_mask_keys(move || {
        assert!(!flag.load(Ordering::Relaxed), "no key");
        [1, 2, 3, 4]
    });
    config.deflate = Some(sansock::deflate::Deflate::default());
    let mut ws = agreed(&config, takeover());
    let mut peer = agreed(&deflating(Role::Server), takeover());
    let news = PreparedMessage::new(order(5));
    for way in 0..4 {
        ws.send_text(&order(1)).unwrap();
        is_broken.store(true, Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| match way {
            0 => ws.send_text(&order(2)).map_err(drop),
            1 => ws.send(order(3)).map_err(drop),
            2 => ws.send_prepared(&news).map_err(drop),
            _ => ws.start_text().unwrap().finish(order(4).as_bytes()).map_err(drop),
        }));
        assert!(outcome.is_err());
        is_broken.store(false, Ordering::Relaxed);
        if let Some(message) = ws.open_message() {
            message.finish(order(4).as_bytes()).unwrap();
            assert_eq!(way, 3);
            let expected = [order(1), order(4)].map(Seen::Text);
            assert_eq!(sent(&mut ws, &mut peer).1, expected);
            continue;
        }
        ws.send_text(&order(2)).unwrap();
        assert_eq!(sent(&mut ws, &mut peer).1, [order(1), order(2)].map(Seen::Text));
    }
}

#[test]
fn after_a_close_no_compressor_is_held() {
    let mut ws = agreed(&deflating(Role::Server), takeover());
    ws.send_text(&order(1)).unwrap();
    ws.close(sansock::CloseCode::NORMAL, "").unwrap();
    drain(&mut ws);
    ws.release_buffers();
    assert!(ws.memory_usage() <= 256);
}

#[test]
fn the_parts_of_a_connection_have_its_history() {
    for role in ROLES {
        let mut ws = agreed(&deflating(role), takeover());
        let mut peer = agreed(&deflating(peer_of(role)), takeover());
        let mut lens = Vec::new();
        for number in 0..4 {
            ws.send_text(&order(number)).unwrap();
            let bytes = drain(&mut ws);
            lens.push(bytes.len());
            let (left, right) = bytes.split_at(bytes.len() / 2);
            assert_eq!(receive(&mut peer, &[left]), []);
            peer = Connection::from_parts(peer.into_parts()).unwrap();
            assert_eq!(receive(&mut peer, &[right]), [Seen::Text(order(number))]);
            ws = Connection::from_parts(ws.into_parts()).unwrap();
            peer = Connection::from_parts(peer.into_parts()).unwrap();
        }
        assert!(lens[1] < lens[0] * 3 / 4 && lens[3] < lens[0] * 3 / 4, "{lens:?}");

        let mut parts = ws.into_parts();
        parts.config = crate::support::config(role).into();
        assert!(Connection::from_parts(parts).is_err());
    }
}

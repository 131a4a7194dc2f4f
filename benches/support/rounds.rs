//! Rounds of compressed messages through a connection, timed beside other code.

use std::hint::black_box;

use sansock::bytes::Buf;
use sansock::deflate::{Deflate, DeflateParams};
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{Config, Connection, Event, Input, Message, Negotiated, Opcode, Role};

/// How often each row is timed.
pub(crate) const SAMPLES: usize = 15;

/// Times all things by `time`, one after the other, many times. Returns the nanoseconds of each, in
/// order.
pub(crate) fn interleaved<const N: usize>(
    time: fn(&mut dyn FnMut()) -> f64,
    mut work: [&mut dyn FnMut(); N],
) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    for sample in 0..=SAMPLES {
        for (work, times) in work.iter_mut().zip(&mut times) {
            let nanoseconds = time(work);
            // The first one warms up.
            if sample > 0 {
                times.push(nanoseconds);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    times
}

pub(crate) fn middle(times: &[f64]) -> f64 {
    times[times.len() / 2]
}

/// Returns the distance between the second lowest and the second highest, as a part of the median.
pub(crate) fn spread(times: &[f64]) -> f64 {
    (times[times.len() - 2] - times[1]) / middle(times)
}

/// Returns a server that sends, or a client that receives, so that nothing is masked.
pub(crate) fn connection(takes_over: bool, is_server: bool) -> Connection {
    let mut config =
        if is_server { Config::server() } else { Config::client_with_mask_keys(|| [0; 4]) };
    let mut settings = Deflate::default();
    (settings.min_len, settings.min_len_without_takeover) = (0, 0);
    config.deflate = Some(settings);
    config.max_output = None;
    let mut params = DeflateParams::default();
    params.server_no_context_takeover = !takes_over;
    let negotiated = Negotiated::default().with_deflate(params);
    Connection::from_negotiated(config, &negotiated).expect("the configuration compresses")
}

/// Sends all messages, each of them to a transport that takes all. Returns how many bytes it took.
pub(crate) fn send_all(ws: &mut Connection, messages: &[Message]) -> u64 {
    for message in messages {
        send(ws, message);
        let output = ws.output();
        black_box(output.chunk());
        output.advance(output.remaining());
    }
    ws.bytes_sent()
}

fn send(ws: &mut Connection, message: &Message) {
    let sent = match message {
        Message::Text(text) => ws.send_text(text),
        Message::Binary(data) => ws.send_binary(data),
    };
    sent.expect("it is open");
}

/// Returns the frames of all payloads, as a server sends them.
pub(crate) fn frames<P: AsRef<[u8]>>(payloads: &[P], opcode: Opcode) -> Vec<u8> {
    let mut wire = Vec::new();
    for payload in payloads {
        let payload = payload.as_ref();
        let header = Header::single(opcode, payload.len() as u64, None);
        let header = Header { rsv: Rsv::RSV1, ..header };
        // Each message is one frame, so there is no order to keep.
        let header = Encoder::new(Role::Server).header(header).expect("by the rules");
        wire.extend_from_slice(&header);
        wire.extend_from_slice(payload);
    }
    wire
}

/// Receives all frames, in reads that fill `buffer`. Returns the length of all messages.
pub(crate) fn inflate_all(
    ws: &mut Connection,
    wire: &[u8],
    buffer: &mut [u8],
    spare: &mut [u8],
) -> usize {
    let mut sum = 0;
    for read in wire.chunks(buffer.len()) {
        let buffer = &mut buffer[..read.len()];
        buffer.copy_from_slice(read);
        let mut input = Input::with_spare(buffer, spare);
        while let Some(event) = ws.receive(&mut input).expect("by the rules") {
            sum += match event {
                Event::Text(text) => black_box(&text).len(),
                Event::Binary(data) => black_box(&data).len(),
                other => panic!("{other:?}"),
            };
        }
    }
    sum
}

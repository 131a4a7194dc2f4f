//! Reads from and writes to transports of the standard library, which may behave badly.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

use crate::support::{ROLES, Seen, connection, drain, frame_for, frames};
use sansock::{Connection, ReadBuffer, Role};

/// How many bytes a write takes, or its error.
type Step = Result<usize, ErrorKind>;

/// More than any test writes here.
const A_LIE: usize = 1 << 30;

/// Takes as many bytes as the script has for each write, and after that all.
struct Sink {
    script: VecDeque<Step>,
    written: Vec<u8>,
}

impl Sink {
    fn new(script: &[Step]) -> Self {
        Sink { script: script.iter().copied().collect(), written: Vec::new() }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let most = self.script.pop_front().unwrap_or(Ok(all.len()))?;
        let taken = most.min(all.len());
        self.written.extend_from_slice(&all[..taken]);
        Ok(if most == A_LIE { A_LIE } else { taken })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the first bytes and payloads of the frames that were written.
fn contents(written: &[u8]) -> Vec<(u8, Vec<u8>)> {
    frames(written).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

/// Writes until the transport has taken everything. Returns the errors before that.
fn write_out(ws: &mut Connection, sink: &mut Sink) -> Vec<ErrorKind> {
    let mut errors = Vec::new();
    while let Err(error) = ws.output().write_to(sink) {
        errors.push(error.kind());
    }
    assert!(!ws.has_output());
    errors
}

#[test]
fn what_a_transport_does_not_take_stays_in_the_output() {
    let scripts: [(&[Step], &[ErrorKind]); 5] = [
        (&[], &[]),
        (&[Ok(1), Ok(2), Ok(3)], &[]),
        (&[Err(ErrorKind::Interrupted), Ok(3), Err(ErrorKind::Interrupted)], &[]),
        (&[Ok(2), Err(ErrorKind::WouldBlock), Ok(5)], &[ErrorKind::WouldBlock]),
        (&[Ok(0), Err(ErrorKind::BrokenPipe)], &[ErrorKind::WriteZero, ErrorKind::BrokenPipe]),
    ];
    let long = vec![7; 40_000];
    let expected = [(0x81, b"Hello".to_vec()), (0x82, long.clone()), (0x89, b"".to_vec())];
    for role in ROLES {
        for (script, errors) in scripts {
            let (mut ws, mut sink) = (connection(role), Sink::new(script));
            ws.send_text("Hello").unwrap();
            ws.send(long.clone()).unwrap();
            ws.ping(b"").unwrap();
            assert_eq!(write_out(&mut ws, &mut sink), errors);
            assert!(contents(&sink.written) == expected, "{script:?}");
        }
    }
}

#[test]
fn what_a_transport_does_not_take_of_a_lent_message_is_queued() {
    for role in ROLES {
        for len in [0, 5, 16 << 10, 50_000] {
            for queued in [false, true] {
                for script in [
                    &[Ok(1), Ok(2), Ok(3)][..],
                    &[Err(ErrorKind::Interrupted), Ok(2)],
                    &[Err(ErrorKind::WouldBlock)],
                    &[Ok(3), Err(ErrorKind::WouldBlock)],
                    &[Ok(0)],
                ] {
                    let (mut ws, mut sink) = (connection(role), Sink::new(script));
                    let mut expected = Vec::new();
                    if queued {
                        ws.send_text("before").unwrap();
                        expected.push((0x81, b"before".to_vec()));
                    }
                    let data = vec![9; len];
                    let outcome = ws.output_with_binary(&data).unwrap().write_to(&mut sink);
                    assert_eq!(outcome.is_err(), ws.has_output());
                    ws.send_text("after").unwrap();
                    expected.extend([(0x82, data), (0x81, b"after".to_vec())]);
                    write_out(&mut ws, &mut sink);
                    assert!(contents(&sink.written) == expected, "{script:?} for {len} bytes");
                }
            }
        }
    }
}

#[test]
fn a_transport_that_takes_nothing_now_is_no_error_where_it_is_only_tried() {
    for role in ROLES {
        for nothing in [Ok(0), Err(ErrorKind::WouldBlock)] {
            let mut ws = connection(role);
            let mut sink = Sink::new(&[Ok(3), nothing, Err(ErrorKind::Interrupted), nothing]);
            ws.send_text("Hello").unwrap();
            let len = ws.output_len();
            assert!(!ws.output().try_write_to(&mut sink).unwrap());
            assert_eq!(ws.output_len(), len - 3);
            assert!(!ws.output_with_text("you").unwrap().try_write_to(&mut sink).unwrap());
            assert!(ws.output().try_write_to(&mut sink).unwrap());
            assert!(ws.output().try_write_to(&mut sink).unwrap(), "nothing is left");
            assert_eq!(contents(&sink.written), [(0x81, b"Hello".into()), (0x81, b"you".into())]);
        }
        let mut ws = connection(role);
        ws.send_text("Hello").unwrap();
        let error = ws.output().try_write_to(&mut Sink::new(&[Err(ErrorKind::BrokenPipe)]));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn a_transport_that_takes_more_than_there_is_is_not_trusted() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.send_text("Hello").unwrap();
        let error = ws.output().write_to(&mut Sink::new(&[Ok(A_LIE)])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert_eq!(contents(&drain(&mut ws)), [(0x81, b"Hello".to_vec())]);

        let error = ws.output_with_text("Hello").unwrap().write_to(&mut Sink::new(&[Ok(A_LIE)]));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Other);
        assert_eq!(contents(&drain(&mut ws)), [(0x81, b"Hello".to_vec())]);
    }
}

/// Reports that it read more bytes than there was room for.
struct Liar;

impl Read for Liar {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        room.fill(0x81);
        Ok(usize::MAX)
    }
}

/// Is interrupted once, and then returns a frame.
struct Interrupted(Option<ErrorKind>, Vec<u8>);

impl Read for Interrupted {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if let Some(kind) = self.0.take() {
            return Err(kind.into());
        }
        (&self.1[..]).read(room)
    }
}

#[test]
fn what_a_transport_says_of_a_read_is_not_trusted() {
    let mut input = ReadBuffer::new();
    let room = input.spare_mut().len();
    assert_eq!(input.read_from(&mut Liar).unwrap(), room);
    assert_eq!(input.len(), room);
}

#[test]
fn a_read_that_is_interrupted_is_tried_again() {
    let frame = frame_for(Role::Server, 0x81, b"Hello");
    let mut input = ReadBuffer::new();
    let mut transport = Interrupted(Some(ErrorKind::Interrupted), frame.clone());
    assert_eq!(input.read_from(&mut transport).unwrap(), frame.len());
    let event = connection(Role::Server).receive_buffered(&mut input).unwrap().map(Seen::from);
    assert_eq!(event, Some(Seen::Text("Hello".into())));

    let mut transport = Interrupted(Some(ErrorKind::ConnectionReset), frame);
    let error = input.read_from(&mut transport).unwrap_err();
    assert_eq!((error.kind(), input.len()), (ErrorKind::ConnectionReset, 0));
}

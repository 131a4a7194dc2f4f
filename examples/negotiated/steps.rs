//! The steps of a client: each does what its transport lets it do now.

use std::io::{self, ErrorKind, Read, Write};

use sansock::endpoint::Event;

use crate::client::State;
use crate::error::ConnectError;
use crate::open::Open;
use crate::session::Session;
use crate::ssl_request::{REQUEST, judge_answer};
use crate::stream::Transport;

/// Writes what is left of the request for TLS. Returns the next state, or `None` if the transport
/// takes nothing.
///
/// # Errors
///
/// Those of the transport.
pub(crate) fn ask<T: Transport>(open: &mut Open<T>, written: usize) -> io::Result<Option<State>> {
    let rest = REQUEST.get(written..).unwrap_or_default();
    match retry(|| open.stream.write(rest)) {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        Ok(len) if len < rest.len() => Ok(Some(State::SslStartup(written + len))),
        Ok(_) => Ok(Some(State::SslAnswer)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads everything that is there, so that nothing behind the answer is left for TLS or the
/// WebSocket. Returns the answer, or `None` if it has not come.
///
/// # Errors
///
/// [`ConnectError`]: there is no answer, or there is more than that.
pub(crate) fn read_answer<T: Transport>(open: &mut Open<T>) -> Result<Option<u8>, ConnectError> {
    let mut buffer = [0; 2];
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match retry(|| open.stream.read(room)) {
            Ok(0) if filled == 0 => return Err(ConnectError::NoAnswer),
            Ok(0) => break,
            Ok(len) => filled += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(judge_answer(buffer.get_mut(..filled).unwrap_or_default())?)
}

/// Continues the opening handshake. Returns `true` once it has succeeded.
///
/// Frames that have come with the response stay in the session's input.
///
/// # Errors
///
/// [`ConnectError`]: the server refuses, or its response is none.
pub(crate) fn open_websocket<T: Transport>(session: &mut Session<T>) -> Result<bool, ConnectError> {
    let Session { open, input } = session;
    open.write()?;
    loop {
        match open.endpoint.receive_buffered(input)? {
            Some(Event::Opened(_)) => return Ok(true),
            Some(Event::Refused(response)) => return Err(ConnectError::Refused(response)),
            Some(_) => continue,
            None => {}
        }
        match input.read_from(open) {
            Ok(0) => {
                if let Some(Event::Refused(response)) = open.endpoint.receive_eof()? {
                    return Err(ConnectError::Refused(response));
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Repeats what a signal has interrupted.
fn retry(mut operation: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match operation() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

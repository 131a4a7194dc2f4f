//! Waits for a client until its connection is open.

use std::io::{self, ErrorKind};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sansock::timer::Clock;

use crate::client::{Client, Progress, State};
use crate::error::ConnectError;
use crate::session::Session;

/// Polls the client until the connection is open. Its transport is then registered, with the token 0.
/// `observe` gets each state in which the client has waited.
///
/// # Errors
///
/// Why there is no connection.
pub(crate) fn open(
    poll: &mut Poll,
    mut client: Client<TcpStream>,
    clock: &Clock,
    mut observe: impl FnMut(State),
) -> Result<Session<TcpStream>, ConnectError> {
    let mut events = Events::with_capacity(8);
    let (mut registered, mut state) = (0, None);
    loop {
        let progress = client.poll(clock.now())?;
        if state.replace(client.state()) != state {
            observe(client.state());
        }
        let attempts = client.attempts();
        if let Some(transport) = client.transport().filter(|_| attempts != registered) {
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(transport, Token(0), both)?;
            registered = attempts;
        }
        if progress == Progress::Ready {
            return client.into_session().ok_or(ConnectError::Over);
        }
        wait(poll, &mut events, clock.until(client.deadline()))?;
    }
}

/// Waits for events. A signal is as good as one.
///
/// # Errors
///
/// Those of the system.
pub(crate) fn wait(
    poll: &mut Poll,
    events: &mut Events,
    at_most: Option<Duration>,
) -> io::Result<()> {
    match poll.poll(events, at_most) {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        outcome => outcome,
    }
}

//! A client whose transport moves a byte at a time, polled again and again.

use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use sansock::Event;

use crate::client::{Client, Progress, State};
use crate::dribble::Dribble;
use crate::mode::Mode;
use crate::peer::TlsPolicy;
use crate::running::{Running, Tls};
use crate::session::Session;
use crate::time_limit::within_a_minute;

#[test]
fn a_client_moves_on_by_polls_alone_and_never_back() {
    within_a_minute(|| {
        let tls = Tls::new();
        let without = Running::start(TlsPolicy::Without);
        let offered = Running::start(TlsPolicy::Offered(Arc::clone(&tls.config)));
        let plain = vec![State::Started, State::WebSocket, State::Ready];
        let mut declined = vec![State::Started];
        declined.extend((0..8).map(State::SslStartup));
        declined.extend([State::SslAnswer, State::WebSocket, State::Ready]);
        let mut with_tls = declined.clone();
        with_tls.insert(with_tls.len() - 2, State::TlsHandshake);
        for (mode, server, all) in [
            (Mode::Disable, &offered, &plain),
            (Mode::Allow, &offered, &plain),
            (Mode::Prefer, &without, &declined),
            (Mode::Prefer, &offered, &with_tls),
            (Mode::Require, &offered, &with_tls),
            (Mode::VerifyFull, &offered, &with_tls),
        ] {
            let (states, mut session) = open(&tls, mode, server);
            // It may pass a state without waiting, as the answer may be there already. It waits in
            // those that take many reads or writes.
            let mut rest = all.iter();
            assert!(states.iter().all(|state| rest.any(|next| next == state)), "{states:?}");
            for busy in [State::SslStartup(1), State::SslStartup(7), State::TlsHandshake] {
                assert_eq!(states.contains(&busy), all.contains(&busy), "{busy:?} of {states:?}");
            }
            assert_eq!(states.last(), Some(&State::Ready));
            echo(&mut session, "Hello");
        }
    });
}

/// Polls a client until it is ready. Returns the states in which it has waited.
fn open(tls: &Tls, mode: Mode, server: &Running) -> (Vec<State>, Session<Dribble>) {
    let address = server.address;
    let dial = move || Ok(Dribble::new(TcpStream::connect(address)?, true));
    let mut client = Client::new(Arc::new(tls.target(mode)), dial);
    assert_eq!((client.state(), client.attempts()), (State::Needed, 0));
    let mut states = Vec::new();
    while client.poll(Duration::ZERO).unwrap() != Progress::Ready {
        if states.last() != Some(&client.state()) {
            states.push(client.state());
        }
        std::thread::yield_now();
    }
    states.push(client.state());
    for _ in 0..3 {
        assert_eq!(client.poll(Duration::ZERO).unwrap(), Progress::Ready);
    }
    assert_eq!(client.attempts(), 1);
    (states, client.into_session().unwrap())
}

/// Sends a text, and takes turns until it comes back.
fn echo(session: &mut Session<Dribble>, text: &str) {
    session.open.endpoint.send_text(text).unwrap();
    let mut echoes = 0;
    while echoes == 0 {
        session
            .turn(Duration::ZERO, |_, event| {
                if let Event::Text(echo) = event {
                    assert_eq!(echo.as_str(), text);
                    echoes += 1;
                }
            })
            .unwrap();
        std::thread::yield_now();
    }
}

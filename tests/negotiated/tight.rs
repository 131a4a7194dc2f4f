//! Both ends over a transport with little room: what they wait for, and that nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use sansock::endpoint::Endpoint;
use sansock::timer::Expired;
use sansock::{CloseCode, Event};

use crate::client::{Client, Progress, State};
use crate::dropped::Dropped;
use crate::mode::Mode;
use crate::peer::{Next, Peer, TlsPolicy, settings};
use crate::pipe::{Pipe, pipe};
use crate::running::Tls;
use crate::session::{Session, Turn};
use crate::time_limit::within_a_minute;

#[test]
fn a_client_waits_for_what_it_needs_however_little_room_there_is() {
    within_a_minute(|| {
        let tls = Tls::new();
        for room in [1, 7, 100, 1 << 16] {
            for mode in [Mode::Disable, Mode::VerifyFull] {
                let (client, mut peer, policy) = ends(&tls, mode, room);
                let mut session = open(client, &mut peer, &policy);
                assert_eq!(session.open.stream.is_tls(), mode == Mode::VerifyFull);
                exchange(&mut session, &mut peer, &policy);
            }
        }
    });
}

#[test]
fn a_client_that_does_not_read_a_record_is_dropped() {
    within_a_minute(|| {
        let tls = Tls::new();
        let (client, mut peer, policy) = ends(&tls, Mode::VerifyFull, 100);
        let mut session = open(client, &mut peer, &policy);
        session.open.endpoint.send_text(&"x".repeat(200)).unwrap();
        let mut turn = |now| peer.turn(&policy, &mut [0; 1024], Duration::from_millis(now));
        while session.open.wants_write() {
            session.open.write().unwrap();
            turn(0).unwrap();
        }
        turn(59_999).unwrap();
        let dropped = turn(60_000).map(drop).unwrap_err();
        assert!(matches!(dropped, Dropped::Expired(Expired::WriteStalled)), "{dropped}");
    });
}

fn ends(tls: &Tls, mode: Mode, room: usize) -> (Client<Pipe>, Peer<Pipe>, TlsPolicy) {
    let (near, far) = pipe(room);
    let mut near = Some(near);
    let client = Client::new(Arc::new(tls.target(mode)), move || Ok(near.take().unwrap()));
    let endpoint = Endpoint::server(&settings(), Duration::ZERO).unwrap();
    (client, Peer::new(far, endpoint), TlsPolicy::Offered(Arc::clone(&tls.config)))
}

/// Polls the client and its server in turn until the client is ready.
fn open(mut client: Client<Pipe>, peer: &mut Peer<Pipe>, policy: &TlsPolicy) -> Session<Pipe> {
    loop {
        let progress = client.poll(Duration::ZERO).unwrap();
        let is_blocked = client.transport().unwrap().is_blocked;
        match progress {
            Progress::Ready => break,
            // If it waited for the wrong one of the two, it would wait for ever.
            Progress::WantsRead => assert!(!is_blocked, "{:?}", client.state()),
            Progress::WantsWrite => assert!(is_blocked, "{:?}", client.state()),
        }
        peer.turn(policy, &mut [0; 1024], Duration::ZERO).unwrap();
    }
    assert_eq!(client.state(), State::Ready);
    client.into_session().unwrap()
}

/// Sends more than fits, gets it back, and closes.
fn exchange(session: &mut Session<Pipe>, peer: &mut Peer<Pipe>, policy: &TlsPolicy) {
    let texts: Vec<String> = (0..20).map(|number| number.to_string().repeat(500)).collect();
    for text in &texts {
        session.open.endpoint.send_text(text).unwrap();
    }
    let mut echoes = 0;
    let mut has_ended = false;
    loop {
        let turn = session.turn(Duration::ZERO, |ws, event| {
            if let Event::Text(echo) = event {
                assert_eq!(echo.as_str(), texts[echoes]);
                echoes += 1;
                if echoes == texts.len() {
                    ws.close(CloseCode::NORMAL, "").unwrap();
                }
            }
        });
        if turn.unwrap() == Turn::End {
            break;
        }
        let next = peer.turn(policy, &mut [0; 1024], Duration::ZERO).unwrap();
        has_ended |= matches!(next, Next::End);
    }
    assert_eq!(echoes, texts.len());
    assert!(!has_ended, "the server waits for the end of the client");
}

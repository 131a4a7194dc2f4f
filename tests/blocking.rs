//! The blocking WebSocket over sockets, TLS and transports in memory, with itself and with tungstenite.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sansock::blocking::{self, Error, Transport, WebSocket, WithShutdown};
use sansock::connection::Delivery;
use sansock::endpoint::{self, RequestPolicy, Settings};
use sansock::handshake::client::{Request, nonce};
use sansock::handshake::server::Response;
use sansock::timer::{Expired, Timeouts};
use sansock::{CloseCode, CloseStatus, Config, Connection, Event, Message, SendError};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

fn request() -> Request {
    Request::new("ws://localhost/chat").unwrap()
}

#[test]
fn a_websocket_goes_to_any_thread() {
    const fn goes_to_any_thread<T: Send + Sync>() {}
    const {
        goes_to_any_thread::<WebSocket<TcpStream>>();
        goes_to_any_thread::<Error>();
    }
}

/// Two ends of a TCP connection, the client's first.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// A server that sends every message back, and returns how the connection ended.
fn echo<S: Transport + Send + 'static>(stream: S) -> JoinHandle<Result<CloseStatus, Error>> {
    thread::spawn(move || {
        let mut ws = blocking::accept(stream)?;
        while let Some(message) = ws.receive()? {
            ws.send(message)?;
        }
        Ok(ws.endpoint().close_status())
    })
}

/// Messages of many lengths, empty ones among them.
fn messages() -> Vec<Message> {
    let mut messages = vec![Message::from(""), Message::from(Vec::new()), Message::from("κόσμε")];
    for len in [1, 125, 126, 4095, 4096, 65_536, 1 << 20, 4 << 20] {
        messages.push(Message::from("x".repeat(len)));
        messages.push(Message::from(vec![7; len]));
    }
    messages
}

fn exchange<S: Transport>(ws: &mut WebSocket<S>) {
    for message in messages() {
        ws.send(message.clone()).unwrap();
        assert!(ws.receive().unwrap() == Some(message));
    }
}

#[test]
fn messages_come_back_over_tcp_and_both_ends_are_clean() {
    let (client, server) = pair();
    let server = echo(server);
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::GOING_AWAY, "bye").unwrap();
    assert_eq!(ws.receive().unwrap(), None);
    assert_eq!(ws.receive().unwrap(), None, "it stays at its end");
    assert_eq!(ws.endpoint().close_status(), CloseStatus::Code(CloseCode::GOING_AWAY));
    assert_eq!(server.join().unwrap().unwrap(), CloseStatus::Code(CloseCode::GOING_AWAY));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_will_do() {
    let (client, server) = std::os::unix::net::UnixStream::pair().unwrap();
    let server = echo(server);
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(ws.next().transpose().unwrap(), None);
    server.join().unwrap().unwrap();
}

#[test]
fn tungstenite_is_served_and_serves() {
    let (client, server) = pair();
    let server = echo(server);
    let (mut peer, _) = tungstenite::client("ws://localhost/", client).unwrap();
    for message in messages() {
        let sent = match std::str::from_utf8(message.as_bytes()) {
            Ok(text) if matches!(message, Message::Text(_)) => tungstenite::Message::from(text),
            _ => tungstenite::Message::from(message.as_bytes().to_vec()),
        };
        peer.send(sent.clone()).unwrap();
        assert!(peer.read().unwrap() == sent);
    }
    peer.close(None).unwrap();
    while peer.read().is_ok() {}
    drop(peer);
    assert_eq!(server.join().unwrap().unwrap(), CloseStatus::NoStatus);

    let (client, server) = pair();
    let peer = thread::spawn(move || {
        let mut peer = tungstenite::accept(server).unwrap();
        while let Ok(message) = peer.read() {
            if message.is_text() || message.is_binary() {
                peer.send(message).unwrap();
            }
        }
    });
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(ws.receive().unwrap(), None);
    peer.join().unwrap();
}

/// Two ends of TLS over TCP, whose handshake is not done.
fn tls_pair() -> (StreamOwned<ClientConnection, TcpStream>, StreamOwned<ServerConnection, TcpStream>)
{
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![cert.der().clone()],
            PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let server = ServerConnection::new(Arc::new(server)).unwrap();
    let (to_server, to_client) = pair();
    (StreamOwned::new(client, to_server), StreamOwned::new(server, to_client))
}

/// A TLS library buffers what is written to it, up to a limit.
#[test]
fn what_tls_does_not_buffer_stays_in_the_output() {
    let (mut tls, _) = tls_pair();
    tls.conn.set_buffer_limit(Some(64));
    let mut server = Connection::new(Config::server());
    server.send_binary(&[7; 1000]).unwrap();
    assert!(!server.output().try_write_to(&mut tls.conn.writer()).unwrap());
    assert_eq!(server.output_len(), 4 + 1000 - 64);
    tls.conn.set_buffer_limit(None);
    assert!(server.output().try_write_to(&mut tls.conn.writer()).unwrap());
    assert!(!server.has_output());
}

#[test]
fn tls_is_ended_by_close_notify_or_by_its_transport() {
    for has_close_notify in [true, false] {
        let (client, server) = tls_pair();
        let server = echo(WithShutdown::new(
            server,
            move |tls: &mut StreamOwned<ServerConnection, TcpStream>| {
                if has_close_notify {
                    tls.conn.send_close_notify();
                    tls.flush()?;
                }
                Ok(false)
            },
        ));
        let client =
            WithShutdown::new(client, |_: &mut StreamOwned<ClientConnection, TcpStream>| Ok(false));
        let mut ws = blocking::client(client, &request()).unwrap();
        exchange(&mut ws);
        ws.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(ws.receive().unwrap(), None, "no reset, though TLS may call it one");
        assert_eq!(server.join().unwrap().unwrap(), CloseStatus::Code(CloseCode::NORMAL));
    }
}

#[test]
fn a_request_that_is_no_upgrade_gets_its_response() {
    for (sent, status) in [
        (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], "426"),
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
        (b"\x16\x03\x01", "400"),
    ] {
        let (mut client, server) = pair();
        let server = thread::spawn(move || blocking::accept(server).map(drop));
        client.write_all(sent).unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        drop(client);
        let error = server.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Refused(_))), "{error}");
    }
}

#[test]
fn a_server_may_look_at_the_request() {
    let settings = Settings::new(Config::server());
    let (client, server) = pair();
    let server = thread::spawn(move || {
        blocking::accept_with(server, &settings, |endpoint| {
            assert_eq!(endpoint.request().unwrap().target(), "/chat");
            let accepted = endpoint.accept_with(|upgrade| upgrade.subprotocol("b"));
            assert_eq!(accepted.unwrap().subprotocol(), Some("b"));
        })
        .map(drop)
    });
    let request = request().subprotocol("a").unwrap().subprotocol("b").unwrap();
    let settings = Settings::new(Config::client());
    let (_, opened) = blocking::client_with(client, &settings, &request, nonce()).unwrap();
    assert_eq!(opened.negotiated.subprotocol(), Some("b"));
    server.join().unwrap().unwrap();
}

#[test]
fn a_client_that_is_refused_has_the_response() {
    let settings = Settings::new(Config::server());
    let (client, server) = pair();
    let server = thread::spawn(move || {
        let refuse = |endpoint: &mut endpoint::Endpoint| {
            endpoint.respond(&Response::new(401).unwrap().body("who are you?"));
        };
        blocking::accept_with(server, &settings, refuse).map(drop)
    });
    let error = blocking::client(client, &request()).unwrap_err();
    assert_eq!(error.to_string(), "server refused the WebSocket: 401 Unauthorized");
    let Error::Refused(response) = error else { panic!("{error}") };
    assert_eq!((&response.body[..], response.is_complete), (&b"who are you?"[..], true));
    assert!(matches!(server.join().unwrap(), Err(Error::NotAccepted)));
}

#[test]
fn a_connection_that_just_ends_is_an_error() {
    let (client, server) = pair();
    let server = echo(server);
    let ws = blocking::client(client, &request()).unwrap();
    drop(ws);
    assert!(matches!(server.join().unwrap(), Err(Error::UnexpectedEof)));

    let reads = vec![Step::Read([REQUEST, HELLO].concat()), Step::Read(Vec::new())];
    let items: Vec<_> = blocking::accept(script(reads, usize::MAX)).unwrap().collect();
    assert!(matches!(items[..], [Ok(_), Err(Error::UnexpectedEof)]), "{items:?}");

    let (client, server) = pair();
    let server = echo(server);
    drop(client);
    let error = server.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Endpoint(endpoint::Error::UnexpectedEof)), "{error}");
}

#[test]
fn a_protocol_error_is_answered_and_reported_once() {
    let (client, server) = pair();
    let server = thread::spawn(move || {
        let mut ws = blocking::accept(server).unwrap();
        let error = ws.receive().unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Protocol(_))), "{error}");
        let error = ws.receive().unwrap_err();
        assert!(matches!(error, Error::UnexpectedEof), "{error}");
    });
    let ws = blocking::client(client, &request()).unwrap();
    let (mut stream, _, unread) = ws.into_parts();
    assert_eq!(unread, []);
    stream.write_all(b"\x81\x05Hello").unwrap(); // not masked
    let mut close = Vec::new();
    stream.read_to_end(&mut close).unwrap();
    assert_eq!((close[0], &close[2..4]), (0x88, &1002u16.to_be_bytes()[..]));
    drop(stream);
    server.join().unwrap();
}

/// What a transport in memory does at one call.
enum Step {
    Read(Vec<u8>),
    Fail(ErrorKind),
}

/// Reads what a script says, and then would block. Writes to a buffer as much as it may.
struct Script {
    reads: VecDeque<Step>,
    written: Vec<u8>,
    /// Bytes that can still be written before `full` is returned.
    room: usize,
    full: ErrorKind,
    /// As the writer of a TLS library: how many bytes it holds until it is flushed, and returns `Ok(0)`
    /// when it holds them.
    held: Option<(usize, Vec<u8>)>,
    /// How much was written at each read.
    written_at_reads: Vec<usize>,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.written_at_reads.push(self.written.len());
        assert!(self.written_at_reads.len() < 1_000_000, "it reads again and again");
        match self.reads.pop_front() {
            Some(Step::Read(mut bytes)) => {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                if len < bytes.len() {
                    self.reads.push_front(Step::Read(bytes.split_off(len)));
                }
                Ok(len)
            }
            Some(Step::Fail(kind)) => Err(kind.into()),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((most, held)) = &mut self.held {
            let len = bytes.len().min(*most - held.len());
            held.extend_from_slice(&bytes[..len]);
            return Ok(len);
        }
        let len = bytes.len().min(self.room);
        if len == 0 && !bytes.is_empty() {
            return Err(self.full.into());
        }
        self.written.extend_from_slice(&bytes[..len]);
        self.room -= len;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some((_, held)) = &mut self.held {
            self.written.append(held);
        }
        Ok(())
    }
}

impl Transport for Script {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A masked "Hello", RFC 6455 §5.7.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

/// A transport with this many bytes of room to write.
fn script(reads: Vec<Step>, room: usize) -> Script {
    Script {
        reads: reads.into(),
        written: Vec::new(),
        room,
        full: ErrorKind::WouldBlock,
        held: None,
        written_at_reads: Vec::new(),
    }
}

fn read(parts: &[&[u8]]) -> Step {
    Step::Read(parts.concat())
}

fn accept_unseen(config: Config, timeouts: Timeouts) -> Settings {
    let mut settings = Settings::new(config);
    settings.requests = RequestPolicy::AcceptUnseen;
    settings.timeouts = Some(Arc::new(timeouts));
    settings
}

#[test]
fn nothing_is_lost_when_a_read_would_block() {
    let stream = [HELLO, HELLO].concat();
    for split in 0..stream.len() {
        let (front, back) = stream.split_at(split);
        let reads = vec![
            Step::Read([REQUEST, front].concat()),
            Step::Fail(ErrorKind::WouldBlock),
            Step::Fail(ErrorKind::TimedOut),
            Step::Fail(ErrorKind::Interrupted),
            Step::Read(back.to_vec()),
        ];
        let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
        let (mut blocked, mut received) = (0, 0);
        while received < 2 {
            match ws.receive() {
                Ok(message) => {
                    assert_eq!(message, Some("Hello".into()), "cut at {split}");
                    received += 1;
                }
                Err(error) => {
                    assert!(error.is_would_block(), "{error}");
                    blocked += 1;
                }
            }
        }
        assert_eq!(blocked, 2, "cut at {split}");
    }
}

#[test]
fn nothing_is_lost_when_a_write_would_block() {
    let reads = vec![Step::Read(REQUEST.to_vec())];
    let mut settings = Settings::new({
        let mut config = Config::server();
        config.max_output = Some(100);
        config
    });
    settings.requests = RequestPolicy::AcceptUnseen;
    let mut ws = blocking::accept_with(script(reads, 1000), &settings, |_| ()).unwrap();
    let mut sent = 0;
    let blocked = loop {
        match ws.send_text(&format!("message {sent:4}")) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(blocked.is_would_block(), "{blocked}");
    let (stream, mut endpoint, _) = ws.into_parts();
    let mut written = stream.written;
    endpoint.output().write_to(&mut written).unwrap();
    let frames = written.split_off(written.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4);
    let frame = |n| [b"\x81\x0C", format!("message {n:4}").as_bytes()].concat();
    let expected: Vec<u8> = (0..sent).flat_map(frame).collect();
    assert!(frames == expected, "{} and {} bytes", frames.len(), expected.len());
}

#[test]
fn a_deadline_that_has_passed_is_an_error() {
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) =
        (Some(Duration::from_millis(1)), Some(Duration::from_millis(1)));
    let mut settings = Settings::new(Config::server());
    settings.requests = RequestPolicy::AcceptUnseen;
    settings.timeouts = Some(Arc::new(timeouts));
    let reads = vec![Step::Read(REQUEST.to_vec())];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::NoPong))), "{expired:?}");
    assert!(ws.into_parts().0.written.ends_with(b"\x89\0"), "it was asked");
}

#[test]
fn an_event_is_answered_while_it_is_held() {
    let reads = vec![Step::Read([REQUEST, HELLO, b"\x89\x80\0\0\0\0"].concat())];
    let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
    let (event, mut sender) = ws.next_event().unwrap().expect("it came with the request");
    let Event::Text(text) = event else { panic!("{event:?}") };
    assert!(text.as_borrowed().is_some());
    sender.send_text(&text).unwrap();
    assert!(matches!(ws.next_event().unwrap(), Some((Event::Ping(_), _))));
    assert!(ws.next_event().unwrap().is_none());
    assert!(ws.into_parts().0.written.ends_with(b"\x81\x05Hello\x8A\0"));
}

#[test]
fn output_that_is_stuck_does_not_keep_a_read_from_blocking() {
    for full in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let mut transport = script(vec![read(&[REQUEST]), read(&[HELLO])], 140);
        transport.full = full;
        let mut ws = blocking::accept(transport).unwrap();
        ws.send_text(&"x".repeat(1000)).unwrap();
        assert!(ws.endpoint().output_len() > 900, "it is queued");
        assert_eq!(ws.receive().unwrap(), Some("Hello".into()), "it is read all the same");
        assert!(ws.receive().unwrap_err().is_would_block());
    }
}

#[test]
fn a_writer_that_takes_no_more_until_it_is_flushed_is_flushed() {
    let mut config = Config::server();
    config.max_output = Some(100);
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let mut transport = script(vec![read(&[REQUEST])], 0);
    transport.held = Some((100, Vec::new()));
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    for _ in 0..3 {
        ws.send_text(&"x".repeat(5000)).unwrap();
        assert_eq!(ws.endpoint().output_len(), 0);
    }
}

#[test]
fn output_that_may_hold_nothing_refuses_a_message() {
    let mut config = Config::server();
    config.max_output = Some(0);
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let transport = script(vec![read(&[REQUEST])], usize::MAX);
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    assert!(matches!(ws.send_text("x"), Err(Error::Send(SendError::Full))));
}

#[test]
fn a_frame_that_came_with_the_request_is_there_at_once() {
    let transport = script(vec![read(&[REQUEST, HELLO]), Step::Read(Vec::new())], usize::MAX);
    let mut ws = blocking::accept(transport).unwrap();
    let mut events = 0;
    let end = loop {
        match ws.fill() {
            Ok(true) => {}
            end => break end,
        }
        while ws.next_event().unwrap().is_some() {
            events += 1;
        }
    };
    assert!(matches!(end, Err(Error::UnexpectedEof)), "{end:?}");
    assert_eq!(events, 1);
}

#[test]
fn the_opening_goes_on_after_a_timeout_of_a_read() {
    let (front, back) = REQUEST.split_at(20);
    let blocked = Step::Fail(ErrorKind::TimedOut);
    let reads = vec![read(&[front]), blocked, read(&[back, HELLO])];
    let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
    assert_eq!(ws.receive().unwrap(), Some("Hello".into()));
}

#[test]
fn a_refusal_is_reported_though_the_client_resets() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let reads = vec![read(&[request]), Step::Fail(ErrorKind::ConnectionReset)];
    let stream = WithShutdown::new(script(reads, usize::MAX), |_: &mut Script| Ok(true));
    let error = blocking::accept(stream).unwrap_err();
    assert!(matches!(error, Error::Endpoint(endpoint::Error::Refused(_))), "{error}");
}

#[test]
fn what_was_received_is_not_hidden_by_a_write_that_fails() {
    let broken = |frame: &[u8]| {
        let transport = script(vec![read(&[REQUEST]), read(&[frame])], usize::MAX);
        let mut ws = blocking::accept(transport).unwrap();
        (ws.get_mut().room, ws.get_mut().full) = (0, ErrorKind::BrokenPipe);
        ws.receive()
    };
    let close = broken(b"\x88\x80\0\0\0\0");
    assert!(matches!(close, Ok(None)), "{close:?}");
    let violation = broken(b"\x81\x05Hello");
    assert!(
        matches!(violation, Err(Error::Endpoint(endpoint::Error::Protocol(_)))),
        "{violation:?}"
    );
}

#[test]
fn the_last_output_has_a_deadline_too() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.write = Some(Duration::from_millis(1));
    let settings = accept_unseen(Config::server(), timeouts);
    let reads = vec![read(&[REQUEST]), read(&[b"\x88\x80\0\0\0\0"])];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    ws.get_mut().room = 0;
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::WriteStalled))), "{expired:?}");
}

/// The deadlines are those of real time, so that the program has to take some.
#[test]
fn time_in_which_the_program_did_something_else_is_not_the_peers() {
    let pause = || thread::sleep(Duration::from_millis(20));
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) =
        (Some(Duration::from_millis(10)), Some(Duration::from_millis(10)));
    let settings = accept_unseen(Config::server(), timeouts);
    let blocked = Step::Fail(ErrorKind::WouldBlock);
    let reads = vec![read(&[REQUEST]), blocked, read(&[b"\x8A\x80\0\0\0\0", HELLO])];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    let head = ws.get_ref().written.len();
    pause();
    assert!(ws.receive().unwrap_err().is_would_block());
    let at_read = ws.get_ref().written_at_reads[1];
    assert_eq!(at_read, head + 2, "the ping is written before it is waited for its pong");
    pause();
    assert_eq!(ws.receive().unwrap(), Some("Hello".into()));
}

#[test]
fn streamed_messages_are_no_messages() {
    let mut config = Config::server();
    config.delivery = Delivery::Streaming;
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let transport = script(vec![read(&[REQUEST, HELLO])], usize::MAX);
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    assert!(matches!(ws.receive(), Err(Error::Streamed)));
}

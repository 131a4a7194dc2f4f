//! The two halves of a blocking WebSocket, on two threads.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use sansock::blocking::{
    self, Error, ReceiveHalf, SendHalf, SharedTransport, Transport, WebSocket,
};
use sansock::endpoint::{self, Endpoint, RequestPolicy, Settings};
use sansock::timer::{Clock, Expired, Timeouts};
use sansock::{CloseCode, CloseStatus, Config, Connection, Event, Message};

use super::time_limit::within_a_minute;
use super::{pair, request};

/// The halves of both ends of a connection, the client's first.
fn halves<S: SharedTransport>((client, server): (S, S)) -> [(ReceiveHalf<S>, SendHalf<S>); 2] {
    let server = thread::spawn(|| blocking::accept(server).unwrap().split());
    let client = blocking::client(client, &request()).unwrap().split();
    [client, server.join().unwrap()]
}

/// The halves of a server over TCP, and its client, which has received the response.
fn server(settings: Settings) -> ((ReceiveHalf<TcpStream>, SendHalf<TcpStream>), TcpStream) {
    let (client, server) = pair();
    let mut settings = settings;
    settings.requests = RequestPolicy::AcceptUnseen;
    let server = thread::spawn(move || {
        server.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        blocking::accept_with(server, &settings, |_| ()).unwrap().split()
    });
    let (client, _, unread) = blocking::client(client, &request()).unwrap().into_parts();
    assert_eq!(unread, []);
    (server.join().unwrap(), client)
}

fn default_server() -> ((ReceiveHalf<TcpStream>, SendHalf<TcpStream>), TcpStream) {
    server(Settings::new(Config::server()))
}

/// Receives a message, however often a read times out.
fn receive(half: &mut ReceiveHalf<TcpStream>) -> Result<Option<Message>, Error> {
    loop {
        match half.receive() {
            Err(error) if error.is_would_block() => {}
            received => return received,
        }
    }
}

/// Reads as many bytes as this frame has, and compares them.
#[track_caller]
fn expect_frame(stream: &mut TcpStream, frame: &[u8]) {
    let mut read = vec![0; frame.len()];
    stream.read_exact(&mut read).unwrap();
    assert!(read == frame, "{:?}", &read[..read.len().min(20)]);
}

#[test]
fn halves_go_to_any_thread() {
    const fn goes_to_any_thread<T: Send + Sync>() {}
    const {
        goes_to_any_thread::<ReceiveHalf<TcpStream>>();
        goes_to_any_thread::<SendHalf<TcpStream>>();
    }
}

#[test]
fn both_ends_send_long_messages_at_once() {
    within_a_minute(|| both_send_at_once(pair()));
    #[cfg(unix)]
    within_a_minute(|| both_send_at_once(std::os::unix::net::UnixStream::pair().unwrap()));
}

/// With a stream that is whole, both would wait for the other to read.
fn both_send_at_once<S: SharedTransport>(streams: (S, S)) {
    let [client, server] = halves(streams);
    let ends = [client, server].map(|(mut receiving, mut sending)| {
        let sender = thread::spawn(move || {
            for n in 0..COUNT {
                sending.send(vec![n; 4 << 20]).unwrap();
                sending.ping(&[n]).unwrap();
            }
            sending
        });
        let receiver = thread::spawn(move || {
            for n in 0..COUNT {
                assert!(receiving.receive().unwrap() == Some(vec![n; 4 << 20].into()));
            }
            receiving
        });
        (sender, receiver)
    });
    let [(mut sending, client), (_other, server)] =
        ends.map(|(sender, receiver)| (sender.join().unwrap(), receiver.join().unwrap()));
    sending.close(CloseCode::NORMAL, "").unwrap();
    let ends = [client, server].map(|mut half| thread::spawn(move || half.receive().map(|_| half)));
    for end in ends {
        let half = end.join().unwrap().unwrap();
        assert_eq!(half.close_status(), CloseStatus::Code(CloseCode::NORMAL));
    }
}

const COUNT: u8 = 4;

#[test]
fn receiving_does_not_wait_for_a_write() {
    within_a_minute(|| {
        let ((mut receiving, mut sending), mut client) = default_server();
        let long = vec![7; 64 << 20];
        let message = long.clone();
        let sender = thread::spawn(move || sending.send(message).map(|()| sending));
        // More than any socket holds is on its way, and the client does not read.
        let mut header = [0; 10];
        client.read_exact(&mut header).unwrap();
        for n in [b'1', b'2', b'3'] {
            let ping = [b"\x89\x81\0\0\0\0", &[n][..]].concat();
            client.write_all(&[&ping, &b"\x81\x85\0\0\0\0Hello"[..]].concat()).unwrap();
            assert_eq!(receive(&mut receiving).unwrap(), Some("Hello".into()));
        }
        expect_frame(&mut client, &long);
        // Behind so much output, only the first and the latest ping are answered, RFC 6455 §5.5.3.
        expect_frame(&mut client, b"\x8A\x011\x8A\x013");
        let mut sending = sender.join().unwrap().unwrap();
        sending.send_text("over").unwrap();
        expect_frame(&mut client, b"\x81\x04over");
    });
}

#[test]
fn pings_are_answered_while_nobody_sends() {
    within_a_minute(|| {
        let ((mut receiving, sending), mut client) = default_server();
        let receiver = thread::spawn(move || receive(&mut receiving));
        for _ in 0..10 {
            client.write_all(b"\x89\x81\0\0\0\0?").unwrap();
            expect_frame(&mut client, b"\x8A\x01?");
        }
        client.write_all(b"\x88\x82\0\0\0\0\x03\xE9").unwrap();
        expect_frame(&mut client, b"\x88\x02\x03\xE9");
        drop(client);
        assert_eq!(receiver.join().unwrap().unwrap(), None);
        drop(sending);
    });
}

#[test]
fn a_send_that_waits_is_never_refused_for_full_output() {
    within_a_minute(|| {
        let mut config = Config::server();
        config.max_output = Some(100);
        let ((_receiving, mut sending), mut client) = server(Settings::new(config));
        let sender = thread::spawn(move || {
            for _ in 0..2000 {
                sending.send_binary(&[7; 5000]).unwrap();
            }
        });
        let frame = [b"\x82\x7E\x13\x88", &[7; 5000][..]].concat();
        for _ in 0..2000 {
            expect_frame(&mut client, &frame);
        }
        sender.join().unwrap();
    });
}

#[test]
fn after_the_end_sending_is_an_error() {
    within_a_minute(|| {
        let [(_receiving, mut closing), (mut receiving, mut sending)] = halves(pair());
        closing.close(CloseCode::GOING_AWAY, "bye").unwrap();
        let event = loop {
            match receiving.next_event().unwrap() {
                Some(Event::Close { code, .. }) => break code,
                Some(_) => {}
                None => assert!(receiving.fill().unwrap()),
            }
        };
        assert_eq!(event, Some(CloseCode::GOING_AWAY));
        assert!(matches!(sending.send_text("late"), Err(Error::Send(_))));
        assert!(matches!(closing.send_text("late"), Err(Error::Send(_))));
    });
}

#[test]
fn a_violation_is_reported_to_the_peer_before_the_error() {
    within_a_minute(|| {
        let ((mut receiving, mut sending), mut client) = default_server();
        client.write_all(b"\x81\x05Hello").unwrap(); // not masked
        let error = receive(&mut receiving).unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Protocol(_))), "{error}");
        assert!(matches!(sending.send_text("late"), Err(Error::Send(_))));
        drop((receiving, sending));
        let mut close = Vec::new();
        client.read_to_end(&mut close).unwrap();
        assert_eq!((close[0], &close[2..4]), (0x88, &1002u16.to_be_bytes()[..]));
    });
}

/// A server that sends more than any socket holds to a client that does not read. Returns the
/// thread that sends and the receiving half.
fn stuck(
    settings: Settings,
) -> (thread::JoinHandle<Result<(), Error>>, ReceiveHalf<TcpStream>, TcpStream) {
    let ((receiving, mut sending), mut client) = server(settings);
    let sender = thread::spawn(move || sending.send(vec![7; 64 << 20]));
    client.read_exact(&mut [0; 10]).unwrap();
    (sender, receiving, client)
}

#[test]
fn a_deadline_ends_a_send_that_waits() {
    within_a_minute(|| {
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.write = Some(Duration::from_millis(1));
        let mut settings = Settings::new(Config::server());
        settings.timeouts = Some(Arc::new(timeouts));
        let (sender, mut receiving, client) = stuck(settings);
        let stalled = receive(&mut receiving);
        assert!(matches!(stalled, Err(Error::Expired(Expired::WriteStalled))), "{stalled:?}");
        let stalled = sender.join().unwrap();
        assert!(matches!(stalled, Err(Error::Expired(Expired::WriteStalled))), "{stalled:?}");
        drop(client);
    });
}

#[test]
fn a_peer_that_has_ended_its_half_still_gets_what_is_being_sent() {
    within_a_minute(|| {
        let (sender, mut receiving, mut client) = stuck(Settings::new(Config::server()));
        client.shutdown(Shutdown::Write).unwrap();
        let receiver = thread::spawn(move || receive(&mut receiving));
        expect_frame(&mut client, &vec![7; 64 << 20]);
        sender.join().unwrap().unwrap();
        assert!(matches!(receiver.join().unwrap(), Err(Error::UnexpectedEof)));
    });
}

#[test]
fn a_transport_that_breaks_ends_both_halves() {
    within_a_minute(|| {
        let (sender, mut receiving, client) = stuck(Settings::new(Config::server()));
        drop(client);
        assert!(matches!(receive(&mut receiving), Err(Error::Io(_) | Error::UnexpectedEof)));
        assert!(matches!(sender.join().unwrap(), Err(Error::Io(_) | Error::Send(_))));
    });
}

#[test]
fn a_write_timeout_ends_a_send_and_loses_nothing() {
    within_a_minute(|| {
        let ((mut receiving, mut sending), mut client) = default_server();
        let timeout = Some(Duration::from_millis(1));
        sending.get_ref().set_write_timeout(timeout).unwrap();
        let mut sent = 0;
        let blocked = loop {
            match sending.send(vec![7; 1 << 20]) {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
        };
        assert!(blocked.is_would_block(), "{blocked}");
        assert!(receiving.receive().unwrap_err().is_would_block());
        let receiver = thread::spawn(move || receive(&mut receiving));
        let frame = [b"\x82\x7F\0\0\0\0\0\x10\0\0", &[7; 1 << 20][..]].concat();
        for _ in 0..sent {
            // The rest is written by the half that receives.
            expect_frame(&mut client, &frame);
        }
        drop(client);
        assert!(receiver.join().unwrap().is_err());
    });
}

#[test]
fn no_thread_outlives_both_halves() {
    within_a_minute(|| {
        let ((mut receiving, mut sending), mut client) = default_server();
        sending.get_ref().set_write_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut sent = 0;
        while sending.send(vec![7; 1 << 20]).is_ok() {
            sent += 1 << 20;
        }
        sending.get_ref().set_write_timeout(None).unwrap();
        // Much is queued, so that a thread writes for this half, and waits.
        assert!(receiving.receive().unwrap_err().is_would_block());
        drop((receiving, sending));
        let mut read = Vec::new();
        let _ = client.read_to_end(&mut read);
        assert!(read.len() < sent, "it went on until all was written");
    });
}

/// A transport in memory whose writes wait until the test lets them go on.
struct Gated {
    reads: Mutex<mpsc::Receiver<Vec<u8>>>,
    written: mpsc::Sender<Vec<u8>>,
    gate: Mutex<mpsc::Receiver<()>>,
}

impl SharedTransport for Gated {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let Ok(bytes) = self.reads.lock().unwrap().recv() else { return Ok(0) };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn write_shared(&self, bytes: &[u8]) -> io::Result<usize> {
        self.written.send(bytes.to_vec()).unwrap();
        self.gate.lock().unwrap().recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn shutdown_shared(&self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Gated {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Read for Gated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_queued_during_a_write_is_written_after_it() {
    within_a_minute(|| {
        let ((to_read, reads), (written, from_written), (open_gate, gate)) =
            (mpsc::channel(), mpsc::channel(), mpsc::channel());
        let stream = Gated { reads: Mutex::new(reads), written, gate: Mutex::new(gate) };
        let endpoint = Endpoint::from_connection(Connection::new(Config::server()), None);
        let ws = WebSocket::from_parts(stream, endpoint, &[], Clock::start());
        let (mut receiving, mut sending) = ws.split();

        let sender = thread::spawn(move || sending.send_text("first").map(|()| sending));
        assert_eq!(from_written.recv().unwrap(), b"\x81\x05first");
        // Its write waits. Meanwhile a ping is received, and then nothing more.
        to_read.send(b"\x89\x81\0\0\0\0?\x81\x81\0\0\0\0!".to_vec()).unwrap();
        assert_eq!(receiving.receive().unwrap(), Some("!".into()));
        let receiver = thread::spawn(move || receiving.receive());
        open_gate.send(()).unwrap();
        assert_eq!(from_written.recv().unwrap(), b"\x8A\x01?");
        // The sender does not wait for what is not its own.
        let sending = sender.join().unwrap().unwrap();
        open_gate.send(()).unwrap();
        drop(to_read);
        assert!(matches!(receiver.join().unwrap(), Err(Error::UnexpectedEof)));
        drop(sending);
    });
}

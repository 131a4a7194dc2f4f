//! The echo server with clients that behave well, and with others.
//!
//! Transports are in memory and the clock is simulated: it advances when all tasks wait.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../examples/echo_server/answer.rs"]
mod answer;
#[path = "../examples/echo_server/deflate.rs"]
mod deflate;
#[path = "../examples/echo_server/echo.rs"]
mod echo;
#[path = "../examples/echo_server/options.rs"]
mod options;
#[path = "../examples/echo_server/server.rs"]
mod server;
#[path = "../examples/echo_server/stop.rs"]
#[allow(dead_code, reason = "only main prints")]
mod stop;
mod support;
#[path = "../examples/echo_server/tls/mod.rs"]
#[allow(dead_code, reason = "no file is replaced here")]
mod tls;
#[path = "../examples/echo_server/transport.rs"]
mod transport;

use std::time::Duration;

use options::Options;
use sansock::Role;
use server::Server;
use stop::Stop;
use support::frame_for;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn options(args: &[&str]) -> Result<Options, Stop> {
    Options::parse(args.iter().map(ToString::to_string))
}

/// Returns a client's end of a transport to a server with these options.
fn connect(args: &[&str]) -> DuplexStream {
    let server = Server::new(&options(args).unwrap(), Box::new(drop));
    let (client, stream) = duplex(4096);
    tokio::spawn(async move { server.serve(stream).await });
    client
}

/// Sends `request`. Returns the head of the response.
async fn head(client: &mut DuplexStream, request: &[u8]) -> String {
    client.write_all(request).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Returns all bytes until the end, and how long that took.
async fn rest(client: &mut DuplexStream) -> (Vec<u8>, Duration) {
    let (start, mut rest) = (Instant::now(), Vec::new());
    client.read_to_end(&mut rest).await.unwrap();
    (rest, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn frames_glued_to_the_request_are_echoed() {
    let mut client = connect(&[]);
    let text = frame_for(Role::Server, 0x81, b"early");
    let head = head(&mut client, &[REQUEST.as_bytes(), &text].concat()).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.write_all(&frame_for(Role::Server, 0x82, b"late")).await.unwrap();
    client.write_all(&frame_for(Role::Server, 0x88, b"\x03\xE8")).await.unwrap();
    let (rest, _) = rest(&mut client).await;
    assert_eq!(rest, b"\x81\x05early\x82\x04late\x88\x02\x03\xE8");
}

#[tokio::test(start_paused = true)]
async fn the_first_of_its_subprotocols_that_the_client_offers_is_chosen() {
    for (offer, chosen) in [("b, a", Some("a")), ("b", Some("b")), ("c", None)] {
        let mut client = connect(&["--subprotocol", "a,b"]);
        let offer = format!("\r\nSec-WebSocket-Protocol: {offer}\r\n\r\n");
        let request = REQUEST.replace("\r\n\r\n", &offer);
        let head = head(&mut client, request.as_bytes()).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let found = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(found, chosen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_get_is_answered_with_a_page() {
    let mut client = connect(&[]);
    let head = head(&mut client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let (page, _) = rest(&mut client).await;
    assert!(page.starts_with(b"<!doctype html>") && page.ends_with(b"</html>\n"));
    assert!(head.contains(&format!("Content-Length: {}\r\n", page.len())));
}

#[tokio::test(start_paused = true)]
async fn other_protocols_are_refused_at_their_first_bytes() {
    let hellos = [(&b"\x16\x03\x01\x02\x00\x01"[..], " 400 "), (b"PRI * HTTP/2.0\r\n", " 505 ")];
    for (hello, status) in hellos {
        let mut client = connect(&[]);
        let start = Instant::now();
        let head = head(&mut client, hello).await;
        assert!(head.contains(status), "{head}");
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_trickles_in_has_ten_seconds_in_all() {
    let mut client = connect(&[]);
    let start = Instant::now();
    for byte in REQUEST.as_bytes() {
        sleep(Duration::from_secs(1)).await;
        if client.write_all(&[*byte]).await.is_err() {
            break;
        }
    }
    // The response comes after 10 s, the end 5 s later, and a write notices it in the next second.
    assert_eq!(start.elapsed(), Duration::from_secs(16));
    assert!(rest(&mut client).await.0.starts_with(b"HTTP/1.1 408 "));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_over_tls_has_ten_seconds_with_that_of_tls() {
    let server = Server::new(&options(&[]).unwrap(), Box::new(drop));
    let acceptor = tls::Tls::new(options(&[]).unwrap().tls).unwrap().acceptor(drop);
    let (mut client, stream) = duplex(4096);
    tokio::spawn(async move { server.serve_tls(stream, "memory", &acceptor).await });
    client.write_all(b"\x16\x03\x01").await.unwrap(); // the start of a ClientHello
    let (answer, waited) = rest(&mut client).await;
    assert_eq!((&answer[..], waited), (&b""[..], Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_while_output_is_unsent_and_a_stalled_client_is_dropped() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    let (message, start) = (frame_for(Role::Server, 0x82, &[7; 1000]), Instant::now());
    let mut sent = 0;
    // A client that sends as fast as it can, and never reads.
    while client.write_all(&message).await.is_ok() {
        sent += message.len();
    }
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    // The buffers of both directions, and one read of the server.
    assert!(sent <= 4096 + 4096 + transport::READ_LEN, "{sent} bytes were taken");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_is_pinged_and_left() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    let (bytes, time) = rest(&mut client).await;
    assert_eq!(bytes, b"\x89\x00");
    assert_eq!(time, Duration::from_secs(30 + 20));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_is_kept() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    let start = Instant::now();
    for _ in 0..100 {
        let mut ping = [0; 2];
        client.read_exact(&mut ping).await.unwrap();
        assert_eq!(&ping, b"\x89\x00");
        client.write_all(&frame_for(Role::Server, 0x8A, b"")).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_secs(100 * 30));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_trickles_in_is_answered_with_1008() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    let message = frame_for(Role::Server, 0x82, &[7; 10_000]);
    let start = Instant::now();
    for byte in message {
        let sent = client.write_all(&[byte]).await;
        sleep(Duration::from_secs(1)).await;
        if sent.is_err() {
            break;
        }
    }
    assert!(start.elapsed() < Duration::from_secs(80), "{:?}", start.elapsed());
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!((answer[0], &answer[2..4]), (0x88, &1008u16.to_be_bytes()[..]));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_served() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    let payload = vec![7; 100_000];
    let (mut reader, mut writer) = tokio::io::split(client);
    let message = frame_for(Role::Server, 0x82, &payload);
    let writing = tokio::spawn(async move { writer.write_all(&message).await });
    let (mut echo, mut buffer) = (Vec::new(), [0; 4096]);
    while echo.len() < payload.len() + 10 {
        sleep(Duration::from_secs(59)).await;
        let len = reader.read(&mut buffer).await.unwrap();
        assert_ne!(len, 0, "dropped");
        echo.extend_from_slice(&buffer[..len]);
    }
    // A ping may follow, because the client has sent nothing for so long.
    assert!(echo[10..].starts_with(&payload), "the message that was sent");
    writing.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_beyond_the_limit_is_answered_with_1009_and_the_end() {
    let mut client = connect(&["--max-message", "1000"]);
    head(&mut client, REQUEST.as_bytes()).await;
    client.write_all(&frame_for(Role::Server, 0x82, &[7; 1001])).await.unwrap();
    let (close, _) = rest(&mut client).await;
    assert_eq!((close[0], &close[2..4]), (0x88, &1009u16.to_be_bytes()[..]));
}

/// The server ends its half and waits for the client's end, with a time limit.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_go_away_is_left_after_five_seconds() {
    let mut client = connect(&[]);
    head(&mut client, REQUEST.as_bytes()).await;
    client.write_all(&frame_for(Role::Server, 0x88, b"")).await.unwrap();
    let (close, waited) = rest(&mut client).await;
    assert_eq!((&close[..], waited), (&b"\x88\x00"[..], Duration::ZERO));
    let start = Instant::now();
    while client.write_all(b"still here").await.is_ok() {
        sleep(Duration::from_millis(100)).await;
    }
    let waited = start.elapsed();
    assert!((4..=6).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn options_are_read_and_wrong_ones_refused() {
    let given = ["--listen", "[::1]:0", "--max-message", "5", "--subprotocol", "a, b"];
    let parsed = options(&given).unwrap();
    assert_eq!((parsed.listen.as_deref(), parsed.max_message), (Some("[::1]:0"), Some(5)));
    assert_eq!(parsed.subprotocols, ["a", "b"]);
    assert_eq!(parsed.listen_tls, None);
    let parsed = options(&[]).unwrap();
    assert_eq!(parsed.listen.as_deref(), Some("127.0.0.1:9001"));
    assert_eq!(parsed.listen_tls.as_deref(), Some("127.0.0.1:9002"));
    for (half, why) in [
        (&["--cert", "a"][..], "--cert and --key need each other"),
        (&["--cert", "a", "--key", "b", "--key", "c"], "--cert and --key need each other"),
        (&["--client-crl", "a"], "--client-crl needs --client-ca"),
    ] {
        let Err(Stop::Wrong(what)) = options(half) else { panic!("{half:?} is taken") };
        assert_eq!(what, why);
    }
    let pairs = ["--cert", "a", "--key", "b", "--cert", "c", "--key", "d"];
    let parsed = options(&pairs).unwrap();
    let pairs: Vec<_> = parsed.tls.identities().collect();
    let path = std::path::Path::new;
    assert_eq!(pairs, [(path("a"), path("b")), (path("c"), path("d"))]);
    for wrong in [&["--max-message", "many"][..], &["--listen"], &["--port", "1"], &["x"]] {
        let Err(Stop::Wrong(what)) = options(wrong) else { panic!("{wrong:?} is taken") };
        assert!(what.contains(wrong[0]), "{what}");
    }
    assert!(matches!(options(&["--help"]), Err(Stop::Help)));
    let known = [
        "--listen",
        "--listen-tls",
        "--cert",
        "--key",
        "--cert-out",
        "--client-ca",
        "--client-crl",
    ];
    for option in known.into_iter().chain(["--max-message", "--subprotocol", "--help"]) {
        assert!(options::USAGE.contains(option));
    }
}

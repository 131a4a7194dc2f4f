//! Opening handshakes, refused and accepted, over pipes and sockets.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sansock_tokio::sansock::endpoint::{self, Endpoint, Event};
use sansock_tokio::sansock::handshake::server::Response;
use sansock_tokio::sansock::{Config, Input, Role};
use sansock_tokio::{CloseCode, Error, Message, Request, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::script::{Pace, Script, Task};
use crate::support::conversation::{Conversation, sent};
use crate::support::{ROLES, Seen, frame_for};
use crate::{tcp_pair, within_a_minute};

/// Settings without deadlines, so that no runtime is needed.
fn settings(role: Role) -> Settings {
    let config = if role == Role::Server { Config::server() } else { Config::client() };
    let mut settings = Settings::new(config);
    (settings.timeouts, settings.handshake_timeout) = (None, None);
    settings
}

fn request() -> Request {
    Request::new("ws://localhost/chat").unwrap()
}

/// Requests that are refused, with the status of the response.
const REFUSED: [(&[u8], &str); 4] = [
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "426"),
    (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
    (b"\x16\x03\x01", "400"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
];

#[track_caller]
fn expect_refused<T>(accepted: Result<T, Error>) {
    match accepted {
        Err(Error::Endpoint(endpoint::Error::Refused(_)) | Error::NotAccepted) => {}
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it is accepted"),
    }
}

#[test]
fn a_refused_client_gets_its_response_over_tcp_though_it_sends_more() {
    within_a_minute(async {
        for (request, status) in REFUSED {
            let (mut client, server) = tcp_pair().await;
            let server = tokio::spawn(async move { sansock_tokio::accept(server).await });
            client.write_all(&[request, &[b'x'; 5000]].concat()).await.unwrap();
            let mut response = String::new();
            client.read_to_string(&mut response).await.unwrap();
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
            drop(client);
            let error = server.await.unwrap().unwrap_err();
            assert!(matches!(error, Error::Endpoint(endpoint::Error::Refused(_))), "{error}");
        }
    });
}

#[test]
fn a_refusal_is_written_whole_before_the_error_is_returned() {
    for (request, status) in REFUSED {
        let script = Script::new(request);
        script.wire().room = 0;
        let settings = settings(Role::Server);
        let accept = sansock_tokio::accept_with(script.clone(), &settings, async |_| ());
        let mut accept = pin!(accept);
        let task = Task::new();
        while !script.wire().is_shut_down {
            assert!(task.poll(accept.as_mut()).is_pending());
            script.make_room(1);
        }
        assert!(task.poll(accept.as_mut()).is_pending(), "the client may read it");
        script.end(Ok(()));
        let Poll::Ready(accepted) = task.poll(accept.as_mut()) else { panic!("it waits") };
        expect_refused(accepted);
        let response = String::from_utf8(script.take_written()).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        assert!(response.contains("\r\n\r\n"), "{response}");
    }
}

#[test]
fn an_answer_that_refuses_is_written_and_is_not_accepted() {
    within_a_minute(async {
        let (client, server) = duplex(10);
        let client = tokio::spawn(async move {
            sansock_tokio::client(&request(), client).await.map(drop).unwrap_err()
        });
        let settings = Settings::new(Config::server());
        let accepted = sansock_tokio::accept_with(server, &settings, async |endpoint| {
            assert_eq!(endpoint.request().unwrap().target(), "/chat");
            tokio::task::yield_now().await;
            let response = Response::new(401).unwrap().header("X-Why", "because").unwrap();
            endpoint.respond(&response.body("who are you?"));
        });
        assert!(matches!(accepted.await, Err(Error::NotAccepted)));
        let Error::Refused(response) = client.await.unwrap() else { panic!() };
        assert_eq!(response.head.status(), 401);
        assert_eq!(response.head.headers().first("X-Why"), Some(&b"because"[..]));
        assert_eq!((&response.body[..], response.is_complete), (&b"who are you?"[..], true));
    });
}

#[test]
fn a_client_gets_the_response_that_refuses_it_however_its_body_ends() {
    let responses = [
        ("HTTP/1.1 403 No\r\nContent-Length: 3\r\nX-A: b\r\n\r\nwhy", true),
        (
            "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nwhy\r\n0\r\n\r\n",
            true,
        ),
        ("HTTP/1.1 403 No\r\nX-A: b\r\n\r\nwhy", true),
        ("HTTP/1.1 403 No\r\nX-A: b\r\nContent-Length: 4\r\n\r\nwhy", false),
    ];
    for (response, is_complete) in responses {
        for end in [Ok(()), Err(std::io::ErrorKind::UnexpectedEof)] {
            for seed in 1..20 {
                let script = Script::new(response.as_bytes()).with_pace(Pace::Random(seed << 20));
                script.wire().end = Some(end);
                let (request, settings) = (request(), settings(Role::Client));
                let mut client =
                    pin!(sansock_tokio::client_with(&request, script.clone(), &settings));
                let task = Task::new();
                let refused = loop {
                    match task.poll(client.as_mut()) {
                        Poll::Ready(Err(Error::Refused(refused))) => break refused,
                        Poll::Ready(_) => panic!("another end"),
                        Poll::Pending => script.wake(),
                    }
                };
                assert_eq!(refused.head.status(), 403);
                assert_eq!(refused.head.headers().first("X-A"), Some(&b"b"[..]));
                assert_eq!((&refused.body[..], refused.is_complete), (&b"why"[..], is_complete));
            }
        }
    }
}

#[test]
fn settings_of_the_other_role_are_refused() {
    let (request, client, server) = (request(), settings(Role::Client), settings(Role::Server));
    let script = || Script::new(b"");
    let opened = Task::now(sansock_tokio::client_with(&request, script(), &server));
    assert!(matches!(opened, Err(Error::Config(_))));
    let accepted = Task::now(sansock_tokio::accept_with(script(), &client, async |_| ()));
    assert!(matches!(accepted, Err(Error::Config(_))));
}

#[test]
fn frames_that_come_with_the_request_are_received() {
    let conversation = Conversation::new(Role::Server);
    let bytes = conversation.bytes();
    let messages = conversation.seen(bytes.len()).into_iter().filter_map(|seen| match seen {
        Seen::Text(text) => Some(Message::from(text)),
        Seen::Binary(data) => Some(Message::from(data)),
        _ => None,
    });
    let messages: Vec<Message> = messages.collect();
    let settings = settings(Role::Server);
    for len in [bytes.len(), 1, conversation.head_len(), conversation.head_len() + 3] {
        let script = Script::new(&bytes[..len]);
        let accept = sansock_tokio::accept_with(script.clone(), &settings, async |_| ());
        let mut accept = pin!(accept);
        let task = Task::new();
        let mut ws = loop {
            match task.poll(accept.as_mut()) {
                Poll::Ready(ws) => break ws.unwrap(),
                Poll::Pending => script.feed(&bytes[len..]),
            }
        };
        if len > 1 {
            script.feed(&bytes[len..]);
        }
        script.end(Ok(()));
        let mut received = Vec::new();
        while let Some(message) = Task::now(ws.receive()).unwrap() {
            received.push(message);
        }
        assert_eq!(received, messages);
        assert_eq!(sent(Role::Server, &script.take_written()), conversation.answers(bytes.len()));
    }
}

/// Answers a request by its response and `more`, in one write.
async fn respond_with(mut stream: DuplexStream, more: &[u8]) -> DuplexStream {
    let settings = Settings::new(Config::server());
    let mut endpoint = Endpoint::server(&settings, Duration::ZERO).unwrap();
    while endpoint.request().is_none() {
        let mut buffer = [0; 100];
        let len = stream.read(&mut buffer).await.unwrap();
        let mut input = Input::new(&mut buffer[..len]);
        assert!(matches!(endpoint.receive(&mut input), Ok(None | Some(Event::Request))));
    }
    let _ = endpoint.accept().unwrap();
    let len = endpoint.output_len();
    let mut output = bytes::Buf::copy_to_bytes(endpoint.output(), len).to_vec();
    output.extend(more);
    stream.write_all(&output).await.unwrap();
    stream
}

#[test]
fn frames_that_come_with_the_response_are_received() {
    within_a_minute(async {
        let (client, server) = duplex(10_000);
        let server = tokio::spawn(async move {
            let mut frames = frame_for(Role::Client, 0x81, b"welcome");
            frames.extend(frame_for(Role::Client, 0x89, b"?"));
            frames.extend(frame_for(Role::Client, 0x82, b""));
            respond_with(server, &frames).await
        });
        let settings = Settings::new(Config::client());
        let opened = sansock_tokio::client_with(&request(), client, &settings).await;
        let (mut ws, opened) = opened.unwrap();
        assert_eq!(opened.response.unwrap().status(), 101);
        assert_eq!(ws.receive().await.unwrap(), Some("welcome".into()));
        let (stream, unread, connection) = ws.into_parts();
        assert_eq!(unread, b"\x89\x01?\x82\0");
        let mut ws = sansock_tokio::WebSocket::from_parts(stream, &unread, connection, None);
        assert_eq!(ws.receive().await.unwrap(), Some(Vec::new().into()));
        drop(server.await.unwrap());
    });
}

#[test]
fn an_answer_may_choose_a_subprotocol() {
    within_a_minute(async {
        let (client, server) = duplex(10);
        let server = tokio::spawn(async move {
            let settings = Settings::new(Config::server());
            let accepted = sansock_tokio::accept_with(server, &settings, async |endpoint| {
                let accepted = endpoint.accept_with(|upgrade| upgrade.subprotocol("b"));
                let _ = accepted.unwrap();
            });
            let mut ws = accepted.await.unwrap();
            ws.send("welcome").await.unwrap();
            assert_eq!(ws.receive().await.unwrap(), None);
        });
        let request = request().subprotocol("a").unwrap().subprotocol("b").unwrap();
        let settings = Settings::new(Config::client());
        let opened = sansock_tokio::client_with(&request, client, &settings).await;
        let (mut ws, opened) = opened.unwrap();
        assert_eq!(opened.negotiated.subprotocol(), Some("b"));
        assert_eq!(ws.receive().await.unwrap(), Some("welcome".into()));
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), None);
        server.await.unwrap();
    });
}

#[test]
fn a_stream_that_ends_within_a_handshake_is_an_error() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        for len in 0..conversation.head_len() {
            let script = Script::new(&conversation.bytes()[..len]);
            script.end(Ok(()));
            let settings = settings(role);
            let error = match role {
                Role::Server => {
                    let accept = sansock_tokio::accept_with(script, &settings, async |_| ());
                    Task::now(accept).map(drop).unwrap_err()
                }
                Role::Client => {
                    let request = request();
                    let client = sansock_tokio::client_with(&request, script, &settings);
                    Task::now(client).map(drop).unwrap_err()
                }
            };
            let Error::Endpoint(error) = error else { panic!("{error}") };
            assert_eq!(error, endpoint::Error::UnexpectedEof);
        }
    }
}

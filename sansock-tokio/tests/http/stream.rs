//! The stream over h2, at both ends.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;

use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response};
use sansock::bytes::Bytes;
use sansock::handshake::client;
use sansock_tokio::h2::{H2Stream, accept};
use sansock_tokio::sansock::Config;
use sansock_tokio::{CloseCode, Error, Message, Settings, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::sync::mpsc;

use crate::support::{connect_http2, echo, extended_connect, get, open};

type Ws = WebSocket<H2Stream>;

/// A client, and each WebSocket that its server accepts. A stream has a window of 64 KiB.
async fn connection() -> (SendRequest<Bytes>, mpsc::UnboundedReceiver<Ws>) {
    let (client, server) = duplex(1 << 14);
    let (accepted, websockets) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol();
        let mut connection = builder.handshake(server).await.unwrap();
        while let Some(Ok((request, respond))) = connection.accept().await {
            if let Some(ws) = answer(request, respond) {
                let _ = accepted.send(ws);
            }
        }
    });
    (connect_http2(client).await, websockets)
}

/// Accepts a WebSocket, or sends a page.
fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Option<Ws> {
    if request.method() == "GET" {
        let mut send = respond.send_response(Response::new(()), false).unwrap();
        send.send_data("page".into(), true).unwrap();
        return None;
    }
    let mut settings = Settings::new(Config::server());
    settings.timeouts = None;
    Some(accept(request, &mut respond, &settings).unwrap())
}

fn request() -> client::Request {
    client::Request::new("ws://a.example/chat").unwrap()
}

/// A WebSocket of a server, and the client's halves of its stream.
async fn raw() -> (SendRequest<Bytes>, Ws, SendStream<Bytes>, RecvStream) {
    let (mut client, mut websockets) = connection().await;
    let (response, send) = client.send_request(extended_connect(&request()), false).unwrap();
    let body = response.await.unwrap().into_body();
    (client, websockets.recv().await.unwrap(), send, body)
}

/// Has the server do all that it can, and shows that the connection lives.
async fn page(client: &mut SendRequest<Bytes>) {
    assert_eq!(get(client, "http://a.example/").await, (200, "page".into()));
}

/// Polls once, and expects that it waits.
async fn expect_pending<F: Future>(future: &mut std::pin::Pin<&mut F>) {
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// A text message `hi` of a client, masked by zeros.
const HI: &[u8] = b"\x81\x82\0\0\0\0hi";

#[tokio::test]
async fn messages_come_back_while_another_stream_is_in_use() {
    let (mut client, mut websockets) = connection().await;
    let (mut ws, _) = open(&mut client, &request()).await;
    let server = tokio::spawn(echo(websockets.recv().await.unwrap()));
    for message in ["".into(), "hello".into(), "m".repeat(1 << 20), "bye".into()] {
        ws.send(&*message).await.unwrap();
        page(&mut client).await;
        assert!(ws.receive().await.unwrap() == Some(Message::from(message)));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
    server.await.unwrap().unwrap();
    page(&mut client).await;
}

#[tokio::test]
async fn both_ends_send_more_than_their_windows_at_once() {
    let (mut client, mut websockets) = connection().await;
    let (ws, _) = open(&mut client, &request()).await;
    let message = "m".repeat(1 << 20);
    let exchange = |ws: Ws, message: String| async move {
        let (mut receive, mut send) = ws.split();
        let (sent, received) = tokio::join!(send.send(&*message), receive.receive());
        sent.unwrap();
        assert!(received.unwrap() == Some(Message::from(message)));
    };
    let server = websockets.recv().await.unwrap();
    tokio::join!(exchange(ws, message.clone()), exchange(server, message));
}

#[tokio::test]
async fn an_end_without_a_close_is_an_error() {
    let (_client, mut ws, mut send, _body) = raw().await;
    send.send_data(Bytes::new(), true).unwrap();
    let ended = ws.receive().await;
    assert!(matches!(ended, Err(Error::UnexpectedEof)), "{ended:?}");
}

#[tokio::test]
async fn a_reset_is_an_error() {
    let (_client, mut ws, mut send, _body) = raw().await;
    send.send_data(HI.into(), false).unwrap();
    assert_eq!(ws.receive().await.unwrap(), Some("hi".into()));
    send.send_reset(Reason::INTERNAL_ERROR);
    match ws.receive().await {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(ws.send("x").await, Err(Error::Io(_))));
}

#[tokio::test]
async fn an_empty_frame_is_no_end() {
    let (_client, mut ws, mut send, _body) = raw().await;
    for data in [b"", &HI[..3], b"", b"", &HI[3..]] {
        send.send_data(Bytes::from_static(data), false).unwrap();
    }
    assert_eq!(ws.receive().await.unwrap(), Some("hi".into()));
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_reset() {
    let (mut client, mut ws, _send, mut body) = raw().await;
    ws.send("hi").await.unwrap();
    assert_eq!(body.data().await.unwrap().unwrap(), &b"\x81\x02hi"[..]);
    drop(ws);
    let reset = body.data().await.unwrap().unwrap_err();
    assert_eq!(reset.reason(), Some(Reason::CANCEL));
    page(&mut client).await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_without_room_is_reset() {
    let (mut client, mut ws, _send, mut body) = raw().await;
    {
        let mut sending = pin!(ws.send("m".repeat(1 << 20)));
        expect_pending(&mut sending).await;
    }
    drop(ws);
    let reset = loop {
        if let Err(reset) = body.data().await.unwrap() {
            break reset;
        }
    };
    assert_eq!(reset.reason(), Some(Reason::CANCEL));
    page(&mut client).await;
}

#[tokio::test]
async fn a_whole_output_is_one_frame() {
    let (_client, mut ws, _send, mut body) = raw().await;
    for _ in 0..1000 {
        ws.queue("hi").unwrap();
    }
    ws.flush().await.unwrap();
    assert_eq!(body.data().await.unwrap().unwrap().len(), 4 * 1000);
}

/// `h2` ends a connection on which about a hundred of them are unread.
#[tokio::test]
async fn many_small_frames_are_taken_while_the_server_waits_to_send() {
    let (mut client, mut ws, mut send, mut body) = raw().await;
    let server = tokio::spawn(async move {
        // A task that has waited to read, and does not any more.
        expect_pending(&mut pin!(ws.receive())).await;
        ws.send("m".repeat(1 << 20)).await?;
        for _ in 0..2000 {
            assert_eq!(ws.receive().await?, Some("hi".into()));
        }
        Ok::<_, Error>(ws)
    });
    // Now the window is full.
    let mut received = 0;
    while received < 65_535 {
        received += body.data().await.unwrap().unwrap().len();
    }
    for _ in 0..20 {
        for _ in 0..100 {
            send.send_data(HI.into(), false).unwrap();
        }
        page(&mut client).await;
    }
    while received < (1 << 20) + 10 {
        let used = body.flow_control().used_capacity();
        body.flow_control().release_capacity(used).unwrap();
        received += body.data().await.unwrap().unwrap().len();
    }
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_not_read_holds_the_peer_back() {
    let (mut client, server, send, body) = raw().await;
    let mut stream = H2Stream::new(send, body);
    let sent = vec![7; 200_000];
    let mut writing = pin!(stream.write_all(&sent));
    expect_pending(&mut writing).await;
    page(&mut client).await;
    // All that fits has arrived, and nobody has read it.
    expect_pending(&mut writing).await;
    let (mut server, _, _) = server.into_parts();
    let mut read = vec![0; sent.len()];
    let (written, _) = tokio::join!(writing, server.read_exact(&mut read));
    written.unwrap();
    assert!(read == sent);
}

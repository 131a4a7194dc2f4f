//! Futures that are dropped by `select!`, at both ends of a small pipe.

use sansock_tokio::sansock::{CloseStatus, Role};
use sansock_tokio::{Error, Message, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::task::yield_now;

use crate::{code, open, within_a_minute};

const COUNT: usize = 400;

/// Messages of all kinds of headers, which tell their index and their sender.
fn messages(role: Role) -> Vec<Message> {
    (0..COUNT)
        .map(|index| {
            let text = format!("{role:?} {index} {}", "-".repeat(index * 37 % 300));
            if index % 2 == 0 { text.into() } else { text.into_bytes().into() }
        })
        .collect()
}

/// How many bytes the WebSocket has written and queued.
fn output_end<S>(ws: &mut WebSocket<S>) -> u64 {
    ws.connection().bytes_sent() + ws.connection().output_len() as u64
}

/// Sends a message by one of three ways, each of which may be dropped. Returns whether it was queued.
async fn try_send<S>(ws: &mut WebSocket<S>, way: usize, message: &Message) -> Result<bool, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let before = output_end(ws);
    match way % 3 {
        0 => tokio::select! {
            sent = ws.send(message.clone()) => sent?,
            () = yield_now() => {}
        },
        1 => tokio::select! {
            ready = ws.ready() => {
                ready?;
                ws.queue(message.clone())?;
            }
            () = yield_now() => {}
        },
        _ => tokio::select! {
            sent = async {
                match &message {
                    Message::Text(text) => ws.send_text(text).await,
                    message => ws.send_binary(message.as_bytes()).await,
                }
            } => sent?,
            () = yield_now() => {}
        },
    }
    Ok(output_end(ws) > before)
}

/// Sends and receives at once, until all is sent and `count` messages are received.
async fn exchange<S>(
    ws: &mut WebSocket<S>,
    outgoing: &[Message],
    count: usize,
) -> Result<Vec<Message>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut received = Vec::new();
    let mut sent = 0;
    for turn in 0.. {
        tokio::select! {
            message = ws.receive(), if received.len() < count => {
                received.push(message?.expect("the connection is open"));
            }
            () = yield_now() => {}
        }
        if let Some(message) = outgoing.get(sent) {
            sent += usize::from(try_send(ws, turn, message).await?);
        }
        tokio::select! {
            filled = ws.fill(), if received.len() < count => assert!(filled?),
            () = yield_now() => {}
        }
        tokio::select! {
            flushed = ws.flush() => flushed?,
            () = yield_now() => {}
        }
        if sent == outgoing.len() && received.len() == count {
            break;
        }
    }
    ws.flush().await?;
    Ok(received)
}

async fn serve(stream: DuplexStream) -> Result<CloseStatus, Error> {
    let mut ws = open(Role::Server, stream, |config| config.max_output = Some(200));
    let received = exchange(&mut ws, &messages(Role::Server), COUNT).await?;
    assert!(received == messages(Role::Client));
    loop {
        tokio::select! {
            message = ws.receive() => match message? {
                None => return Ok(ws.close_status()),
                Some(message) => panic!("{message:?}"),
            },
            () = yield_now() => {}
        }
    }
}

#[test]
fn both_ends_may_drop_their_futures_in_select() {
    within_a_minute(async {
        for size in [1, 3, 64, 300] {
            let (client, server) = tokio::io::duplex(size);
            let server = tokio::spawn(serve(server));
            // If the output of both ends were full, neither would read.
            let mut ws = open(Role::Client, client, |config| config.max_output = None);
            let received = exchange(&mut ws, &messages(Role::Client), COUNT).await.unwrap();
            assert!(received == messages(Role::Server));
            loop {
                tokio::select! {
                    closed = ws.close(code(4000), "over") => break closed.unwrap(),
                    () = yield_now() => {}
                }
            }
            assert_eq!(ws.receive().await.unwrap(), None);
            assert_eq!(server.await.unwrap().unwrap(), CloseStatus::Code(code(4000)));
            assert_eq!(ws.close_status(), CloseStatus::Code(code(4000)));
        }
    });
}

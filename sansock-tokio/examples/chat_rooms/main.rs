//! A chat with rooms: the path of the URL is the room. Open two windows at
//! <http://127.0.0.1:9003/> or <http://127.0.0.1:9003/any-room>.
//!
//! ```text
//! cargo run --release -p sansock-tokio --example chat_rooms -- [ADDRESS]
//! ```
//!
//! A message is encoded once for all that are in the room. Each of them may fall behind by so many
//! messages, and then by so many bytes of output. A client that falls further behind is dropped with
//! the code 1013, and nobody waits for it.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sansock::Config;
use sansock::handshake::server::{Refusal, Response};
use sansock::message::PreparedMessage;
use sansock_tokio::{CloseCode, Message, Settings, WebSocket, accept_with};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{Receiver, Sender};
use tokio::time::sleep;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9003".into());
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let mut config = Config::server();
    (config.limits.message, config.max_output) = (MAX_MESSAGE, Some(MAX_OUTPUT));
    let (settings, rooms) = (Arc::new(Settings::new(config)), Arc::new(Rooms::default()));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // No file descriptor is free: wait for one.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (settings, rooms) = (Arc::clone(&settings), Arc::clone(&rooms));
        tokio::spawn(async move {
            let served = serve(stream, &settings, &rooms).await;
            served.unwrap_or_else(|error| eprintln!("{peer}: {error}"));
        });
    }
}

/// Serves the page to a browser that asks for one, and the chat to a WebSocket.
async fn serve(stream: TcpStream, settings: &Settings, rooms: &Rooms) -> Outcome {
    let page = Response::new(200)?.header("Content-Type", "text/html; charset=utf-8")?;
    let page = page.body(include_str!("page.html"));
    let mut room = None;
    let accepted = accept_with(stream, settings, async |endpoint| {
        let Some(request) = endpoint.request() else { return };
        if request.upgrade().err() == Some(Refusal::NotUpgrade) {
            return endpoint.respond(&page);
        }
        room = Some(rooms.join(request.target().to_owned()));
    })
    .await;
    let Some((to_room, from_room)) = room else { return Ok(()) };
    chat(accepted?, &to_room, from_room).await
}

/// Passes messages on until the client leaves, or is too slow.
async fn chat(
    mut ws: WebSocket<TcpStream>,
    to_room: &Sender<PreparedMessage>,
    mut from_room: Receiver<PreparedMessage>,
) -> Outcome {
    loop {
        tokio::select! {
            biased; // what is queued is written first, while the WebSocket is waited for
            received = ws.receive() => match received? {
                Some(Message::Text(text)) => drop(to_room.send(PreparedMessage::new(text))),
                Some(Message::Binary(_)) => {
                    ws.close(CloseCode::UNSUPPORTED_DATA, "only text is passed on").await?;
                }
                None => return Ok(()),
            },
            message = from_room.recv() => {
                let is_in_time = message.is_ok_and(|it| ws.connection().send_prepared(&it).is_ok());
                if !is_in_time {
                    drop(from_room);
                    ws.close(CloseCode::TRY_AGAIN_LATER, "too slow").await?;
                    while ws.receive().await?.is_some() {}
                    return Err("too slow".into());
                }
            }
        }
    }
}

/// The rooms, by their names.
#[derive(Default)]
struct Rooms(Mutex<HashMap<String, Sender<PreparedMessage>>>);

impl Rooms {
    /// Enters a room. Forgets those that all have left.
    fn join(&self, name: String) -> (Sender<PreparedMessage>, Receiver<PreparedMessage>) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, room| room.receiver_count() > 0);
        let room = rooms.entry(name).or_insert_with(|| Sender::new(MAX_BEHIND));
        (room.clone(), room.subscribe())
    }
}

/// The longest message, in bytes.
const MAX_MESSAGE: u64 = 64 << 10;

/// How many messages a client may be behind, and how many bytes of output may wait for it.
const MAX_BEHIND: usize = 64;
const MAX_OUTPUT: usize = 256 << 10;

//! Streams of HTTP/2, each the only one of its connection, over TCP.

use ::h2::Ping;
use sansock_tokio::h2::{self, H2Stream};
use sansock_tokio::sansock::{Config, Role};
use sansock_tokio::{Request, Settings, WebSocket};
use tokio::net::TcpStream;

use crate::bridge::{Bridge, Driven};
use crate::scenarios::Link;
use crate::streams::{connected, tcp_pair};

pub(crate) fn link(role: Role) -> Link {
    let (ours, peer) = tcp_pair();
    Link {
        ours: Box::new(move |settings| {
            Box::new(Driven::new(async { open(role, connected(ours).await, settings).await }))
        }),
        peer: Box::new(move || {
            Box::new(Bridge::new(async {
                let stream = connected(peer).await;
                let ws = match role {
                    Role::Client => {
                        open(Role::Server, stream, &Settings::new(Config::server())).await
                    }
                    Role::Server => {
                        open(Role::Client, stream, &Settings::new(Config::client())).await
                    }
                };
                ws.into_parts().0
            }))
        }),
    }
}

async fn open(role: Role, stream: TcpStream, settings: &Settings) -> WebSocket<H2Stream> {
    match role {
        Role::Client => connect(stream, settings).await,
        Role::Server => accept(stream, settings).await,
    }
}

async fn connect(stream: TcpStream, settings: &Settings) -> WebSocket<H2Stream> {
    let (client, mut connection) = ::h2::client::handshake(stream).await.unwrap();
    let mut pings = connection.ping_pong().unwrap();
    tokio::spawn(connection);
    // The server's SETTINGS come before its first pong.
    pings.ping(Ping::opaque()).await.unwrap();
    let request = Request::new("ws://a.example/").unwrap();
    h2::connect(&client, &request, settings).await.unwrap().0
}

async fn accept(stream: TcpStream, settings: &Settings) -> WebSocket<H2Stream> {
    let mut builder = ::h2::server::Builder::new();
    let mut connection = builder.enable_connect_protocol().handshake(stream).await.unwrap();
    let (request, mut respond) = connection.accept().await.unwrap().unwrap();
    tokio::spawn(async move { while connection.accept().await.is_some() {} });
    h2::accept(request, &mut respond, settings).unwrap()
}

//! Both roles negotiate permessage-deflate by their settings, RFC 7692 §5.

use std::future::ready;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sansock::deflate::{Deflate, DeflateOffer};
use sansock::{Config, Negotiated};
use sansock_tokio::hyper::{ClientHandshake, Handshake};
use sansock_tokio::{CloseCode, Settings, WebSocket, h2};
use tokio::io::{AsyncRead, AsyncWrite, duplex};

use crate::servers::{serve_http1, serve_http2};
use crate::support::{echo, get};

/// How a test is set, with what is agreed on then.
const CASES: [(Case, Option<&str>); 4] = [
    (Case { server: true, client: true, chosen: true }, Some(AGREED)),
    (Case { server: true, client: true, chosen: false }, None),
    (Case { server: true, client: false, chosen: true }, None),
    (Case { server: false, client: true, chosen: true }, None),
];

#[derive(Clone, Copy)]
struct Case {
    /// Whether the server is set to compress.
    server: bool,
    client: bool,
    /// Whether the program leaves it at that.
    chosen: bool,
}

/// The client asks for it.
const AGREED: &str = "permessage-deflate; server_no_context_takeover";

impl Case {
    fn server(self) -> Settings {
        let mut config = Config::server();
        config.deflate = self.server.then(Deflate::default);
        Settings::new(config)
    }

    fn client(self) -> Settings {
        let mut config = Config::client();
        let mut deflate = Deflate::default();
        deflate.offers = vec![DeflateOffer::default().server_no_context_takeover()];
        config.deflate = self.client.then_some(deflate);
        Settings::new(config)
    }

    /// Answers a request to hyper.
    fn answer(self, mut request: Request<Incoming>) -> Response<String> {
        let handshake = match Handshake::new(&mut request) {
            Ok(handshake) => handshake,
            Err(refusal) => return refusal.response(),
        };
        let accepted = handshake.accept_with(&self.server(), |upgrade| {
            Ok(if self.chosen { upgrade } else { upgrade.without_extensions() })
        });
        let (response, opening) = accepted.unwrap();
        tokio::spawn(async { echo(opening.await?).await });
        response
    }
}

fn request() -> sansock_tokio::Request {
    sansock_tokio::Request::new("ws://a.example/").unwrap()
}

/// Checks what was agreed on, and that messages come back.
async fn check<S: AsyncRead + AsyncWrite + Unpin>(
    mut ws: WebSocket<S>,
    negotiated: &Negotiated,
    agreed: Option<&str>,
) {
    assert_eq!(negotiated.extensions(), agreed);
    assert_eq!(negotiated.deflate().map(ToString::to_string).as_deref(), agreed);
    for message in ["", "hello", &"message ".repeat(1 << 10)] {
        ws.send(message).await.unwrap();
        assert!(ws.receive().await.unwrap() == Some(message.into()));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

#[tokio::test]
async fn over_http1() {
    for (case, agreed) in CASES {
        let stream = serve_http1(move |request| ready(case.answer(request)));
        let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        let (request, handshake) =
            ClientHandshake::http1::<String>(&request(), &case.client()).unwrap();
        let response = client.send_request(request).await.unwrap();
        let (ws, opened) = handshake.finish(response, &case.client()).await.unwrap();
        check(ws, &opened.negotiated, agreed).await;
    }
}

#[tokio::test]
async fn with_a_server_on_hyper_and_a_client_on_h2() {
    for (case, agreed) in CASES {
        let mut client = serve_http2(move |request| ready(case.answer(request))).await;
        // The server's settings have come when a page has.
        get(&mut client, "http://a.example/").await;
        let (ws, opened) = h2::connect(&client, &request(), &case.client()).await.unwrap();
        check(ws, &opened.negotiated, agreed).await;
    }
}

#[tokio::test]
async fn with_a_server_on_h2_and_a_client_on_hyper() {
    for (case, agreed) in CASES {
        let (client, stream) = duplex(1 << 14);
        tokio::spawn(async move {
            let mut builder = ::h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection = builder.handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let accepted = h2::accept_with(request, &mut respond, &case.server(), |upgrade| {
                    Ok(if case.chosen { upgrade } else { upgrade.without_extensions() })
                });
                tokio::spawn(echo(accepted.unwrap().0));
            }
        });
        let (mut client, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
        tokio::spawn(connection);
        let (request, handshake) =
            ClientHandshake::http2::<String>(&request(), &case.client()).unwrap();
        let response = client.send_request(request).await.unwrap();
        let (ws, opened) = handshake.finish(response, &case.client()).await.unwrap();
        check(ws, &opened.negotiated, agreed).await;
    }
}

/// The extensions that a request has of its own are offered as they are.
#[test]
fn a_request_may_offer_something_else() {
    let settings = CASES[0].0.client();
    let request = request().extensions("x-other").unwrap();
    let (head, _) = ClientHandshake::http1::<String>(&request, &settings).unwrap();
    assert_eq!(head.headers()["sec-websocket-extensions"], "x-other");
    let (head, _) = ClientHandshake::http2::<String>(&request, &settings).unwrap();
    assert_eq!(head.headers()["sec-websocket-extensions"], "x-other");
}

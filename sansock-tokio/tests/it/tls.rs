//! TLS, whose stream has one state for both directions, and may end without `close_notify`.

use sansock_tokio::sansock::{CloseStatus, Role};
use sansock_tokio::{CloseCode, Error};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::halves::both_send_at_once;
use crate::{code, open, tcp_pair, tls_configs, within_a_minute};

/// Two ends of TLS over TCP.
async fn tls_pair() -> (TlsStream<TcpStream>, TlsStream<TcpStream>) {
    let (client, server) = tls_configs::configs();
    let (to_server, to_client) = tcp_pair().await;
    let acceptor = TlsAcceptor::from(server);
    let server = tokio::spawn(async move { acceptor.accept(to_client).await.unwrap() });
    let connector = TlsConnector::from(client);
    let client = connector.connect("localhost".try_into().unwrap(), to_server).await.unwrap();
    (client.into(), server.await.unwrap().into())
}

#[test]
fn both_ends_send_long_messages_at_once_over_tls() {
    within_a_minute(async {
        let (client, server) = tls_pair().await;
        both_send_at_once(client, server).await;
    });
}

#[test]
fn a_missing_close_notify_is_an_error_only_before_the_closing_handshake() {
    within_a_minute(async {
        for has_closed in [false, true] {
            let (client, server) = tls_pair().await;
            let mut server = open(Role::Server, server, |_| ());
            let mut client = open(Role::Client, client, |_| ());
            // What TLS itself sends is read as well, so that nothing is reset.
            server.send("first").await.unwrap();
            assert_eq!(client.receive().await.unwrap(), Some("first".into()));
            client.send("last").await.unwrap();
            if has_closed {
                client.close(code(4000), "done").await.unwrap();
            }
            assert_eq!(server.receive().await.unwrap(), Some("last".into()));
            let ended = tokio::spawn(async move { (server.receive().await, server) });
            if has_closed {
                // So is the answer.
                while client.close_status() == CloseStatus::Abnormal {
                    client.fill().await.unwrap();
                    while client.next_event().is_some() {}
                }
            }
            // The end of TCP, without that of TLS.
            drop(client);
            let (end, server) = ended.await.unwrap();
            if has_closed {
                assert_eq!(end.unwrap(), None);
                assert_eq!(server.close_status(), CloseStatus::Code(code(4000)));
            } else {
                assert!(matches!(end, Err(Error::UnexpectedEof)), "{end:?}");
                assert_eq!(server.close_status(), CloseStatus::Abnormal);
            }
        }
    });
}

#[test]
fn both_ends_of_tls_end_clean() {
    within_a_minute(async {
        let (client, server) = tls_pair().await;
        let mut server = open(Role::Server, server, |_| ());
        let mut client = open(Role::Client, client, |_| ());
        let ended = tokio::spawn(async move { server.receive().await.map(|_| server) });
        client.close(CloseCode::GOING_AWAY, "bye").await.unwrap();
        assert_eq!(client.receive().await.unwrap(), None);
        let server = ended.await.unwrap().unwrap();
        assert_eq!(server.close_status(), CloseStatus::Code(CloseCode::GOING_AWAY));
    });
}

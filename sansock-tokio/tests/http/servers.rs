//! Servers on hyper, each for one connection.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use h2::client::SendRequest;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sansock::bytes::Bytes;
use sansock_tokio::sansock::Config;
use sansock_tokio::{Error, Settings};
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;

use crate::support::connect_http2;

/// A task with its result.
pub(crate) type Task<T> = JoinHandle<Result<T, Error>>;

/// Settings of a server without deadlines.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(Config::server());
    (settings.handshake_timeout, settings.timeouts) = (None, None);
    settings
}

/// Serves one connection of HTTP/1.1. Returns the client's end.
pub(crate) fn serve_http1<F>(
    answer: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
) -> DuplexStream
where
    F: Future<Output = Response<String>> + Send + 'static,
{
    let (client, server) = duplex(1 << 16);
    tokio::spawn(async move {
        let service = service_fn(move |request| {
            let answered = answer(request);
            async { Ok::<_, Infallible>(answered.await) }
        });
        http1::Builder::new().serve_connection(TokioIo::new(server), service).with_upgrades().await
    });
    client
}

/// Serves one connection of HTTP/2. Returns the client.
pub(crate) async fn serve_http2<F>(
    answer: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
) -> SendRequest<Bytes>
where
    F: Future<Output = Response<String>> + Send + 'static,
{
    let (client, server) = duplex(1 << 16);
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        let service = service_fn(move |request| {
            let answered = answer(request);
            async { Ok::<_, Infallible>(answered.await) }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.enable_connect_protocol();
        builder.serve_connection(TokioIo::new(server), service).await
    });
    connect_http2(client).await
}

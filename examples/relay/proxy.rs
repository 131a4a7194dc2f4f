//! Serves a client: its handshake, the handshake with the server, and the tunnel between them.

use std::io;
use std::time::Duration;

use sansock::handshake::server::{RequestHead, Response, Upgrade};
use sansock::handshake::{BuildError, Headers, client};

use crate::connect::{self, Attempt, Connected, Settings, Stream};
use crate::request::{Received, request};
use crate::transport;
use crate::tunnel::Tunnel;

pub(crate) use crate::connect::Failure;

/// Serves one client from the server at `server`, a URL of a scheme (`ws://` or `wss://`) and a
/// host.
///
/// A tunnel is closed if neither end has sent anything for `idle_limit`.
///
/// # Errors
///
/// The error is for a log: why the server could not be reached, or how the tunnel failed.
pub(crate) async fn serve(
    mut client: Box<dyn Stream>,
    server: &str,
    idle_limit: Duration,
) -> Result<(), Failure> {
    let timed_out = "request timed out";
    let request = transport::within(HANDSHAKE_LIMIT, timed_out, request(&mut client)).await?;
    let (response, reason) = match request {
        Received::Eof => return Ok(transport::end(&mut client).await?),
        Received::Refusal(refusal) => (refusal.response(), None),
        Received::Request(request, early) => match open(&request, server).await? {
            Answer::Accepted(head, server) => {
                transport::write_all(&mut client, &mut &head[..]).await?;
                let mut tunnel = Tunnel::new(client, server.stream, idle_limit);
                if server.negotiated.extensions().is_some() {
                    tunnel = tunnel.with_extensions();
                }
                return tunnel.run(early, server.early).await;
            }
            Answer::Refused(response, reason) => (response, reason),
        },
    };
    let refused = refuse(&mut client, &response).await;
    // The reason for the refusal is more important than an error in sending it.
    match reason {
        Some(reason) => Err(reason),
        None => Ok(refused?),
    }
}

async fn refuse(client: &mut Box<dyn Stream>, response: &Response) -> io::Result<()> {
    transport::write_all(client, &mut &response.encode()[..]).await?;
    transport::end(client).await
}

/// What to answer the client.
enum Answer {
    /// The response 101, and the connection to the server.
    Accepted(Vec<u8>, Connected),
    /// Another response, and the reason if only the log should have it.
    Refused(Response, Option<Failure>),
}

/// Performs the handshake with the server on behalf of the client.
async fn open(request: &RequestHead, server: &str) -> Result<Answer, Failure> {
    let upgrade = match request.upgrade() {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(Answer::Refused(refusal.response(), None)),
    };
    // The other form, a whole URI, is for proxies to any server that the client names.
    if !request.target().starts_with('/') {
        return Ok(Answer::Refused(Response::new(BAD_REQUEST)?, None));
    }
    let url = [server, request.target()].concat();
    match connect::connect(&url, &settings(request, &upgrade)).await {
        Ok(Attempt::Connected(server)) => {
            let mut upgrade = upgrade;
            if let Some(subprotocol) = server.negotiated.subprotocol() {
                upgrade = upgrade.subprotocol(subprotocol)?;
            }
            if let Some(extensions) = server.negotiated.extensions() {
                upgrade = upgrade.extensions(extensions)?;
            }
            Ok(Answer::Accepted(upgrade.accept().0, server))
        }
        Ok(Attempt::Http(response)) => match passed_on(&response) {
            Ok(response) => Ok(Answer::Refused(response, None)),
            Err(error) => no_server(BAD_GATEWAY, &url, error.into()),
        },
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            no_server(GATEWAY_TIMEOUT, &url, error.into())
        }
        Err(error) => no_server(BAD_GATEWAY, &url, error.into()),
    }
}

/// Returns the settings for the handshake with the server.
///
/// They offer the client's extensions too, because their frames are passed on unchanged.
fn settings(request: &RequestHead, upgrade: &Upgrade<'_>) -> Settings {
    let headers = PASSED_HEADERS.iter().flat_map(|name| {
        let values =
            request.headers().all(name).filter_map(|value| std::str::from_utf8(value).ok());
        values.map(|value| (name.to_string(), value.to_owned()))
    });
    Settings {
        headers: headers.collect(),
        subprotocols: upgrade.subprotocols().map(str::to_owned).collect(),
        extensions: upgrade.offered_extensions(),
        timeout: HANDSHAKE_LIMIT,
        ..Settings::default()
    }
}

fn no_server(status: u16, url: &str, error: Failure) -> Result<Answer, Failure> {
    let reason = format!("{status} for {url}: {error}");
    Ok(Answer::Refused(Response::new(status)?, Some(reason.into())))
}

/// Returns the server's response for the client, with its end-to-end headers (RFC 9110 §7.6).
///
/// The body is left out, because its end would have to be found first.
fn passed_on(response: &client::ResponseHead) -> Result<Response, BuildError> {
    let mut passed = Response::new(response.status())?;
    let headers = response.headers();
    for (name, value) in headers.iter().filter(|(name, _)| is_end_to_end(name, headers)) {
        // `header` refuses the handshake's own headers: the new response has its own.
        passed = passed.clone().header(name, value).unwrap_or(passed);
    }
    Ok(passed)
}

/// Returns whether a header is end-to-end. RFC 9110 §7.6.1: those that `Connection` names, and a
/// few others, are for one hop only.
fn is_end_to_end(name: &str, headers: &Headers) -> bool {
    let named = headers.all("Connection").flat_map(|value| value.split(|&byte| byte == b','));
    let mut hop_by_hop = HOP_BY_HOP.iter().map(|name| name.as_bytes()).chain(named);
    !hop_by_hop.any(|other| other.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

/// The limit for each of the two handshakes.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The client's headers that the server may need. The handshake's own headers are written anew.
const PASSED_HEADERS: [&str; 4] = ["Origin", "User-Agent", "Cookie", "Authorization"];

/// Hop-by-hop headers that `Response` does not refuse itself. A trailer comes after a body.
const HOP_BY_HOP: [&str; 4] = ["Keep-Alive", "Proxy-Connection", "TE", "Trailer"];

/// RFC 9110 §15.5.1
const BAD_REQUEST: u16 = 400;
/// RFC 9110 §15.6.3
const BAD_GATEWAY: u16 = 502;
/// RFC 9110 §15.6.5
const GATEWAY_TIMEOUT: u16 = 504;

//! A client's whole way: its handshake, that of the server behind, and the tunnel between both.

use std::io;
use std::time::Duration;

use sansock::handshake::server::{RequestHead, Response, Upgrade};
use sansock::handshake::{BuildError, Headers, client};

use crate::connect::{self, Attempt, Connected, Settings, Stream};
use crate::request::{Received, request};
use crate::transport;
use crate::tunnel::Tunnel;

pub(crate) use crate::connect::Failure;

/// Serves one client with what the server at a URL, `ws://` or `wss://` and a host, says.
///
/// The error is what a log should say: why the server could not be reached, or how the tunnel failed.
///
/// A tunnel is left when neither end has sent anything for `idle_limit`.
pub(crate) async fn serve(
    mut client: Box<dyn Stream>,
    server: &str,
    idle_limit: Duration,
) -> Result<(), Failure> {
    let missing = "request not complete in time";
    let request = transport::within(HANDSHAKE_LIMIT, missing, request(&mut client)).await?;
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
    let told = refuse(&mut client, &response).await;
    // Why a client is refused is worth more than how it took that.
    match reason {
        Some(reason) => Err(reason),
        None => Ok(told?),
    }
}

async fn refuse(client: &mut Box<dyn Stream>, response: &Response) -> io::Result<()> {
    transport::write_all(client, &mut &response.encode()[..]).await?;
    transport::end(client).await
}

/// What a client is answered.
enum Answer {
    /// The 101, and the server at the other end of the tunnel.
    Accepted(Vec<u8>, Connected),
    /// Another response, and the reason where it is for the log alone.
    Refused(Response, Option<Failure>),
}

/// Shakes hands with the server for the client.
async fn open(request: &RequestHead, server: &str) -> Result<Answer, Failure> {
    let upgrade = match request.upgrade() {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(Answer::Refused(refusal.response(), None)),
    };
    // The other form, a whole URI, is for proxies that go wherever a client says.
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

/// What the server is asked for the client: extensions too, whose frames are passed on as they are.
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

/// The server's answer as the client gets it, RFC 9110 §7.6: with the headers that are end-to-end. The
/// body stays behind, as where it ends would have to be found out first.
fn passed_on(response: &client::ResponseHead) -> Result<Response, BuildError> {
    let mut passed = Response::new(response.status())?;
    let headers = response.headers();
    for (name, value) in headers.iter().filter(|(name, _)| is_end_to_end(name, headers)) {
        // The handshake's own headers are refused, as the new response has its own.
        passed = passed.clone().header(name, value).unwrap_or(passed);
    }
    Ok(passed)
}

/// RFC 9110 §7.6.1: what `Connection` names, and some that do without, is for one hop.
fn is_end_to_end(name: &str, headers: &Headers) -> bool {
    let named = headers.all("Connection").flat_map(|value| value.split(|&byte| byte == b','));
    let mut hop_by_hop = HOP_BY_HOP.iter().map(|name| name.as_bytes()).chain(named);
    !hop_by_hop.any(|other| other.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

/// For each of both handshakes.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// What the server may want to know of the client; the handshake's own headers are made anew.
const PASSED_HEADERS: [&str; 4] = ["Origin", "User-Agent", "Cookie", "Authorization"];

/// Those that `Response` does not refuse anyway; a trailer comes after a body.
const HOP_BY_HOP: [&str; 4] = ["Keep-Alive", "Proxy-Connection", "TE", "Trailer"];

/// RFC 9110 §15.5.1
const BAD_REQUEST: u16 = 400;
/// RFC 9110 §15.6.3
const BAD_GATEWAY: u16 = 502;
/// RFC 9110 §15.6.5
const GATEWAY_TIMEOUT: u16 = 504;

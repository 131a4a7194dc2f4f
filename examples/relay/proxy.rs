//! A client's whole way: its handshake, that of the server behind, and the tunnel between both.

use std::error::Error;
use std::time::Duration;

use sansock::handshake::server::{Handshake, Refusal, Request, Response, Upgrade};
use tokio::time::timeout;

use crate::connect::{self, Attempt, Connected, Settings, Stream};
use crate::transport;
use crate::tunnel::Tunnel;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// Serves one client with what the server at a URL, `ws://` or `wss://` and a host, says.
pub(crate) async fn serve(mut client: Box<dyn Stream>, server: &str) -> Result<(), Failure> {
    match timeout(HANDSHAKE_DEADLINE, open(&mut client, server)).await?? {
        Some((early, server)) => Tunnel::new(client, server.stream).run(early, server.early).await,
        None => Ok(transport::end(&mut client).await?),
    }
}

/// Shakes hands with the client and with the server. Gives the bytes that came after the client's
/// request, frames already, and the server; nothing where the client was refused.
async fn open(
    client: &mut Box<dyn Stream>,
    server: &str,
) -> Result<Option<(Vec<u8>, Connected)>, Failure> {
    let Some((request, early)) = request(client).await? else { return Ok(None) };
    let upgrade = match request.upgrade() {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refuse(client, &refusal.response()).await,
    };
    // The other form, a whole URI, is for proxies that go wherever a client says.
    if !request.target().starts_with('/') {
        return refuse(client, &Response::new(BAD_REQUEST)?).await;
    }
    let url = [server, request.target()].concat();
    let server = match connect::connect(&url, &settings(&request, &upgrade)).await.ok() {
        Some(Attempt::Connected(server)) => server,
        Some(Attempt::Http(response)) => {
            return refuse(client, &Response::new(response.status())?).await;
        }
        None => return refuse(client, &Response::new(BAD_GATEWAY)?).await,
    };
    let upgrade = match server.negotiated.subprotocol() {
        Some(subprotocol) => upgrade.subprotocol(subprotocol)?,
        None => upgrade,
    };
    transport::write_all(client, &mut &upgrade.accept().0[..]).await?;
    Ok(Some((early, server)))
}

/// Reads the client's request, and what comes with its last bytes; nothing where there is none.
async fn request(client: &mut Box<dyn Stream>) -> Result<Option<(Request, Vec<u8>)>, Failure> {
    let take = |handshake: &mut Handshake, bytes: &mut [u8]| -> Result<_, Refusal> {
        let (taken, request) = handshake.receive(bytes)?;
        let early = bytes.get(taken..).unwrap_or_default();
        Ok((bytes.is_empty(), request.map(|request| (request, early.to_vec()))))
    };
    let mut handshake = Handshake::default();
    loop {
        match transport::read(client, &mut handshake, take, |_| ()).await? {
            Ok((false, None)) => {}
            Ok((_, received)) => return Ok(received),
            Err(refusal) => return refuse(client, &refusal.response()).await,
        }
    }
}

async fn refuse<T>(
    client: &mut Box<dyn Stream>,
    response: &Response,
) -> Result<Option<T>, Failure> {
    transport::write_all(client, &mut &response.encode()[..]).await?;
    Ok(None)
}

/// What the server is asked for the client. No extension is offered: a proxy whose ends may agree on
/// one passes that header on too, and allows its bits with `Relay::with_rsv`.
fn settings(request: &Request, upgrade: &Upgrade<'_>) -> Settings {
    let headers = PASSED_HEADERS.iter().flat_map(|name| {
        let values =
            request.headers().all(name).filter_map(|value| std::str::from_utf8(value).ok());
        values.map(|value| (name.to_string(), value.to_owned()))
    });
    let subprotocols = upgrade.subprotocols().map(str::to_owned).collect();
    Settings { headers: headers.collect(), subprotocols, ..Settings::default() }
}

/// For both handshakes together.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// What the server may want to know of the client; the handshake's own headers are made anew.
const PASSED_HEADERS: [&str; 4] = ["Origin", "User-Agent", "Cookie", "Authorization"];

/// RFC 9110 §15.5.1
const BAD_REQUEST: u16 = 400;
/// RFC 9110 §15.6.3
const BAD_GATEWAY: u16 = 502;

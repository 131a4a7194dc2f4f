//! One end of a WebSocket by Extended CONNECT, RFC 8441 and RFC 9220. Its HTTP library is another
//! process, such as `http3.py`.
//!
//! ```text
//! connect_pipe server            answers one request, and echoes
//! connect_pipe client URL        sends a request, and then messages, which have to come back
//! ```
//!
//! What the peer sends is on standard input, and what it is to be sent on standard output, as
//! records. A record is a line with a kind and a length, and then so many bytes: `headers`, with a
//! line `name: value` for each field, `data`, and `end`, which is empty.

use std::error::Error;
use std::io::{self, BufRead, ErrorKind, Read, StdinLock, Write};
use std::{env, str};

use sansock::blocking::{Transport, WebSocket};
use sansock::endpoint::Endpoint;
use sansock::handshake::client::{Outcome, Request};
use sansock::handshake::connect::{ConnectHead, ConnectRefusal, PseudoFields};
use sansock::timer::Clock;
use sansock::{CloseCode, CloseStatus, Config, Connection, Message, Negotiated};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let pipe = Pipe { input: io::stdin().lock(), left: 0 };
    match &arguments[..] {
        [role] if role == "server" => serve(pipe),
        [role, url] if role == "client" => ask(pipe, &Request::new(url)?.subprotocol("echo")?),
        _ => Err("usage: connect_pipe server | client URL".into()),
    }
}

fn serve(mut pipe: Pipe) -> Result {
    let (pseudo, fields) = pipe.read_headers()?;
    let field = |name: &str| {
        pseudo.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    };
    let mut request = PseudoFields::default();
    request.method = field(":method").unwrap_or_default();
    (request.protocol, request.scheme) = (field(":protocol"), field(":scheme"));
    (request.authority, request.path) = (field(":authority"), field(":path"));
    let head = ConnectHead::from_parts(request, fields).map_err(ConnectRefusal::from);
    let upgrade = match head.as_ref().map_err(|refusal| *refusal).and_then(ConnectHead::upgrade) {
        Ok(upgrade) => upgrade.select_subprotocol(&["echo"]),
        Err(refusal) => {
            pipe.write_headers(
                &[(":status", &refusal.status().to_string())],
                refusal.fields().iter(),
            )?;
            pipe.write_all(refusal.content().as_bytes())?;
            return Ok(write_record("end", b"")?);
        }
    };
    let (fields, negotiated) = upgrade.accept_fields();
    pipe.write_headers(&[(":status", "200")], fields.iter())?;
    let mut ws = open(pipe, Config::server(), &negotiated)?;
    while let Some(message) = ws.receive()? {
        ws.send(message)?;
    }
    Ok(())
}

fn ask(mut pipe: Pipe, request: &Request) -> Result {
    let (pseudo, fields, handshake) = request.start_connect();
    let named = [
        (":method", Some(pseudo.method)),
        (":protocol", pseudo.protocol),
        (":scheme", pseudo.scheme),
        (":authority", pseudo.authority),
        (":path", pseudo.path),
    ];
    let named: Vec<_> = named.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    pipe.write_headers(&named, fields.iter())?;
    let (pseudo, fields) = pipe.read_headers()?;
    let [(_, status)] = &pseudo[..] else { return Err("more than :status".into()) };
    let negotiated = match handshake.receive_head(status.parse()?, fields)? {
        Outcome::Established { negotiated, .. } => negotiated,
        other => return Err(format!("not a WebSocket: {other:?}").into()),
    };
    assert_eq!(negotiated.subprotocol(), Some("echo"));
    let mut ws = open(pipe, Config::client(), &negotiated)?;
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20] {
        for message in [Message::from("x".repeat(len)), Message::from(vec![0xff; len])] {
            ws.send(message.clone())?;
            assert!(ws.receive()? == Some(message), "message of {len} bytes");
        }
    }
    let code = CloseCode::new(4321).ok_or("4321 is no code")?;
    ws.close(code, "enough")?;
    assert_eq!(ws.receive()?, None);
    assert_eq!(ws.endpoint().close_status(), CloseStatus::Code(code));
    Ok(())
}

fn open(pipe: Pipe, config: Config, negotiated: &Negotiated) -> Result<WebSocket<Pipe>> {
    let endpoint =
        Endpoint::from_connection(Connection::from_negotiated(config, negotiated)?, None);
    Ok(WebSocket::from_parts(pipe, endpoint, &[], Clock::start()))
}

/// The records of a stream.
struct Pipe {
    input: StdinLock<'static>,
    /// How many bytes of the current record of data are not read yet.
    left: usize,
}

type Fields = Vec<(String, String)>;

impl Pipe {
    /// Reads a record of headers. Returns the pseudo-header fields and the others.
    fn read_headers(&mut self) -> Result<(Fields, Fields)> {
        let (kind, len) = self.read_head()?;
        let mut record = vec![0; len];
        self.input.read_exact(&mut record)?;
        if kind != "headers" {
            return Err(format!("{kind} instead of headers").into());
        }
        let fields = str::from_utf8(&record)?.lines().map(|line| {
            let (name, value) = line.split_once(": ").ok_or("a field without a value")?;
            Ok((name.to_owned(), value.to_owned()))
        });
        let fields: Fields = fields.collect::<Result<_>>()?;
        Ok(fields.into_iter().partition(|(name, _)| name.starts_with(':')))
    }

    fn read_head(&mut self) -> io::Result<(String, usize)> {
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        let (kind, len) = line.trim_end().split_once(' ').ok_or(ErrorKind::UnexpectedEof)?;
        Ok((kind.to_owned(), len.parse().map_err(io::Error::other)?))
    }

    fn write_headers<'a>(
        &mut self,
        pseudo: &[(&str, &str)],
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> io::Result<()> {
        let mut record = Vec::new();
        for (name, value) in pseudo {
            writeln!(record, "{name}: {value}")?;
        }
        for (name, value) in fields {
            record.extend([name.as_bytes(), b": ", value, b"\n"].concat());
        }
        write_record("headers", &record)
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            match self.read_head()? {
                (kind, len) if kind == "data" => self.left = len,
                (kind, _) if kind == "end" => return Ok(0),
                (kind, _) => return Err(io::Error::other(format!("{kind} instead of data"))),
            }
        }
        let len = buffer.len().min(self.left);
        let len = self.input.read(buffer.get_mut(..len).unwrap_or_default())?;
        self.left -= len;
        if len == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(len) }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_record("data", bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Pipe {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        write_record("end", b"")?;
        Ok(true)
    }
}

fn write_record(kind: &str, content: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{kind} {}", content.len())?;
    output.write_all(content)?;
    output.flush()
}

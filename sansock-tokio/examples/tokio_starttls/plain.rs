//! The lines before TLS, at both ends. A line ends with CRLF, and a reply begins with its code.
//!
//! An attacker on the way can add bytes to what is sent in the clear. A buffered reader may read
//! them together with the line before TLS. If it were read again after the TLS handshake, they would
//! be treated as if they had come by TLS, from the authenticated peer (CVE-2011-0411). So both ends
//! refuse bytes behind the last line. What arrives later is read by TLS, which fails at it.

use std::{fmt, io};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Serves the commands of a client, up to STARTTLS. Then TLS begins on the stream that is returned.
/// Returns `None` if the client quits.
pub(crate) async fn serve(stream: TcpStream) -> Result<Option<TcpStream>, Error> {
    let mut plain = BufReader::new(stream);
    write(&mut plain, "220 send HELP, STARTTLS or QUIT").await?;
    for _ in 0..MAX_COMMANDS {
        match &*read(&mut plain).await? {
            "HELP" => write(&mut plain, "214 HELP, STARTTLS, QUIT").await?,
            "STARTTLS" => {
                if let Err(error) = expect_empty(&plain) {
                    write(&mut plain, "501 bytes behind STARTTLS").await?;
                    return Err(error);
                }
                write(&mut plain, "220 begin TLS").await?;
                return Ok(Some(plain.into_inner()));
            }
            "QUIT" => return write(&mut plain, "221 bye").await.map(|()| None),
            _ => write(&mut plain, "500 unknown command").await?,
        }
    }
    Err(Error::TooManyCommands)
}

/// Asks a server to begin TLS on the stream that is returned.
///
/// Every error ends the connection: a client that went on in the clear would do what an attacker
/// wants that removes STARTTLS from the replies.
pub(crate) async fn start_tls(stream: TcpStream) -> Result<TcpStream, Error> {
    let mut plain = BufReader::new(stream);
    expect_ready(&mut plain).await?;
    write(&mut plain, "STARTTLS").await?;
    expect_ready(&mut plain).await?;
    Ok(plain.into_inner())
}

/// Reads the reply 220, behind which the server waits. So anything behind it was injected: behind
/// the greeting it would be the reply to STARTTLS, behind that reply it would be read by TLS.
async fn expect_ready(plain: &mut BufReader<TcpStream>) -> Result<(), Error> {
    let reply = read(plain).await?;
    if !reply.starts_with("220 ") {
        return Err(Error::Refused(reply));
    }
    expect_empty(plain)
}

/// Checks that the reader has read nothing ahead.
fn expect_empty(plain: &BufReader<TcpStream>) -> Result<(), Error> {
    match plain.buffer().len() {
        0 => Ok(()),
        len => Err(Error::Injected(len)),
    }
}

/// Reads a line, and returns it without its CRLF.
async fn read(plain: &mut BufReader<TcpStream>) -> Result<String, Error> {
    let mut line = Vec::new();
    plain.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None if line.len() as u64 == MAX_LINE => Err(Error::LineTooLong),
        None if line.ends_with(b"\n") => Err(Error::BareLineFeed),
        None => Err(Error::Closed),
    }
}

/// Writes a line in one write.
async fn write(plain: &mut BufReader<TcpStream>, line: &str) -> Result<(), Error> {
    Ok(plain.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?)
}

/// The number of bytes of a line, with its CRLF.
const MAX_LINE: u64 = 512;

/// The number of commands of a client before TLS.
const MAX_COMMANDS: usize = 8;

/// Why TLS does not begin.
#[derive(Debug)]
pub(crate) enum Error {
    Io(io::Error),
    /// The peer has closed the connection before TLS.
    Closed,
    LineTooLong,
    BareLineFeed,
    TooManyCommands,
    /// The reply of the server that should have been 220.
    Refused(String),
    /// The number of bytes behind the line after which the peer has to wait.
    Injected(usize),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "no TLS: {error}"),
            Error::Closed => f.write_str("no TLS: the peer closed the connection"),
            Error::LineTooLong => write!(f, "no TLS: a line is longer than {MAX_LINE} bytes"),
            Error::BareLineFeed => f.write_str("no TLS: a line ends without CR"),
            Error::TooManyCommands => write!(f, "no TLS: more than {MAX_COMMANDS} commands"),
            // Escaped, because it may come from an attacker, and is read in a terminal.
            Error::Refused(reply) => write!(f, "no TLS: the server replied {reply:?}"),
            Error::Injected(len) => write!(f, "no TLS: {len} bytes were injected before it"),
        }
    }
}

impl std::error::Error for Error {}

//! An echo server on `io_uring`, which is given buffers and gives them back: `Endpoint` does not mind.
//!
//! ```text
//! cargo run --example uring_echo [ADDRESS]
//! ```
//!
//! Linux only, with a kernel that allows `io_uring`.

#[cfg(target_os = "linux")]
mod websocket;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use sansock::Config;
    use sansock::endpoint::{RequestPolicy, Settings};
    use tokio_uring::net::TcpListener;

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let address = address.parse().map_err(std::io::Error::other)?;
    let mut settings = Settings::new(Config::server());
    settings.requests = RequestPolicy::AcceptUnseen;
    tokio_uring::start(async {
        let listener = TcpListener::bind(address)?;
        println!("listening on ws://{}/", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            let settings = settings.clone();
            tokio_uring::spawn(async move {
                if let Err(error) = echo(stream, &settings).await {
                    eprintln!("{error}");
                }
            });
        }
    })
}

#[cfg(target_os = "linux")]
async fn echo(
    stream: tokio_uring::net::TcpStream,
    settings: &sansock::endpoint::Settings,
) -> Result<(), websocket::Error> {
    let clock = sansock::timer::Clock::start();
    let endpoint = sansock::endpoint::Endpoint::server(settings, clock.now())?;
    let mut ws = websocket::WebSocket::new(stream, endpoint, clock);
    ws.open().await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("io_uring is a part of Linux");
}

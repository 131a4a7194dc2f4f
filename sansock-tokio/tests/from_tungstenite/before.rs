use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::interval;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{accept_async_with_config, connect_async};

/// Numbers the lines of each client.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            match number(stream).await {
                Ok(()) | Err(Error::ConnectionClosed) => {}
                Err(error) => eprintln!("{peer}: {error}"),
            }
        });
    }
}

async fn number(stream: TcpStream) -> Result<(), Error> {
    let config = WebSocketConfig::default().max_message_size(Some(1 << 20));
    let mut ws = accept_async_with_config(stream, Some(config)).await?;
    let mut count = 0;
    let mut ticks = interval(Duration::from_secs(30));
    loop {
        tokio::select! {
            message = ws.next() => match message {
                Some(Ok(Message::Text(line))) => {
                    count += 1;
                    ws.send(Message::text(format!("{count}: {line}"))).await?;
                }
                Some(Ok(Message::Binary(_))) => {
                    let reason = "text only".into();
                    ws.close(Some(CloseFrame { code: CloseCode::Unsupported, reason })).await?;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
            _ = ticks.tick() => ws.send(Message::Ping(Bytes::new())).await?,
        }
    }
}

/// Sends lines, and returns the answers.
pub async fn ask(url: &str, lines: &[&str]) -> Result<Vec<String>, Error> {
    let (ws, _response) = connect_async(url).await?;
    let (mut sink, mut stream) = ws.split();
    for line in lines {
        sink.send(Message::text(*line)).await?;
    }
    let mut answers = Vec::new();
    while let Some(message) = stream.next().await {
        if let Message::Text(answer) = message? {
            answers.push(answer.to_string());
            if answers.len() == lines.len() {
                sink.send(Message::Close(None)).await?;
            }
        }
    }
    Ok(answers)
}

use sansock::Config;
use sansock_tokio::{CloseCode, Error, Message, Settings, accept_with, connect};
use tokio::net::{TcpListener, TcpStream};

/// Numbers the lines of each client.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            if let Err(error) = number(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn number(stream: TcpStream) -> Result<(), Error> {
    let mut config = Config::server();
    config.limits.message = 1 << 20;
    let settings = Settings::new(config); // pings a peer that is silent for 30 seconds
    let mut ws = accept_with(stream, &settings, async |_| ()).await?;
    let mut count = 0;
    while let Some(message) = ws.receive().await? {
        match message {
            Message::Text(line) => {
                count += 1;
                ws.send(format!("{count}: {line}")).await?;
            }
            Message::Binary(_) => ws.close(CloseCode::UNSUPPORTED_DATA, "text only").await?,
        }
    }
    Ok(())
}

/// Sends lines, and returns the answers.
pub async fn ask(url: &str, lines: &[&str]) -> Result<Vec<String>, Error> {
    let ws = connect(url).await?;
    let (mut receiving, mut sending) = ws.split();
    for line in lines {
        sending.send(*line).await?;
    }
    let mut answers = Vec::new();
    while let Some(message) = receiving.receive().await? {
        if let Message::Text(answer) = message {
            answers.push(answer.to_string());
            if answers.len() == lines.len() {
                sending.close(CloseCode::NORMAL, "").await?;
            }
        }
    }
    Ok(answers)
}

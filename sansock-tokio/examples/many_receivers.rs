//! Sends each message to 10 000 receivers over loopback, and prints what that takes: encoded once for
//! all of them by a `PreparedMessage`, and encoded for each.
//!
//! ```text
//! cargo run --release -p sansock-tokio --example many_receivers -- [RECEIVERS [ROUNDS]]
//! ```
//!
//! Needs a file descriptor for each receiver. The receivers are in a process of their own. The
//! processor time is that of the server, from Linux's `/proc`.

use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use sansock::message::PreparedMessage;
use sansock_tokio::{Message, Request, WebSocket, accept, client};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A message to all.
#[derive(Clone)]
enum News {
    EncodedOnce(PreparedMessage),
    EncodedForEach(Message),
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, count] = &arguments[..] {
        assert_eq!(role, "receive");
        return receive(address, count.parse()?).await;
    }
    let number = |n: usize, default| arguments.get(n).map_or(Ok(default), |it| it.parse());
    let (count, rounds) = (number(0, 10_000)?, number(1, 20)?);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, program) = (listener.local_addr()?.to_string(), std::env::current_exe()?);
    Command::new(program).args(["receive", &address, &count.to_string()]).spawn()?;
    let news = broadcast::Sender::new(16);
    let (written, mut all_written) = mpsc::channel(count);
    for _ in 0..count {
        let ws = accept(listener.accept().await?.0).await?;
        tokio::spawn(deliver(ws, news.subscribe(), written.clone()));
    }

    println!("{count} receivers, {rounds} rounds");
    for len in [125, 16 << 10] {
        let message = Message::from(vec![7; len]);
        let prepared = News::EncodedOnce(PreparedMessage::new(message.clone()));
        for (name, message) in
            [("encoded once", prepared), ("encoded for each", News::EncodedForEach(message))]
        {
            let (start, cpu) = (Instant::now(), cpu_millis());
            for _ in 0..rounds {
                drop(news.send(message.clone()));
                for _ in 0..count {
                    all_written.recv().await.ok_or("a receiver was lost")?;
                }
            }
            let deliveries = (count * rounds) as f64;
            let micros = |millis: f64| millis * 1000.0 / deliveries;
            let (wall, cpu) = (start.elapsed().as_secs_f64() * 1000.0, cpu_millis() - cpu);
            let (wall, cpu) = (micros(wall), micros(cpu));
            println!("{len:5} B, {name:16}: {cpu:5.2} µs of processor time, {wall:5.2} µs, each");
        }
    }
    Ok(())
}

/// Passes the news on to one receiver. One that is too slow for the channel is dropped.
async fn deliver(
    mut ws: WebSocket<TcpStream>,
    mut news: broadcast::Receiver<News>,
    written: mpsc::Sender<()>,
) -> Outcome {
    loop {
        match news.recv().await? {
            News::EncodedOnce(message) => ws.connection().send_prepared(&message)?,
            News::EncodedForEach(message) => ws.queue(message)?,
        }
        ws.flush().await?;
        written.send(()).await?;
    }
}

/// Receives over many connections, until the server ends.
async fn receive(address: &str, count: usize) -> Outcome {
    let request = Arc::new(Request::new(&format!("ws://{address}/"))?);
    let mut connections = JoinSet::new();
    for _ in 0..count {
        let mut ws = client(&request, TcpStream::connect(address).await?).await?;
        connections.spawn(async move {
            while ws.fill().await? {
                while ws.next_event().is_some() {}
            }
            Ok::<_, sansock_tokio::Error>(())
        });
    }
    connections.join_all().await;
    Ok(())
}

/// Returns the processor time of this process, user and system, in milliseconds.
fn cpu_millis() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields after the name of the program, which may contain spaces. A tick is 10 ms.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

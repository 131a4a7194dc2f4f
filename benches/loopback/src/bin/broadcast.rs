//! Measures one message to many receivers: see README.md.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Instant;
use std::{env, thread};

use mio::net::TcpStream as Stream;
use mio::{Events, Interest, Poll, Token};
use sansock_loopback::figures::{Figures, head, row};
use sansock_loopback::process::{self, Worker};
use sansock_loopback::{Failure, handshake, load, server, sockets};
use sansock_tokio::Message;
use sansock_tokio::sansock::message::PreparedMessage;
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, Receiver, Sender};

const USAGE: &str = "usage: cargo run --release --bin broadcast -- [RECEIVERS [ROUNDS]]";

/// How the server sends.
const WAYS: [&str; 2] = ["`send_prepared`", "`send` of shared data"];

/// What a task sends to its client.
#[derive(Clone)]
enum News {
    Prepared(Arc<PreparedMessage>),
    Message(Message),
}

fn main() -> Result<(), Failure> {
    let limit = process::raise_open_files();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["server", way, payload] => serve(way == "0", payload.parse()?),
        ["client", receivers, port, payload] => {
            receive(receivers.parse()?, port.parse()?, payload.parse()?)
        }
        [] => measure(10_000.min(limit - 64), 20),
        [receivers] => measure(receivers.parse()?, 20),
        [receivers, rounds] => measure(receivers.parse()?, rounds.parse()?),
        _ => Err(USAGE.into()),
    }
}

fn measure(receivers: u64, rounds: usize) -> Result<(), Failure> {
    println!("One message to {receivers} receivers, {rounds} rounds:\n");
    let columns = ["", "until all have it, ms", "quartiles", "processor µs each", "quartiles"];
    println!("{}", head(&columns, 1));
    for payload in [125, 1024, 16 << 10] {
        for (i, way) in WAYS.iter().enumerate() {
            let (elapsed, processor) = measure_way(i, payload, receivers, rounds)?;
            let cells = [
                format!("{payload} B, {way}"),
                format!("{:.1}", elapsed.median()),
                format!("{:.1}–{:.1}", elapsed.quantile(0.25), elapsed.quantile(0.75)),
                format!("{:.2}", processor.median()),
                format!("{:.2}–{:.2}", processor.quantile(0.25), processor.quantile(0.75)),
            ];
            println!("{}", row(&cells));
        }
    }
    Ok(())
}

/// Returns the milliseconds until all have the message, and the server's microseconds for each.
fn measure_way(
    way: usize,
    payload: usize,
    receivers: u64,
    rounds: usize,
) -> Result<(Figures, Figures), Failure> {
    let [way, payload] = [way, payload].map(|number| number.to_string());
    let mut server = Worker::start(&["server", &way, &payload])?;
    let port = server.receive()?.first().ok_or("no port")?.to_string();
    let mut client = Worker::start(&["client", &receivers.to_string(), &port, &payload])?;
    client.receive()?;
    let (mut elapsed, mut processor) = <(Figures, Figures)>::default();
    for round in 0..=rounds {
        let before = server.ask("usage")?;
        let start = Instant::now();
        server.ask("publish")?;
        client.receive()?;
        let time = start.elapsed();
        let after = server.ask("usage")?;
        // The first round allocates.
        if round > 0 {
            let used = after[0] + after[1] - before[0] - before[1];
            elapsed.0.push(time.as_secs_f64() * 1000.0);
            processor.0.push(used as f64 / receivers as f64);
        }
    }
    Ok((elapsed, processor))
}

/// Serves clients, each by a task that waits for news.
fn serve(is_prepared: bool, payload: usize) -> Result<(), Failure> {
    process::stay_on(process::PROCESSORS.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = sockets::listen()?;
        process::say(&[listener.local_addr()?.port().into()])?;
        let (sender, _) = broadcast::channel(16);
        let publisher = sender.clone();
        thread::spawn(move || answer(&publisher, is_prepared, payload));
        loop {
            let (stream, _) = listener.accept().await?;
            let news = sender.subscribe();
            tokio::spawn(serve_one(stream, news));
        }
    })
}

/// Publishes, or says what was used.
fn answer(publisher: &Sender<News>, is_prepared: bool, payload: usize) {
    let message = Message::from(vec![7; payload]);
    while let Some(line) = process::next_line() {
        if line == "publish" {
            // To prepare it is a part of the work.
            let news = match is_prepared {
                true => News::Prepared(Arc::new(PreparedMessage::new(message.clone()))),
                false => News::Message(message.clone()),
            };
            let _ = publisher.send(news);
        }
        server::say_usage();
    }
}

async fn serve_one(stream: TcpStream, mut news: Receiver<News>) -> Result<(), Failure> {
    let mut ws = sansock_tokio::accept(stream).await?;
    loop {
        tokio::select! {
            received = ws.receive() => {
                if received?.is_none() {
                    return Ok(());
                }
            }
            news = news.recv() => {
                match news? {
                    News::Prepared(message) => ws.connection().send_prepared(&message)?,
                    News::Message(message) => ws.queue(message)?,
                }
                ws.flush().await?;
            }
        }
    }
}

/// Connects all receivers, and says at each message that all of them have it.
fn receive(receivers: usize, port: u16, payload: usize) -> Result<(), Failure> {
    process::stay_on(process::PROCESSORS.1);
    let mut poll = Poll::new()?;
    let mut streams = Vec::with_capacity(receivers);
    for i in 0..receivers {
        let mut stream = sockets::connect(port)?;
        handshake::connect(&mut stream)?;
        stream.set_nonblocking(true)?;
        let mut stream = Stream::from_std(stream);
        poll.registry().register(&mut stream, Token(i), Interest::READABLE)?;
        streams.push(stream);
    }
    process::say(&[])?;
    let expected = receivers * load::frame(0x82, &vec![7; payload], None).len();
    let (mut events, mut memory) = (Events::with_capacity(1024), vec![0; 64 << 10]);
    let mut received = 0;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let Some(stream) = streams.get_mut(event.token().0) else { continue };
            match stream.read(&mut memory) {
                Ok(0) => return Ok(()),
                Ok(len) => received += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        if received >= expected {
            received -= expected;
            process::say(&[])?;
        }
    }
}

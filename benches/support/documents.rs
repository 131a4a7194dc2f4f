//! What programs compress: messages of four kinds, the same in every run.
#![allow(dead_code, reason = "each benchmark uses what it needs")]

use sansock::Message;

/// A kind of messages.
#[derive(Clone, Copy)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) is_text: bool,
    /// Appends a piece of the document.
    write: fn(&mut Vec<u8>, &mut Random),
}

pub(crate) const DOCUMENTS: [Document; 4] = [
    Document { name: "json", is_text: true, write: json },
    Document { name: "log", is_text: true, write: log },
    Document { name: "html", is_text: true, write: html },
    Document { name: "random", is_text: false, write: random },
];

impl Document {
    /// Returns these bytes as a message of this kind.
    pub(crate) fn message(&self, bytes: &[u8]) -> Message {
        match self.is_text {
            true => String::from_utf8(bytes.to_vec()).expect("ASCII").into(),
            false => bytes.to_vec().into(),
        }
    }

    /// Returns `count` messages of `size` bytes: the document, cut.
    pub(crate) fn messages(&self, size: usize, count: usize) -> Vec<Vec<u8>> {
        let (mut random, mut text) = (Random(1), Vec::new());
        while text.len() < size * count {
            (self.write)(&mut text, &mut random);
        }
        text.chunks(size).take(count).map(<[u8]>::to_vec).collect()
    }
}

/// A generator of random numbers: xorshift.
pub(crate) struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.next() as usize % words.len()]
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }
}

const NAMES: [&str; 8] = ["AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "TSLA", "META", "INTC"];

fn json(to: &mut Vec<u8>, random: &mut Random) {
    let order = format!(
        r#"{{"type":"{}","id":{},"symbol":"{}","side":"{}","price":{}.{:02},"quantity":{},"time":"2026-11-27T12:{:02}:{:02}.{:03}Z"}},"#,
        random.of(&["order", "trade", "cancel"]),
        random.next(),
        random.of(&NAMES),
        random.of(&["buy", "sell"]),
        random.below(900),
        random.below(100),
        random.below(1000),
        random.below(60),
        random.below(60),
        random.below(1000),
    );
    to.extend_from_slice(order.as_bytes());
}

fn log(to: &mut Vec<u8>, random: &mut Random) {
    let line = format!(
        "10.0.{}.{} - - [27/Nov/2026:12:{:02}:{:02} +0000] \"{} /{}/{} HTTP/1.1\" {} {} \"-\" \"{}\"\n",
        random.below(256),
        random.below(256),
        random.below(60),
        random.below(60),
        random.of(&["GET", "GET", "GET", "POST"]),
        random.of(&["api/v1/items", "static/css", "images", "search"]),
        random.below(100_000),
        random.of(&["200", "200", "304", "404"]),
        random.below(100_000),
        random.of(&["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "python-requests/2.31"]),
    );
    to.extend_from_slice(line.as_bytes());
}

fn html(to: &mut Vec<u8>, random: &mut Random) {
    let row = format!(
        "<tr class=\"{}\"><td><a href=\"/quote/{}?id={}\">{}</a></td><td class=\"number\">{}.{:02}</td></tr>\n",
        random.of(&["odd", "even"]),
        random.of(&NAMES),
        random.below(1_000_000),
        random.of(&NAMES),
        random.below(900),
        random.below(100),
    );
    to.extend_from_slice(row.as_bytes());
}

fn random(to: &mut Vec<u8>, random: &mut Random) {
    to.extend_from_slice(&random.next().to_le_bytes());
}

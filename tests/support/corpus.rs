//! The corpora of `tests/verdicts`: parses their language into bytes.
//!
//! Needs nothing but the standard library, so that any program can include it by its path.
//! `tests/interop/corpus.py` and `corpus.js` read the same language. [`fingerprint`] shows whether
//! they read the same bytes.
#![allow(dead_code, reason = "each program uses what it needs")]
#![allow(missing_docs, unreachable_pub, reason = "no API")]
#![allow(clippy::expect_used, clippy::panic, reason = "a corpus that cannot be read is no corpus")]

/// Which end reads a stream. A server expects masked frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    Server,
    Client,
}

/// A named series of bytes.
#[derive(Clone, Debug)]
pub struct Case {
    /// A word for the kind and the name, as in the files of verdicts: `server text-empty`.
    pub key: String,
    pub bytes: Vec<u8>,
}

/// The mask key of frames that do not name another one. It is that of RFC 6455 §5.7.
pub const KEY: u32 = 0x37FA_213D;

impl Receiver {
    pub const BOTH: [Receiver; 2] = [Receiver::Server, Receiver::Client];

    pub fn name(self) -> &'static str {
        match self {
            Receiver::Server => "server",
            Receiver::Client => "client",
        }
    }
}

/// Returns the cases of a corpus of streams, each for both receivers unless it names one.
///
/// The key begins with `prefix` and the receiver.
pub fn streams(prefix: &str, corpus: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, words) in lines(corpus) {
        let (name, only) = name.split_once(' ').map_or((name, None), |(a, b)| (a, Some(b)));
        for receiver in Receiver::BOTH {
            if only.is_none_or(|only| only == receiver.name()) {
                let frames = words.split(|word| *word == Word::Bar);
                let bytes = frames.flat_map(|words| frame(words, receiver)).collect();
                cases.push(Case { key: format!("{prefix}{} {name}", receiver.name()), bytes });
            }
        }
    }
    cases
}

/// Returns the cases of a corpus of heads. Each is the first one, which is called `plain`, with its
/// own edits.
pub fn heads(kind: &str, corpus: &str) -> Vec<Case> {
    let mut plain = Vec::new();
    let mut cases = Vec::new();
    for (name, words) in lines(corpus) {
        let mut head = plain.clone();
        for words in words.split(|word| *word == Word::Bar) {
            edit(&mut head, words);
        }
        if name == "plain" {
            plain.clone_from(&head);
        }
        cases.push(Case { key: format!("{kind} {name}"), bytes: head });
    }
    cases
}

/// Returns the 32-bit FNV-1a hash of `bytes`.
pub fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Returns the name and the words of each line that is neither empty nor a comment.
fn lines(corpus: &str) -> impl Iterator<Item = (&str, Vec<Word>)> {
    let lines = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (name, rest) = line.split_once(':').expect("a line has a name and a colon");
        (name, words(rest))
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// `|`
    Bar,
    Plain(String),
    /// A quoted string, repeated.
    Quoted(Vec<u8>),
}

fn words(mut line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    loop {
        line = line.trim_start();
        if line.is_empty() {
            return words;
        }
        if let Some(rest) = line.strip_prefix('"') {
            let (bytes, rest) = quoted(rest);
            let end = rest.find(' ').unwrap_or(rest.len());
            let (times, rest) = rest.split_at(end);
            let times = times.strip_prefix('*').map_or(1, |n| n.parse().expect("a number"));
            words.push(Word::Quoted(bytes.repeat(times)));
            line = rest;
        } else {
            let (word, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
            words.push(if word == "|" { Word::Bar } else { Word::Plain(word.into()) });
            line = rest;
        }
    }
}

/// Reads a string up to its closing quote. Returns its bytes and what follows.
fn quoted(line: &str) -> (Vec<u8>, &str) {
    let mut bytes = Vec::new();
    let mut rest = line;
    loop {
        let mut chars = rest.chars();
        match chars.next().expect("a string ends with a quote") {
            '"' => return (bytes, chars.as_str()),
            '\\' => match chars.next() {
                Some('x') => {
                    let (digits, after) = chars.as_str().split_at(2);
                    bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
                    chars = after.chars();
                }
                Some('r') => bytes.push(b'\r'),
                Some('n') => bytes.push(b'\n'),
                Some(same @ ('"' | '\\')) => bytes.push(same as u8),
                other => panic!("unknown escape {other:?}"),
            },
            char => bytes.extend(char.encode_utf8(&mut [0; 4]).bytes()),
        }
        rest = chars.as_str();
    }
}

/// What the words of a frame say.
struct Frame {
    first: u8,
    is_masked: bool,
    key: [u8; 4],
    /// 7, 16 or 64, or nothing for the shortest.
    len_bits: Option<u8>,
    /// The length that the header declares, if it is not that of the payload.
    declared: Option<u64>,
    payload: Vec<u8>,
}

fn frame(words: &[Word], receiver: Receiver) -> Vec<u8> {
    let Some((Word::Plain(first), rest)) = words.split_first() else {
        panic!("a frame begins with its opcode: {words:?}");
    };
    let is_masked = receiver == Receiver::Server;
    let mut frame = Frame {
        first: 0,
        is_masked,
        key: KEY.to_be_bytes(),
        len_bits: None,
        declared: None,
        payload: Vec::new(),
    };
    for word in rest {
        match word {
            Word::Quoted(bytes) => frame.payload.extend(bytes),
            Word::Plain(word) => frame.set(word),
            Word::Bar => {}
        }
    }
    if first == "bytes" {
        return frame.payload;
    }
    frame.first = first_byte(first);
    frame.encode()
}

fn first_byte(word: &str) -> u8 {
    let (name, fin) = word.strip_suffix("...").map_or((word, 0x80), |name| (name, 0));
    let opcode = match name {
        "cont" => 0x0,
        "text" => 0x1,
        "binary" => 0x2,
        "close" => 0x8,
        "ping" => 0x9,
        "pong" => 0xA,
        digits => return u8::from_str_radix(digits, 16).expect("an opcode or a first byte"),
    };
    fin | opcode
}

impl Frame {
    fn set(&mut self, word: &str) {
        match word.split_once('=') {
            Some(("len", len)) => self.declared = Some(len.parse().expect("a length")),
            Some(("key", key)) => {
                self.key = u32::from_str_radix(key, 16).expect("a mask key").to_be_bytes();
            }
            Some(_) => panic!("unknown word {word}"),
            None => match word {
                "masked" => self.is_masked = true,
                "unmasked" => self.is_masked = false,
                "len16" => self.len_bits = Some(16),
                "len64" => self.len_bits = Some(64),
                code => {
                    let code: u16 = code.parse().expect("a close code");
                    self.payload.extend(code.to_be_bytes());
                }
            },
        }
    }

    fn encode(self) -> Vec<u8> {
        let len = self.declared.unwrap_or(self.payload.len() as u64);
        let shortest = match len {
            0..=125 => 7,
            126..=0xFFFF => 16,
            _ => 64,
        };
        let (code, len_bytes) = match self.len_bits.unwrap_or(shortest) {
            7 => (len.to_be_bytes()[7], 8..8),
            16 => (126, 6..8),
            _ => (127, 0..8),
        };
        let mut bytes = vec![self.first, code | if self.is_masked { 0x80 } else { 0 }];
        bytes.extend(len.to_be_bytes().iter().skip(len_bytes.start).take(len_bytes.len()));
        if self.is_masked {
            bytes.extend(self.key);
            let key = self.key.iter().cycle();
            bytes.extend(self.payload.iter().zip(key).map(|(byte, key)| byte ^ key));
        } else {
            bytes.extend(self.payload);
        }
        bytes
    }
}

/// Applies one edit of a head.
fn edit(head: &mut Vec<u8>, words: &[Word]) {
    let line_end = b"\r\n";
    match words {
        [Word::Plain(same)] if same == "same" => {}
        [Word::Plain(verb), Word::Quoted(bytes)] => match verb.as_str() {
            "whole" => head.clone_from(bytes),
            "after" => head.extend(bytes),
            "line" => {
                let at = head.len() - line_end.len();
                head.splice(at..at, [bytes, &line_end[..]].concat());
            }
            "drop" => {
                let start = [&line_end[..], bytes].concat();
                let at = find(head, &start).expect("the head has the line to drop");
                let end = find(&head[at + 2..], line_end).expect("a line has an end");
                head.drain(at..at + 2 + end);
            }
            other => panic!("unknown edit {other}"),
        },
        [Word::Plain(verb), Word::Quoted(old), Word::Quoted(new)] => match verb.as_str() {
            "replace" => {
                let at = find(head, old).expect("the head has what is to be replaced");
                head.splice(at..at + old.len(), new.iter().copied());
            }
            "all" => {
                let mut from = 0;
                while let Some(at) = find(&head[from..], old) {
                    head.splice(from + at..from + at + old.len(), new.iter().copied());
                    from += at + new.len();
                }
            }
            other => panic!("unknown edit {other}"),
        },
        other => panic!("unknown edit {other:?}"),
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

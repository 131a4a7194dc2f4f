//! Whatever the bytes and wherever they are split, the validator's verdict is that of `std`, and it
//! fails at the byte at which a table of RFC 3629 §4 does.

use arbitrary::Arbitrary;
use crate::naive::text::judge;
use sansock::utf8::{InvalidUtf8, Validator, from_utf8};

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    runs: Vec<Run>,
    rest: &'a [u8],
}

/// A part of a text. Texts of such parts stay valid for long.
#[derive(Arbitrary, Debug)]
enum Run {
    Ascii(u8),
    CodePoints(char, u8),
    Byte(u8),
}

impl Case<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for run in self.runs.iter().take(8) {
            match run {
                Run::Ascii(len) => bytes.extend((0..*len).map(|i| b' ' + i % 64)),
                Run::CodePoints(one, times) => {
                    bytes.extend(one.to_string().repeat(usize::from(times % 80)).bytes());
                }
                Run::Byte(byte) => bytes.push(*byte),
            }
        }
        bytes.extend_from_slice(self.rest);
        bytes
    }
}

fn validate<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<bool, usize> {
    let (mut validator, mut before) = (Validator::new(), 0);
    for piece in pieces {
        validator.push(piece).map_err(|InvalidUtf8 { offset: at }| before + at)?;
        before += piece.len();
    }
    Ok(validator.is_complete())
}

pub fn run(input: Case<'_>) {
    let bytes = input.to_bytes();
    let verdict = judge(&bytes);
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            assert_eq!(verdict, Ok(true));
            assert_eq!(from_utf8(&bytes), Ok(text));
        }
        Err(error) => {
            assert_eq!(verdict.is_ok(), error.error_len().is_none(), "{error}");
            let at = verdict.err().unwrap_or(bytes.len() - 1);
            assert!((error.valid_up_to()..error.valid_up_to() + 4).contains(&at));
            assert_eq!(from_utf8(&bytes), Err(InvalidUtf8 { offset: at }));
        }
    }
    assert_eq!(validate(bytes.chunks(1)), verdict);
    for at in 0..=bytes.len() {
        let (left, right) = bytes.split_at(at);
        assert_eq!(validate([left, right]), verdict, "split at {at}");
        assert_eq!(
            validate([left, &[], &right[..right.len() / 2], &right[right.len() / 2..]]),
            verdict
        );
    }
}

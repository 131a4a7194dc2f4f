#![no_main]

use sansock_fuzz::targets::uri;

libfuzzer_sys::fuzz_target!(|text: &str| uri::run(text));

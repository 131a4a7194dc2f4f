#![no_main]

use sansock_fuzz::targets::handshake;

libfuzzer_sys::fuzz_target!(|case: handshake::Case<'_>| handshake::run(case));

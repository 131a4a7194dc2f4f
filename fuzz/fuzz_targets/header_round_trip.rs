#![no_main]

use sansock_fuzz::targets::header_round_trip;

libfuzzer_sys::fuzz_target!(|case: header_round_trip::Case| header_round_trip::run(case));

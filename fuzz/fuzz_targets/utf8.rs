#![no_main]

use sansock_fuzz::targets::utf8;

libfuzzer_sys::fuzz_target!(|case: utf8::Case<'_>| utf8::run(case));

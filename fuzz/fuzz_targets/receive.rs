#![no_main]

use sansock_fuzz::targets::receive;

libfuzzer_sys::fuzz_target!(|case: receive::Case<'_>| receive::run(case));

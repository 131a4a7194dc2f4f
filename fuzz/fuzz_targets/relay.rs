#![no_main]

use sansock_fuzz::targets::relay;

libfuzzer_sys::fuzz_target!(|case: relay::Case<'_>| relay::run(case));

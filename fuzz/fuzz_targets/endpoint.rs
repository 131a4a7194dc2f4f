#![no_main]

use sansock_fuzz::targets::endpoint;

libfuzzer_sys::fuzz_target!(|case: endpoint::Case<'_>| endpoint::run(case));

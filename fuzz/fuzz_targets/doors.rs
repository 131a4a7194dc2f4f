#![no_main]

use sansock_fuzz::targets::doors;

libfuzzer_sys::fuzz_target!(|case: &[u8]| doors::run(case));

#![no_main]

use sansock_fuzz::targets::sending;

libfuzzer_sys::fuzz_target!(|case: sending::Case| sending::run(case));

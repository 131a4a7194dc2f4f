#![no_main]

use sansock_fuzz::targets::mask;

libfuzzer_sys::fuzz_target!(|case: mask::Case<'_>| mask::run(case));

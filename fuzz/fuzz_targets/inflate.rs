#![no_main]

use sansock_fuzz::targets::inflate;

libfuzzer_sys::fuzz_target!(|case: inflate::Case<'_>| inflate::run(case));

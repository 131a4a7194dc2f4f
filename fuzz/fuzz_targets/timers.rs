#![no_main]

use sansock_fuzz::targets::timers;

libfuzzer_sys::fuzz_target!(|case: timers::Case<'_>| timers::run(case));

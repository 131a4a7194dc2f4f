#![no_main]

use sansock_fuzz::targets::negotiation;

libfuzzer_sys::fuzz_target!(|case: negotiation::Case<'_>| negotiation::run(case));

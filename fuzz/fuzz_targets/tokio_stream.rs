#![no_main]

use sansock_fuzz::targets::tokio_stream;

libfuzzer_sys::fuzz_target!(|case: tokio_stream::Case<'_>| tokio_stream::run(case));

//! A plan given to `net apply`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sadpctl::fuzzing::plan(bytes));

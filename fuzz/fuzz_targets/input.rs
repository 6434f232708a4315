//! Any file given to `decode`: captures, XML, hex.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sadpctl::fuzzing::input(bytes));

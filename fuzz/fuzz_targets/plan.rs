//! A plan given to `net apply`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_ops::network::plan_file;

fuzz_target!(|bytes: &[u8]| drop(plan_file::read(bytes)));

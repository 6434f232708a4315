//! Any file given to `decode`: captures, XML, hex.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_discovery::messages::MessageFile;

fuzz_target!(|bytes: &[u8]| drop(MessageFile::from_reader(bytes, None)));

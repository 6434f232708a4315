//! A site file given to `sim run`, built small.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sadp_sim::Site;

fuzz_target!(|text: &str| {
    let Ok(site) = Site::parse(text) else {
        return;
    };
    let network = "10.0.0.1/24".parse();
    let _ = network.map(|network| site.build(network));
});

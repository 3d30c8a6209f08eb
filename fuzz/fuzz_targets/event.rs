//! Whatever the ring holds, decoding ends in an event or an error; what decodes has known codes
//! mapped to the same codes again.

#![no_main]

use abi::EventKind;
use libfuzzer_sys::fuzz_target;
use model::Builtin;

fuzz_target!(|record: &[u8]| {
    match datapath::decode_event(record) {
        Ok(event) => {
            assert_eq!(record.len(), size_of::<abi::Event>());
            if let Some(kind) = EventKind::from_code(event.kind) {
                assert_eq!(kind as u8, event.kind);
            }
            if let Some(builtin) = Builtin::from_code(event.reason) {
                assert_eq!(builtin.code(), event.reason);
            }
        }
        Err(_) => assert_ne!(record.len(), size_of::<abi::Event>()),
    }
});

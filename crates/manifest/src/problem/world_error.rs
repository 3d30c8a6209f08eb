//! What is wrong between objects that are right by themselves.
//!
//! They are found last, when every object has been read.

use super::macros::errors;

errors! {
    /// Objects that contradict each other.
    WorldError {
        /// Two different objects of one kind, namespace and name.
        TwoObjects { object: String } = "object-twice",
            "{object} is there twice, and the two differ", Some("remove one of them".to_owned());
        /// Two pods come out with one name.
        TwoPods { pod: String } = "pod-twice",
            "pod {pod} is there twice", None;
        /// Two ends have one address.
        SharedAddress { address: String, first: String, second: String } = "address-twice",
            "address {address} belongs to {first} and to {second}", None;
        /// A pod has two addresses of one family.
        TwoOfAFamily { pod: String } = "family-twice",
            "pod {pod} has two addresses of one family", None;
    }
}

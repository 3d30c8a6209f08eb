//! What does not do what it says: errors.
//!
//! Each of these is certain from the input alone, so none of them is a matter of taste.

use super::lint;
use crate::checks::{cidr, name, port, port_name, selector};
use crate::lint::{Check, Lint};

pub(super) static ROWS: &[Lint] = &[
    lint!("RF001", "host-bits", Error,
        why: "A block with host bits is read as its whole network, which is not what is written.",
        fix: "Write the network's first address; --fix does it.",
        elsewhere: [], needs: [], check: Check::Facts(cidr::host_bits)),
    lint!("RF002", "deny-that-allows", Error,
        why: "A policy with the name of a deny and a rule for everybody opens what people believe to be closed.",
        fix: "Write an empty list of rules to deny, or give the policy a name that says what it allows.",
        elsewhere: [], needs: [], check: Check::Facts(name::deny_that_allows)),
    lint!("RF003", "every-namespace", Error,
        why: "`namespaceSelector: {}` is every namespace, whatever the policy's name promises.",
        fix: "Select the namespace by its label kubernetes.io/metadata.name.",
        elsewhere: [], needs: [], check: Check::Facts(name::every_namespace)),
    lint!("RF004", "selector-typo", Error,
        why: "A selector that misses by a letter selects nothing, and the policy protects nobody.",
        fix: "Write the label as the pods have it.",
        elsewhere: [], needs: [Pods], check: Check::Facts(selector::typo)),
    lint!("RF005", "unknown-port-name", Error,
        why: "A port name that no selected pod has matches nothing, so the rule allows nothing.",
        fix: "Write a name that the containers declare, or the number.",
        elsewhere: [], needs: [Pods], check: Check::Facts(port_name::unknown)),
    lint!("RF006", "service-port", Error,
        why: "Policy is judged on the pod's port after a Service was translated, so the Service's port matches nothing.",
        fix: "Write the port on which the pods listen.",
        elsewhere: [], needs: [Pods, Services], check: Check::Facts(port::service_port)),
    lint!("RF007", "service-address", Error,
        why: "A Service's address is replaced by a backend's before policy sees it, so a block with it matches nothing.",
        fix: "Select the backends by their labels.",
        elsewhere: [], needs: [Services], check: Check::Facts(cidr::service_address)),
    lint!("RF008", "object-twice", Error,
        why: "Of two different objects with one name the cluster keeps the one that is applied last.",
        fix: "Remove one of them, or give it another name.",
        elsewhere: [], needs: [], check: Check::Reading("object-twice")),
];

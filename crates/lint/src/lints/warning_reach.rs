//! What all policies of a pod together leave open or shut: warnings.
//!
//! They judge the effective policy, never one object, and report once for a namespace.

use super::lint;
use crate::checks::{backend, isolation, open};
use crate::lint::{Check, Lint};

pub(super) static ROWS: &[Lint] = &[
    lint!("RF020", "metadata-service", Warning,
        why: "A cloud's metadata service gives a node's credentials to whoever may ask it.",
        fix: "Except 169.254.0.0/16 from the block, or deny 169.254.169.254/32 to everybody in the Admin tier.",
        elsewhere: [], needs: [Pods], check: Check::Facts(open::metadata)),
    lint!("RF021", "no-default-deny", Warning,
        why: "Without a default deny a new pod is open to the whole cluster until somebody thinks of it.",
        fix: "Add a NetworkPolicy with an empty podSelector and policyTypes, or a Baseline Deny for all namespaces.",
        elsewhere: [(Cis, "5.3.2"), (NsaCisa, "Network separation and hardening"), (Kubescape, "C-0206"),
            (Kubescape, "C-0054"), (Kyverno, "add-networkpolicy")],
        needs: [Pods], check: Check::Facts(isolation::no_default_deny)),
    lint!("RF022", "unprotected-workload", Warning,
        why: "A workload that no policy speaks for can be reached by everybody and can reach everybody.",
        fix: "Select it by a policy, or say on its Namespace why it is open.",
        elsewhere: [(NsaCisa, "Network separation and hardening"), (Kubescape, "C-0260"), (Kubescape, "C-0030"),
            (KubeLinter, "non-isolated-pod"), (Checkov, "CKV2_K8S_6"), (Polaris, "missingNetworkPolicy"),
            (KubeScore, "pod-networkpolicy"), (Kyverno, "require-network-policy")],
        needs: [Pods], check: Check::Facts(isolation::unprotected)),
    lint!("RF023", "backend-blocked", Warning,
        why: "A door to the outside whose backends let nobody in answers with time-outs.",
        fix: "Allow the ingress controller or the outside on the backend's port, or remove the door.",
        elsewhere: [], needs: [Pods, Services], check: Check::Facts(backend::blocked)),
    lint!("RF024", "source-range-shut", Warning,
        why: "A load balancer that lets a network in and a policy that does not contradict each other.",
        fix: "Write the same networks in both.",
        elsewhere: [], needs: [Pods, Services], check: Check::Facts(backend::source_ranges)),
];

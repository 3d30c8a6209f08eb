// The last version of network-policy-api that has AdminNetworkPolicy and BaselineAdminNetworkPolicy; their definitions
// are read from it, and nothing of it is compiled.
module ringfence.io/cluster/admin

go 1.26.0

require sigs.k8s.io/network-policy-api v0.1.7

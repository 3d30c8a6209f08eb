//! Makes manifests real as network namespaces and probes them.

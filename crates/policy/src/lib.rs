//! The oracle: decides one flow the way the specifications read.

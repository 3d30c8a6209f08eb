//! Turns paths and standard input into documents.

//! A report for people and for machines: matrix, table, JSON and JUnit.
//!
//! All of them end with or contain the same counts, and none looks at anything but the report.

mod json;
mod junit;
mod matrix;
mod number;
mod status;
mod table;
#[cfg(test)]
mod tests;

pub use json::json;
pub use junit::{JunitError, junit};
pub use matrix::{Colour, matrix};
pub use status::{status, status_json};
pub use table::table;

//! What the pages under docs/ show is what the commands print, and layouts stay as they are.
//!
//! `TRYCMD=overwrite cargo test -p ringfence --test pages` writes the outputs anew; read the
//! difference before it is kept.

use std::path::Path;

#[test]
fn pages_show_what_commands_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Pages are read from the top of the project, so their commands are meant there.
    #[expect(clippy::unwrap_used, reason = "a test may crash")]
    std::env::set_current_dir(root).unwrap();
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .case("docs/*.md")
        .case("docs/commands/*.md")
        .case("bins/ringfence/tests/layout/*.md");
}

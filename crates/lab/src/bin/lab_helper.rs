//! The helper process by itself, for tests whose own executable is not `ringfence`.
//!
//! A pod needs a process that is small and does nothing but listen and send.

fn main() -> std::io::Result<()> {
    lab::helper::main()
}

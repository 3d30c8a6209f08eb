//! The helper process by itself, for tests whose own executable is not `ringfence`.

fn main() -> std::io::Result<()> {
    lab::helper::main()
}

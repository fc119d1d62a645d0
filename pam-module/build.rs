//! How the module is linked.

fn main() {
    // Once loaded it stays: a host that logs in again and again saves half of each login's time,
    // and nothing of ours, such as the panic hook, can outlive the code it points to.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}

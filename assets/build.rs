//! The prebuilt texture encoder kernels refer to the C++ runtime, but their crate does not ask for it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    match target.as_str() {
        "linux" | "android" => println!("cargo:rustc-link-lib=stdc++"),
        "macos" | "ios" => println!("cargo:rustc-link-lib=c++"),
        _ => {}
    }
}

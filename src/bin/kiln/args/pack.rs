//! `kiln pack`

use super::OutputArgs;
use bevy_kiln::assets::format::pak::PakOptions;
use clap::Args;
use std::path::PathBuf;

/// `kiln pack`
#[derive(Debug, Args)]
pub struct PackArgs {
    /// The container
    #[arg(value_name = "DIR")]
    pub root: PathBuf,
    /// The PAK file to write; it replaces one that is there
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Identity of the file, 32 hexadecimal digits, instead of one that is derived from its content
    #[arg(long, value_name = "HEX", value_parser = guid)]
    pub guid: Option<[u8; 16]>,
    /// Version of the content, instead of that of the container
    #[arg(long, value_name = "N")]
    pub content_version: Option<u16>,
    #[command(flatten)]
    pub out: OutputArgs,
}

impl PackArgs {
    /// What the user chose.
    pub fn options(&self) -> PakOptions {
        PakOptions {
            guid: self.guid,
            content_version: self.content_version,
        }
    }
}

/// 32 hexadecimal digits, with or without hyphens, not all zero.
fn guid(text: &str) -> Result<[u8; 16], String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_hex
        .then(|| u128::from_str_radix(&digits, 16).ok())
        .flatten();
    match number {
        None => Err("expected 32 hexadecimal digits".to_owned()),
        Some(0) => Err("must not be all zero".to_owned()),
        Some(number) => Ok(number.to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities() {
        let expected: [u8; 16] = std::array::from_fn(|i| 0x10 + i as u8);
        assert_eq!(guid("101112131415161718191a1b1c1d1e1f"), Ok(expected));
        assert_eq!(guid("10111213-1415-1617-1819-1A1B1C1D1E1F"), Ok(expected));
        for bad in [
            "",
            "1",
            "+0111213141516171819 1a1b1c1d1e1f",
            &"0".repeat(32),
            &"g".repeat(32),
        ] {
            assert!(guid(bad).is_err(), "{bad}");
        }
    }
}

//! Which format an image is in, and what its header promises.

use super::{ImageError, ImageFormat, ImageInfo, ImageLimits, bmp, exr, jpeg, png, radiance, tga};

/// Reads the header of an image.
///
/// `prefix` is the whole file or its beginning; 64 KiB are enough unless a photo carries a large
/// thumbnail or colour profile before its dimensions. No pixel is decoded and nothing is allocated.
/// `name_hint` only appears in messages.
///
/// # Errors
/// [`ImageError::NeedMoreBytes`] when the header continues beyond `prefix`: try again with twice as
/// much, or at least what the error asks for; if there is no more, the file is truncated. [`ImageError::TooLarge`] when the image exceeds
/// `limits`. Otherwise the reason why it is no readable image.
pub fn probe(
    prefix: &[u8],
    name_hint: &str,
    limits: &ImageLimits,
) -> Result<ImageInfo, ImageError> {
    let info = match sniff(prefix, name_hint)? {
        ImageFormat::Png => png::probe(prefix),
        ImageFormat::Jpeg => jpeg::probe(prefix).map(|header| header.info),
        ImageFormat::Tga => tga::probe(prefix),
        ImageFormat::Bmp => bmp::probe(prefix),
        ImageFormat::Hdr => radiance::probe(prefix),
        ImageFormat::Exr => exr::probe(prefix).map(|header| header.info),
    }?;
    limits.check(&info)?;
    Ok(info)
}

/// Signatures of the formats that have one, and of some that are refused by name.
const SIGNATURES: &[(&[u8], Result<ImageFormat, &str>)] = &[
    (&png::SIGNATURE, Ok(ImageFormat::Png)),
    (&[0xFF, 0xD8, 0xFF], Ok(ImageFormat::Jpeg)),
    (&exr::SIGNATURE, Ok(ImageFormat::Exr)),
    (b"#?RADIANCE", Ok(ImageFormat::Hdr)),
    (b"#?RGBE", Ok(ImageFormat::Hdr)),
    (b"GIF87a", Err("GIF")),
    (b"GIF89a", Err("GIF")),
    (b"8BPS", Err("Photoshop")),
    (b"DDS ", Err("DDS")),
    (b"II*\0", Err("TIFF")),
    (b"MM\0*", Err("TIFF")),
    (b"\xABKTX 20\xBB", Err("KTX2")),
    (b"\xABKTX 11\xBB", Err("KTX")),
    (b"qoif", Err("QOI")),
];

/// Finds the format by the content.
pub(super) fn sniff(prefix: &[u8], name_hint: &str) -> Result<ImageFormat, ImageError> {
    if prefix.is_empty() {
        return Err(ImageError::Empty);
    }
    for (signature, format) in SIGNATURES {
        if prefix.starts_with(signature) {
            return format.map_err(|format| unsupported(format, name_hint));
        }
    }
    if prefix.starts_with(b"RIFF") && prefix.get(8..12) == Some(b"WEBP") {
        return Err(unsupported("WebP", name_hint));
    }
    if bmp::looks_like(prefix) {
        return Ok(ImageFormat::Bmp);
    }
    // TGA has no signature: only a header that makes sense in every field passes.
    if tga::looks_like(prefix) {
        return Ok(ImageFormat::Tga);
    }
    let longest_match = SIGNATURES
        .iter()
        .filter(|(signature, _)| signature.starts_with(prefix))
        .map(|(signature, _)| signature.len())
        .max();
    if let Some(len) = longest_match {
        return Err(ImageError::NeedMoreBytes {
            at_least: len as u64,
        });
    }
    if prefix.len() < tga::HEADER_BYTES && tga::may_become(prefix) {
        return Err(ImageError::NeedMoreBytes {
            at_least: tga::HEADER_BYTES as u64,
        });
    }
    Err(ImageError::UnknownFormat {
        head: readable(&prefix[..prefix.len().min(12)]),
    })
}

fn unsupported(format: &'static str, name_hint: &str) -> ImageError {
    ImageError::Unsupported {
        format,
        feature: format!("any content (`{name_hint}`)"),
    }
}

/// Bytes as a person can read them: text as text, anything else as hexadecimal numbers.
fn readable(bytes: &[u8]) -> String {
    if bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        format!("`{}`", String::from_utf8_lossy(bytes))
    } else {
        let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        hex.join(" ")
    }
}

/// `len` bytes at `offset` of a header, or the wish for more.
pub(super) fn field(bytes: &[u8], offset: usize, len: usize) -> Result<&[u8], ImageError> {
    let end = offset.saturating_add(len);
    bytes.get(offset..end).ok_or(ImageError::NeedMoreBytes {
        at_least: end as u64,
    })
}

/// Like [`field`], as an array.
pub(super) fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], ImageError> {
    let mut out = [0; N];
    out.copy_from_slice(field(bytes, offset, N)?);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(bytes: &[u8]) -> Result<ImageFormat, ImageError> {
        sniff(bytes, "name.png")
    }

    #[test]
    fn signatures_decide() {
        assert_eq!(sniffed(&png::SIGNATURE), Ok(ImageFormat::Png));
        assert_eq!(sniffed(&[0xFF, 0xD8, 0xFF, 0xE0]), Ok(ImageFormat::Jpeg));
        assert_eq!(sniffed(&[0x76, 0x2F, 0x31, 0x01, 2]), Ok(ImageFormat::Exr));
        assert_eq!(sniffed(b"#?RADIANCE\n"), Ok(ImageFormat::Hdr));
        assert_eq!(sniffed(b"#?RGBE\n"), Ok(ImageFormat::Hdr));
        assert_eq!(sniffed(b""), Err(ImageError::Empty));
        assert!(matches!(
            sniffed(b"GIF89a...."),
            Err(ImageError::Unsupported { format: "GIF", .. })
        ));
        assert!(matches!(
            sniffed(b"RIFF\x10\0\0\0WEBPVP8 "),
            Err(ImageError::Unsupported { format: "WebP", .. })
        ));
    }

    #[test]
    fn text_is_no_image_whatever_its_name() {
        let error = sniffed(b"this is not a png\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the content is of no known image format; it begins with `this is not `"
        );
        assert!(matches!(
            sniffed(b"BMW is not a bitmap, it is a car"),
            Err(ImageError::UnknownFormat { .. })
        ));
    }

    #[test]
    fn a_beginning_of_a_signature_asks_for_the_rest() {
        assert_eq!(
            sniffed(b"\x89PN"),
            Err(ImageError::NeedMoreBytes { at_least: 8 })
        );
        assert_eq!(
            sniffed(b"#?"),
            Err(ImageError::NeedMoreBytes { at_least: 10 })
        );
        assert_eq!(
            sniffed(b"\0\0\x02"),
            Err(ImageError::NeedMoreBytes { at_least: 18 })
        );
    }
}

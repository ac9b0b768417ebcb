//! Which format an image is in, and what its header promises.

use super::{
    ImageError, ImageFormat, ImageInfo, ImageLimits, bmp, exr, gif, jpeg, png, pnm, psd, qoi,
    radiance, tga, tiff, webp,
};
use crate::source::texture;

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
        ImageFormat::Gif => gif::probe(prefix),
        ImageFormat::WebP => webp::probe(prefix).map(|header| header.info),
        ImageFormat::Qoi => qoi::probe(prefix),
        ImageFormat::Tiff => tiff::probe(prefix).map(|header| header.info),
        ImageFormat::Pnm => pnm::probe(prefix),
        ImageFormat::Psd => psd::probe(prefix).map(|header| header.info),
        ImageFormat::Dds | ImageFormat::Ktx2 => texture::probe(prefix, limits)?
            .map(|stored| stored.image_info())
            .ok_or(ImageError::Empty),
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
    (b"GIF87a", Ok(ImageFormat::Gif)),
    (b"GIF89a", Ok(ImageFormat::Gif)),
    (&psd::SIGNATURE, Ok(ImageFormat::Psd)),
    (&texture::DDS_SIGNATURE, Ok(ImageFormat::Dds)),
    (&texture::KTX2_SIGNATURE, Ok(ImageFormat::Ktx2)),
    (&qoi::SIGNATURE, Ok(ImageFormat::Qoi)),
    (b"II*\0", Ok(ImageFormat::Tiff)),
    (b"MM\0*", Ok(ImageFormat::Tiff)),
    (b"II+\0", Ok(ImageFormat::Tiff)),
    (b"MM\0+", Ok(ImageFormat::Tiff)),
    (b"\x53\x80\xF6\x34", Err("Softimage PIC")),
    (b"\xABKTX 11\xBB", Err("KTX")),
    (b"\0\0\0\x0CjP  \r\n\x87\n", Err("JPEG 2000")),
    (b"\xFF\x4F\xFF\x51", Err("JPEG 2000")),
    (b"\xFF\x0A", Err("JPEG XL")),
    (b"\0\0\0\x0CJXL \r\n\x87\n", Err("JPEG XL")),
    (b"gimp xcf ", Err("GIMP")),
    (b"\x13\xAB\xA1\x5C", Err("ASTC")),
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
    if webp::looks_like(prefix) {
        return Ok(ImageFormat::WebP);
    }
    if prefix.starts_with(b"RIFF") && prefix.len() < 12 {
        return Err(ImageError::NeedMoreBytes { at_least: 12 });
    }
    if prefix.get(4..8) == Some(b"ftyp")
        && matches!(
            prefix.get(8..12),
            Some(b"avif" | b"avis" | b"heic" | b"mif1")
        )
    {
        return Err(unsupported("AVIF or HEIF", name_hint));
    }
    if pnm::looks_like(prefix) {
        return Ok(ImageFormat::Pnm);
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
    if pnm::may_become(prefix) || b"RIFF".starts_with(prefix) {
        return Err(ImageError::NeedMoreBytes {
            at_least: prefix.len() as u64 + 1,
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

/// Whether bytes begin like an image, also like one of a format that is known and not read. TGA has no
/// signature, so it is not among them.
pub fn is_image(head: &[u8]) -> bool {
    SIGNATURES
        .iter()
        .any(|(signature, _)| head.starts_with(signature))
        || webp::looks_like(head)
        || pnm::looks_like(head)
        || bmp::looks_like(head)
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
pub(in crate::source) fn field(
    bytes: &[u8],
    offset: usize,
    len: usize,
) -> Result<&[u8], ImageError> {
    let end = offset.saturating_add(len);
    bytes.get(offset..end).ok_or(ImageError::NeedMoreBytes {
        at_least: end as u64,
    })
}

/// Like [`field`], as an array.
pub(in crate::source) fn array<const N: usize>(
    bytes: &[u8],
    offset: usize,
) -> Result<[u8; N], ImageError> {
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
        assert_eq!(sniffed(b"GIF89a...."), Ok(ImageFormat::Gif));
        assert_eq!(sniffed(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(ImageFormat::WebP));
        assert_eq!(sniffed(b"qoif"), Ok(ImageFormat::Qoi));
        assert_eq!(sniffed(b"8BPS"), Ok(ImageFormat::Psd));
        assert_eq!(sniffed(b"DDS |"), Ok(ImageFormat::Dds));
        assert_eq!(sniffed(b"\xABKTX 20\xBB\r\n\x1A\n"), Ok(ImageFormat::Ktx2));
        for tiff in [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"] {
            assert_eq!(sniffed(tiff), Ok(ImageFormat::Tiff));
        }
        assert_eq!(sniffed(b"P6\n1 1"), Ok(ImageFormat::Pnm));
        assert_eq!(sniffed(b"P7#"), Ok(ImageFormat::Pnm));
        assert!(matches!(
            sniffed(b"P8\n1 1 and so on"),
            Err(ImageError::UnknownFormat { .. })
        ));
    }

    #[test]
    fn formats_that_are_not_read_are_named() {
        for (bytes, name) in [
            (&b"\x53\x80\xF6\x34\0\0\0\0"[..], "Softimage PIC"),
            (b"\xABKTX 11\xBB\r\n\x1A\n", "KTX"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF or HEIF"),
            (b"\xFF\x0A\0\0", "JPEG XL"),
        ] {
            assert!(is_image(bytes) || name == "AVIF or HEIF");
            match sniffed(bytes) {
                Err(ImageError::Unsupported { format, .. }) => assert_eq!(format, name),
                other => panic!("{name}: {other:?}"),
            }
        }
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

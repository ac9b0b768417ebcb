//! Fields of what is stored: bytes and texts with their lengths, diagnostics.

use crate::{
    diagnostic::{Code, Diagnostic, Severity, codes},
    format::bytes::{ByteReader, ByteWriter},
};

/// Appends bytes with their length. `None` when the length has no room.
pub fn put(out: &mut ByteWriter, bytes: &[u8]) -> Option<()> {
    out.u32(u32::try_from(bytes.len()).ok()?).bytes(bytes);
    Some(())
}

/// Reads bytes with their length. `None` at the end, as for all readers here.
pub fn take<'a>(reader: &mut ByteReader<'a>) -> Option<&'a [u8]> {
    let length = reader.u32().ok()?;
    reader.take(length as usize).ok()
}

/// Reads a text with its length.
pub fn take_text<'a>(reader: &mut ByteReader<'a>) -> Option<&'a str> {
    std::str::from_utf8(take(reader)?).ok()
}

/// Appends a text that may be missing. `None` when it is too long.
pub fn put_optional(out: &mut ByteWriter, text: Option<&str>) -> Option<()> {
    out.u8(u8::from(text.is_some()));
    match text {
        Some(text) => put(out, text.as_bytes()),
        None => Some(()),
    }
}

/// Reads a text that may be missing.
pub fn take_optional<'a>(reader: &mut ByteReader<'a>) -> Option<Option<&'a str>> {
    match reader.u8().ok()? {
        0 => Some(None),
        1 => Some(Some(take_text(reader)?)),
        _ => None,
    }
}

/// Appends a diagnostic. `None` when a text of it is too long.
pub fn put_diagnostic(out: &mut ByteWriter, diagnostic: &Diagnostic) -> Option<()> {
    out.u8(diagnostic.severity as u8);
    put(out, diagnostic.code.id().as_bytes())?;
    put(out, diagnostic.message.as_bytes())?;
    put_optional(out, diagnostic.source.as_deref())?;
    put_optional(out, diagnostic.object.as_deref())
}

/// Reads a diagnostic, whose code must be known.
pub fn take_diagnostic(reader: &mut ByteReader<'_>) -> Option<Diagnostic> {
    let severity = match reader.u8().ok()? {
        0 => Severity::Info,
        1 => Severity::Warning,
        2 => Severity::Error,
        _ => return None,
    };
    let code: Code = codes::find(take_text(reader)?)?;
    Some(Diagnostic {
        severity,
        code,
        message: take_text(reader)?.to_owned(),
        source: take_optional(reader)?.map(str::to_owned),
        object: take_optional(reader)?.map(str::to_owned),
    })
}
